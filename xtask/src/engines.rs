//! Runs the examples for engines on this machine.

use std::path::Path;

use crate::shell::{Result, command, root, run, step};
use crate::{tools, wheel};

const REMEDY: &str = "The lines above say why.";

/// Runs Ray Data, Spark and Daft on two thousand clips, kills workers, and compares what comes out with `sottovoce batch`.
pub fn engines() -> Result {
    tools::for_engines()?;
    let wheel = wheel::build(wheel::RELEASE)?;
    step("Installing the engines into target/engines-python");
    let requirements = root().join("examples/engines/requirements.txt");
    let packages = [wheel.as_path(), Path::new("-r"), &requirements];
    let python = tools::virtual_environment(&root().join("target/engines-python"), &packages)?;
    let program = wheel::command_line(wheel::RELEASE)?;
    step("Two thousand clips on each engine");
    run(command(&python, &["examples/engines/check.py"]).arg(program).arg("www/lesson/clips"), REMEDY)
}
