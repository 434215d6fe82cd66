//! Benchmarks: native ones by criterion, and one page that runs ours and others' in the same browser.

use crate::shell::{Outcome, command, run, step};
use crate::{tools, web};

const REMEDY: &str = "The lines above say why.";

/// Native stages, then the browser with the peers beside us.
pub fn all() -> Outcome {
    tools::for_bench()?;
    step("Native stages on one thread");
    run(&mut command("cargo", &["bench", "--profile", "release", "--bench", "stages"]), REMEDY)?;
    web::build()?;
    step("In the browser, beside Meyda, Essentia.js and ONNX Runtime Web; writes docs/BENCHMARKS.md");
    run(&mut command("node", &["benches/browser/run.mjs"]), REMEDY)
}
