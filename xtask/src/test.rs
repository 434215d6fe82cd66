//! Tests and checks.

use std::fs;

use crate::shell::{Result, command, output, root, run, step};
use crate::{supply, tools, web, wheel, words};

#[path = "../../tests/hostile/pack.rs"]
mod pack;

const REMEDY: &str = "The lines above say which test and why.";
/// Tests that run in the browser, too.
const BROWSER_TESTS: [&str; 7] =
    ["audio", "channels", "encoders", "explain", "features", "model", "recordings"];

/// Checked, but not tested natively each time, since they take minutes to build: GPUs (`cargo xtask gpu`), which the tests of the
/// page run on, too.
const CHECKED: &str = "webgpu";

/// Tests of the built page.
const PAGE_TESTS: &str = "tests/e2e";

/// Every test: native, the Python package, the same in a browser, and the built page from end to end.
pub fn all() -> Result {
    tools::for_test()?;
    step("Native tests");
    run(&mut command("cargo", &["test", "--workspace", "--quiet"]), REMEDY)?;
    wheel::test()?;
    in_browser()?;
    web::npm()?;
    hostile()?;
    step("The built page from end to end, in Chromium and Firefox");
    // One file at a time: several measure delays. With a timeout, a page that hangs fails its own test only.
    let mut arguments = vec!["--test", "--test-concurrency=1", "--test-timeout=600000"];
    let tests = page_tests()?;
    arguments.extend(tests.iter().map(String::as_str));
    run(&mut command("node", &arguments), REMEDY)
}

/// Encoders, models and training on this machine's GPU, or on a software one.
pub fn gpu() -> Result {
    tools::for_test()?;
    step("Encoders, models and training on a GPU");
    let test = |arguments: &[&str]| {
        run(
            &mut command("cargo", &[&["test", "--features", "webgpu", "--quiet"], arguments].concat()),
            REMEDY,
        )
    };
    test(&["--test", "gpu", "--test", "encoders"])?;
    test(&["--test", "training", "on_a_gpu"])
}

/// The tests of the built page: `*.test.mjs` in tests/e2e, in the order of their names.
fn page_tests() -> Result<Vec<String>> {
    let entries = fs::read_dir(root().join(PAGE_TESTS)).map_err(|error| format!("{PAGE_TESTS}: {error}"))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut tests: Vec<String> =
        names.filter(|name| name.ends_with(".test.mjs")).map(|name| format!("{PAGE_TESTS}/{name}")).collect();
    tests.sort();
    Ok(tests)
}

/// Writes the hostile files into target/hostile.
pub fn hostile() -> Result {
    let folder = root().join("target/hostile");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in pack::pack(&root().join("tests/fixtures/audio")) {
        let path = folder.join(file.name);
        fs::write(&path, file.bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn in_browser() -> Result {
    step("The same tests in headless Chromium");
    let chromedriver = output("sh", &["-c", "command -v chromedriver"])
        .ok_or("chromedriver is missing. Install it (Debian: apt-get install chromium-driver).")?;
    let all: Vec<&str> = BROWSER_TESTS.iter().flat_map(|test| ["--test", test]).collect();
    // With the feature relaxed-simd, its kernels replace the others.
    let full = web::FULL;
    for (features, tests) in [(full, &all[..]), (&format!("{full},relaxed-simd"), &["--test", "encoders"])] {
        let arguments =
            ["test", "--target", "wasm32-unknown-unknown", "--no-default-features", "--features", features];
        // Most of the time is the compiler's.
        let quick = [
            "--config",
            "profile.dev.package.sottovoce.opt-level=1",
            "--config",
            "profile.dev.package.burn-flex.opt-level=1",
        ];
        let arguments = [&arguments[..], &quick, tests].concat();
        run(
            command("cargo", &arguments)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
                .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
                .env("CHROMEDRIVER", &chromedriver),
            REMEDY,
        )?;
    }
    Ok(())
}

/// Checks formatting, lints, documentation and the types of the page's scripts.
pub fn check() -> Result {
    tools::for_build()?;
    step("Formatting");
    run(&mut command("cargo", &["fmt", "--all", "--check"]), "Run `cargo fmt --all`.")?;
    words::check()?;
    step("Lints");
    let all = ["clippy", "--workspace", "--all-targets", "--features", CHECKED, "--quiet"];
    run(&mut command("cargo", &[&all[..], &["--", "-D", "warnings"]].concat()), "Fix what clippy reports.")?;
    // What the page runs, without corpora, training and the command line.
    let clippy =
        ["clippy", "--quiet", "--lib", "--target", "wasm32-unknown-unknown", "--no-default-features"];
    // With burn's other backend for the CPU, which `cargo test --test model --features ndarray` tests. The first two share its crates.
    let ndarray = format!("{},ndarray", web::FULL);
    for features in [&ndarray, &format!("{ndarray},relaxed-simd"), "webgpu"] {
        run(
            &mut command("cargo", &[&clippy[..], &["--features", features, "--", "-D", "warnings"]].concat()),
            "Fix what clippy reports.",
        )?;
    }
    supply::check()?;
    step("Documentation");
    run(
        command(
            "cargo",
            &["doc", "--no-deps", "--quiet", "--lib", "--package", "sottovoce", "--features", CHECKED],
        )
        .env("RUSTDOCFLAGS", "-D warnings"),
        "Fix what rustdoc reports.",
    )?;
    // It declares the types of the engine.
    web::build()?;
    step("Types of the page's scripts");
    run(&mut command("tsc", &["--project", "www"]), "Fix what tsc reports.")
}

/// Runs Lighthouse on the built pages.
pub fn audit() -> Result {
    tools::for_test()?;
    web::build()?;
    step("Lighthouse, on a phone and a desktop");
    run(&mut command("node", &["xtask/audit.mjs", "dist"]), "The lines above name what is below 95.")
}

/// Takes the README's pictures of the built page.
pub fn screenshots() -> Result {
    tools::for_test()?;
    web::build()?;
    let folder = root().join("docs/images");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    step("Taking pictures of the page");
    run(command("node", &["--test", "tests/e2e/screenshot.test.mjs"]).env("SCREENSHOTS", folder), REMEDY)
}
