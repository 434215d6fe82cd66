//! Runs other programs, with messages for people.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

/// A value, or a sentence about what failed and how to fix it.
pub type Result<T = ()> = std::result::Result<T, String>;

/// The project's folder.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask lies in the project").to_owned()
}

/// Prints what happens next, and how long the step before took.
pub fn step(what: &str) {
    end_step();
    eprintln!("→ {what}");
    *STEP_BEGUN.lock().expect("no panic") = Some(Instant::now());
}

/// Prints how long the last step took, if there is one.
pub fn end_step() {
    if let Some(begun) = STEP_BEGUN.lock().expect("no panic").take() {
        let seconds = begun.elapsed().as_secs();
        eprintln!("  took {} min {:02} s", seconds / 60, seconds % 60);
    }
}

static STEP_BEGUN: Mutex<Option<Instant>> = Mutex::new(None);

/// A command in the project's folder, with the project's own tools before the system's on the PATH.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut paths = vec![root().join("target/tools/bin"), root().join("node_modules/.bin")];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(paths).expect("no folder on the PATH has a separator in its name");
    // The program itself is looked up on that PATH, too.
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|p| p.is_file());
    let mut command = Command::new(found.unwrap_or_else(|| program.into()));
    command.args(arguments).current_dir(root()).env("PATH", path);
    command
}

/// Runs a command; `remedy` says what to do if it fails.
pub fn run(command: &mut Command, remedy: &str) -> Result {
    let line = command_line(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` failed ({status}). {remedy}")),
        Err(error) => Err(format!("`{line}` could not be started ({error}). {remedy}")),
    }
}

/// The output of a command, or `None` if it is missing or fails.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program, arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
