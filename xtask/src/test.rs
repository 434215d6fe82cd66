//! Tests and checks.

use std::fs;

use crate::shell::{Outcome, command, output, root, run, step};
use crate::{supply, tools, web};

#[path = "../../tests/hostile/pack.rs"]
mod pack;

const REMEDY: &str = "The lines above say which test and why.";
/// Test files that run in the browser as well.
const BROWSER_TESTS: [&str; 7] =
    ["audio", "channels", "encoders", "explain", "features", "model", "recordings"];

/// Test files that drive the built page.
const PAGE_TESTS: [&str; 22] = [
    "tests/e2e/page.test.mjs",
    "tests/e2e/microphone.test.mjs",
    "tests/e2e/channels.test.mjs",
    "tests/e2e/compare.test.mjs",
    "tests/e2e/determinism.test.mjs",
    "tests/e2e/embed.test.mjs",
    "tests/e2e/embedder.test.mjs",
    "tests/e2e/explain.test.mjs",
    "tests/e2e/faults.test.mjs",
    "tests/e2e/follow.test.mjs",
    "tests/e2e/hostile.test.mjs",
    "tests/e2e/languages.test.mjs",
    "tests/e2e/lesson.test.mjs",
    "tests/e2e/messages.test.mjs",
    "tests/e2e/npm.test.mjs",
    "tests/e2e/offline.test.mjs",
    "tests/e2e/own.test.mjs",
    "tests/e2e/privacy.test.mjs",
    "tests/e2e/sealed.test.mjs",
    "tests/e2e/webgpu.test.mjs",
    "tests/e2e/firefox.test.mjs",
    "tests/e2e/screenshot.test.mjs",
];

/// Every test: native, the same in a browser, and the built page from end to end.
pub fn all() -> Outcome {
    tools::for_test()?;
    step("Native tests");
    run(&mut command("cargo", &["test", "--workspace", "--quiet"]), REMEDY)?;
    in_browser()?;
    web::npm()?;
    hostile()?;
    step("The built page from end to end, in Chromium and Firefox");
    // A page that waits for ever fails its test instead of holding up all others.
    let mut arguments = vec!["--test", "--test-concurrency=1", "--test-timeout=300000"];
    arguments.extend(PAGE_TESTS);
    run(&mut command("node", &arguments), REMEDY)
}

/// Writes the hostile files into target/hostile.
pub fn hostile() -> Outcome {
    let folder = root().join("target/hostile");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for file in pack::pack(&root().join("tests/fixtures/audio")) {
        let path = folder.join(file.name);
        fs::write(&path, file.bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn in_browser() -> Outcome {
    step("The same tests in headless Chromium");
    let chromedriver = output("sh", &["-c", "command -v chromedriver"])
        .ok_or("chromedriver is missing. Install it (Debian: apt-get install chromium-driver).")?;
    let mut arguments = vec!["test", "--target", "wasm32-unknown-unknown", "--no-default-features"];
    for test in BROWSER_TESTS {
        arguments.extend(["--test", test]);
    }
    // The kernels for relaxed SIMD take the place of the others.
    let relaxed = ["--features", "relaxed-simd", "--test", "encoders"];
    for arguments in [&arguments, &[&arguments[..4], &relaxed].concat()] {
        run(
            command("cargo", arguments)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
                .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
                .env("CHROMEDRIVER", &chromedriver),
            REMEDY,
        )?;
    }
    Ok(())
}

/// Formatting, lints, documentation and the types of the page's scripts.
pub fn check() -> Outcome {
    tools::for_build()?;
    step("Formatting");
    run(&mut command("cargo", &["fmt", "--all", "--check"]), "Run `cargo fmt --all`.")?;
    step("Lints");
    let mut clippy = vec!["clippy", "--workspace", "--all-targets", "--quiet"];
    run(
        &mut command("cargo", &[&clippy[..], &["--", "-D", "warnings"]].concat()),
        "Mend what clippy names.",
    )?;
    clippy.retain(|word| !["--workspace", "--all-targets"].contains(word));
    clippy.extend(["--lib", "--target", "wasm32-unknown-unknown", "--no-default-features"]);
    for feature in [&[][..], &["--features", "relaxed-simd"]] {
        run(
            &mut command("cargo", &[&clippy[..], feature, &["--", "-D", "warnings"]].concat()),
            "Mend what clippy names.",
        )?;
    }
    supply::check()?;
    step("Documentation");
    run(
        command("cargo", &["doc", "--no-deps", "--quiet", "--lib", "--package", "sottovoce"])
            .env("RUSTDOCFLAGS", "-D warnings"),
        "Mend what rustdoc names.",
    )?;
    if !root().join("dist/sottovoce.d.ts").is_file() {
        web::build()?;
    }
    step("Types of the page's scripts");
    run(&mut command("tsc", &["--project", "www"]), "Mend what tsc names.")
}

/// Lighthouse on the built pages.
pub fn audit() -> Outcome {
    tools::for_test()?;
    web::build()?;
    step("Lighthouse, on a phone and a desktop");
    run(&mut command("node", &["xtask/audit.mjs", "dist"]), "The lines above name what is below 95.")
}

/// Pictures for the README, taken from the built page.
pub fn screenshots() -> Outcome {
    tools::for_test()?;
    web::build()?;
    let folder = root().join("docs/images");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    step("Taking pictures of the page");
    run(command("node", &["--test", "tests/e2e/screenshot.test.mjs"]).env("SCREENSHOTS", folder), REMEDY)
}
