//! Builds the Python package, and tests it as it would be installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Result, command, output, root, run, step};
use crate::tools;

const MATURIN: &str = "maturin==1.16.0";
const FOLDER: &str = "target/wheel";
const REMEDY: &str = "The lines above say why.";

/// The longest that `import sottovoce` may take. It takes a few milliseconds.
const IMPORT_BUDGET_S: f64 = 0.2;

/// Makes the wheel in target/wheel and tests it.
pub fn wheel() -> Result {
    let wheel = build(RELEASE)?;
    let python = test_wheel(&wheel, RELEASE)?;
    measure(&wheel, &python)
}

/// Tests the package, of the crates that the native tests are built of.
pub fn test() -> Result {
    let development = Profile { name: "dev", folder: "debug" };
    test_wheel(&build(development)?, development).map(drop)
}

/// A profile of cargo, and the folder that it builds into.
#[derive(Clone, Copy)]
pub struct Profile {
    name: &'static str,
    folder: &'static str,
}

pub const RELEASE: Profile = Profile { name: "release", folder: "release" };

/// Tests a wheel in a virtual environment of its own, and returns that one's Python.
fn test_wheel(wheel: &Path, profile: Profile) -> Result<String> {
    let environment = root().join(FOLDER).join("environment");
    // Nothing of an earlier wheel may help this one.
    remove(&environment)?;
    step("Installing the wheel into a new virtual environment");
    let requirements = root().join("python/tests/requirements.txt");
    let packages = [wheel, Path::new("-r"), &requirements];
    let python = tools::virtual_environment(&environment, &packages)?;
    let program = command_line(profile)?;
    let tool = |arguments: &[&str]| command(&python, arguments);
    step("Tests of the package");
    run(tool(&["-m", "pytest", "-q", "python/tests"]).env("SOTTOVOCE_CLI", program), REMEDY)?;
    step("Types of the package");
    run(&mut tool(&["-m", "mypy", "--strict", "python/tests"]), "Fix what mypy reports.")?;
    run(&mut tool(&["-m", "mypy.stubtest", "sottovoce._engine"]), "Correct python/sottovoce/_engine.pyi.")?;
    Ok(python)
}

/// Builds the command line, which the package is compared with, and returns its path.
pub fn command_line(profile: Profile) -> Result<PathBuf> {
    step("Building the command line");
    let arguments = ["build", "--profile", profile.name, "--bin", "sottovoce", "--quiet"];
    run(&mut command("cargo", &arguments), REMEDY)?;
    Ok(target().join(profile.folder).join("sottovoce"))
}

/// Builds the wheel and returns its path.
pub fn build(profile: Profile) -> Result<PathBuf> {
    let folder = root().join(FOLDER);
    let tools = tools::virtual_environment(&folder.join("tools"), &[Path::new(MATURIN)])?;
    step("Building the wheel; the first time takes some minutes");
    let built = folder.join(if profile.name == RELEASE.name { "built" } else { profile.name });
    remove(&built)?;
    let out = built.display().to_string();
    let maturin = [
        "-m",
        "maturin",
        "build",
        "--profile",
        profile.name,
        "--locked",
        "--quiet",
        "--interpreter",
        &tools,
        "--out",
        &out,
    ];
    run(command(&tools, &maturin).current_dir(root().join("python")), REMEDY)?;
    let mut wheels = fs::read_dir(&built).into_iter().flatten().flatten().map(|entry| entry.path());
    wheels.next().ok_or_else(|| format!("There is no wheel in {out}. {REMEDY}"))
}

/// Prints the wheel's size and how long importing takes.
fn measure(wheel: &Path, python: &str) -> Result {
    step("Size and time");
    let bytes = fs::metadata(wheel).map_err(|error| format!("{}: {error}", wheel.display()))?.len();
    eprintln!("{}: {bytes} bytes", wheel.display());
    let program =
        "import time; start = time.perf_counter(); import sottovoce; print(time.perf_counter() - start)";
    let mut seconds: Vec<f64> =
        (0..9).filter_map(|_| output(python, &["-c", program])?.parse().ok()).collect();
    seconds.sort_by(f64::total_cmp);
    let median = *seconds.get(seconds.len() / 2).ok_or("`import sottovoce` fails.")?;
    eprintln!("import sottovoce: {median:.3} s, the median of {}", seconds.len());
    if median > IMPORT_BUDGET_S {
        return Err(format!(
            "Importing takes more than {IMPORT_BUDGET_S} s. `python -X importtime -c 'import sottovoce'` says what."
        ));
    }
    Ok(())
}

/// Where cargo builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn remove(folder: &Path) -> Result {
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}
