//! Benchmarks: native ones with criterion, and one page that runs our library and others in the same browser.

use crate::shell::{Result, command, run, step};
use crate::{tools, web};

const REMEDY: &str = "The lines above say why.";

/// The native stages, then the browser.
pub fn all() -> Result {
    tools::for_bench()?;
    step("Native stages on one thread");
    run(&mut command("cargo", &["bench", "--features", "ndarray", "--bench", "stages"]), REMEDY)?;
    web::build()?;
    step("In the browser, compared with Meyda, Essentia.js and ONNX Runtime Web; writes docs/BENCHMARKS.md");
    run(&mut command("node", &["benches/browser/run.mjs"]), REMEDY)
}
