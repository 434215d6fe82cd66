//! Installs what the build and the tests need in addition to Rust and Node, if it is missing.
//!
//! Programs are installed in target/tools and node_modules, not in the system, so that other projects keep their versions. Only
//! browsers are installed with the system's package manager.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Result, command, output, root, run, step};

const PYTHON: &str = "Python 3 with its venv module is needed (Debian: apt-get install python3-venv), and the network the first time.";
/// Newer versions need a newer Rust than this project.
const TRUNK: &str = "0.21.14";
const CARGO_DENY: &str = "0.20.2";
const CARGO_CYCLONEDX: &str = "0.5.9";
const CARGO_FUZZ: &str = "0.13.2";
const MIN_NODE: u32 = 20;

/// Tools run for seconds, and with their own profiles would take minutes longer to build.
const QUICK_TO_BUILD: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

/// For the page's build.
pub fn for_build() -> Result {
    wasm_target()?;
    // Trunk runs offline, so that it downloads no tools of its own; crates are fetched here.
    run(
        &mut command("cargo", &["fetch", "--locked", "--quiet"]),
        "Check the network connection, then run this again.",
    )?;
    // Without features: it serves nothing here, downloads nothing, and looks for no newer version of itself.
    cargo_tool("trunk", TRUNK, &["--locked", "--no-default-features"])?;
    // Its own lock file has versions that do not build together. Without features: it talks to a local WebDriver only.
    // Optimized a little: it processes each test and engine.
    let options = ["--no-default-features", "--config", "profile.release.opt-level=1"];
    cargo_tool("wasm-bindgen-cli", &locked_version("wasm-bindgen")?, &options)?;
    npm_packages(".")
}

/// For the benchmarks: other libraries, and models in their formats. Returns the Python that has them.
pub fn for_bench() -> Result<String> {
    for_test()?;
    npm_packages("benches/browser")?;
    step("Installing Python packages into target/bench; PyTorch takes 6 GB");
    let requirements = ["benches/browser/requirements.txt", "benches/native/requirements.txt"];
    let requirements = requirements.map(|file| [Path::new("-r"), Path::new(file)]);
    let python = virtual_environment(&root().join("target/bench/venv"), &requirements.concat())?;
    if root().join("target/bench/encoders/base/encoder.json").is_file() {
        return Ok(python);
    }
    step("Making the benchmark's models in target/bench");
    run(&mut command(&python, &["benches/browser/make_models.py", "target/bench"]), PYTHON)?;
    let import =
        ["encoder", "import", "target/bench/base", "--name", "base", "--encoders", "target/bench/encoders"];
    run(
        &mut command("cargo", &[&["run", "--release", "--quiet", "--"], &import[..]].concat()),
        "The lines above say why.",
    )?;
    Ok(python)
}

/// For the tests.
pub fn for_test() -> Result {
    for_build()?;
    npm_packages("tests/frameworks")?;
    let programs = [
        ("chromium", "chromium"),
        ("chromedriver", "chromium-driver"),
        ("firefox-esr", "firefox-esr"),
        ("praat_nogui", "praat"),
    ];
    let is_missing = |(program, _): &(&str, &str)| output(program, &["--version"]).is_none();
    let mut missing: Vec<&str> =
        programs.into_iter().filter(is_missing).map(|(_, package)| package).collect();
    // Debian's Python is without the module that makes environments.
    if output("python3", &["-c", "import ensurepip, venv"]).is_none() {
        missing.push("python3-venv");
    }
    if !has_gpu() {
        missing.extend(["libvulkan1", "mesa-vulkan-drivers"]);
    }
    system_packages(&missing, "browsers, Praat, Python and a software GPU for the tests")
}

/// For the engines of examples/engines: one of them runs on Java.
pub fn for_engines() -> Result {
    let is_there = output("java", &["-version"]).is_some();
    system_packages(if is_there { &[] } else { &["default-jre-headless"] }, "Java for Spark")
}

/// Installs packages of the system.
fn system_packages(missing: &[&str], purpose: &str) -> Result {
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    step(&format!("Installing {purpose}: {names}"));
    let remedy = format!("Install them by hand (Debian: apt-get install {names}), then run this again.");
    let is_root = output("id", &["-u"]).is_some_and(|id| id == "0");
    let apt = |arguments: &[&str]| {
        let mut words: Vec<&str> = if is_root { vec![] } else { vec!["sudo"] };
        words.push("apt-get");
        words.extend_from_slice(arguments);
        run(command(words[0], &words[1..]).env("DEBIAN_FRONTEND", "noninteractive"), &remedy)
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], missing].concat())
}

/// Whether there is a GPU, be it software: on Linux, a Vulkan driver.
fn has_gpu() -> bool {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let has_files = |folder: &&str| fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    !cfg!(target_os = "linux") || folders.iter().any(has_files)
}

/// For the check of licences and origins.
pub fn cargo_deny() -> Result {
    cargo_tool("cargo-deny", CARGO_DENY, &["--locked"])
}

/// For the list of packages.
pub fn cargo_cyclonedx() -> Result {
    cargo_tool("cargo-cyclonedx", CARGO_CYCLONEDX, &["--locked"])
}

/// For the fuzzing targets, which need a C++ compiler, too.
pub fn cargo_fuzz() -> Result {
    cargo_tool("cargo-fuzz", CARGO_FUZZ, &["--locked"])
}

fn wasm_target() -> Result {
    const TARGET: &str = "wasm32-unknown-unknown";
    let Some(installed) = output("rustup", &["target", "list", "--installed"]) else {
        return Err("rustup is missing. Install it as rust-lang.org says, then run this again.".to_owned());
    };
    if installed.lines().any(|line| line == TARGET) {
        return Ok(());
    }
    step("Adding Rust's WebAssembly target");
    run(
        &mut command("rustup", &["target", "add", TARGET]),
        "Check the network connection, then run this again.",
    )
}

/// Installs a program from its crate, at exactly this version, into target/tools.
fn cargo_tool(name: &str, version: &str, options: &[&str]) -> Result {
    let folder = root().join("target/tools");
    let installed = fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
    if installed.contains(&format!("\"{name} {version} ")) {
        return Ok(());
    }
    step(&format!("Building {name} {version} into target/tools; this takes some minutes, once"));
    let folder = folder.display().to_string();
    let build = root().join("target/tools-build").display().to_string();
    let mut arguments =
        vec!["install", name, "--version", version, "--root", &folder, "--target-dir", &build, "--quiet"];
    arguments.extend_from_slice(options);
    run(
        command("cargo", &arguments).envs(QUICK_TO_BUILD),
        "Check the network connection and the space on the disk, then run this again.",
    )
}

/// The version of a crate in Cargo.lock, which its tool must match exactly.
pub fn locked_version(name: &str) -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock"))
        .map_err(|error| format!("Cargo.lock: {error}. Restore it with `git checkout Cargo.lock`."))?;
    let entry = format!("name = \"{name}\"\nversion = \"");
    let version = lock.split_once(&entry).and_then(|(_, rest)| rest.split('"').next());
    version
        .map(str::to_owned)
        .ok_or_else(|| format!("Cargo.lock has no {name}. Restore it with `git checkout Cargo.lock`."))
}

/// Installs Python packages into a virtual environment in `folder`, unless they are there; returns its Python.
pub fn virtual_environment(folder: &Path, packages: &[&Path]) -> Result<String> {
    let python = folder.join("bin/python3").display().to_string();
    // Without its packages, Debian's Python makes environments that have no pip, and fails.
    if output(&python, &["-m", "pip", "--version"]).is_none() {
        run(command("python3", &["-m", "venv", "--clear"]).arg(folder), PYTHON)?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(command(&python, &install).args(packages), PYTHON)?;
    Ok(python)
}

/// Installs the packages in the lock file of `folder`.
fn npm_packages(folder: &str) -> Result {
    let version = output("node", &["--version"]);
    let major =
        version.as_deref().and_then(|v| v.trim_start_matches('v').split('.').next()?.parse::<u32>().ok());
    if major.is_none_or(|major| major < MIN_NODE) {
        let found = version.unwrap_or_else(|| "none".to_owned());
        return Err(format!(
            "Node.js {MIN_NODE} or newer is needed (found: {found}). Install it as nodejs.org says, then run this again."
        ));
    }
    let modified = |path: PathBuf| fs::metadata(path).and_then(|data| data.modified()).ok();
    let folder = root().join(folder);
    let locked = modified(folder.join("package-lock.json"));
    if modified(folder.join("node_modules/.package-lock.json")).is_some_and(|done| Some(done) >= locked) {
        return Ok(());
    }
    step(&format!("Installing npm packages into {}", folder.join("node_modules").display()));
    run(
        command("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder),
        "Check the network connection, then run this again.",
    )
}
