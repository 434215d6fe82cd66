//! Benchmarks: native ones with criterion and of other libraries, and one page that runs our library and others in the same browser.

use crate::shell::{Result, command, run, step};
use crate::{tools, web, wheel};

const REMEDY: &str = "The lines above say why.";

/// The native stages, other libraries, then the browser.
pub fn all() -> Result {
    let python = tools::for_bench()?;
    step("Native stages on one thread");
    run(&mut command("cargo", &["bench", "--features", "ndarray", "--bench", "stages"]), REMEDY)?;
    let program = wheel::command_line(wheel::RELEASE)?;
    step("Other libraries on the same stages, and on the recordings of an archive");
    let arguments = ["www/lesson/clips", "target/bench", "target/bench/peers.json"];
    run(command(&python, &["benches/native/peers.py"]).arg(program).args(arguments), REMEDY)?;
    web::build()?;
    step("In the browser, compared with Meyda, Essentia.js and ONNX Runtime Web; writes docs/BENCHMARKS.md");
    run(&mut command("node", &["benches/browser/run.mjs"]), REMEDY)
}
