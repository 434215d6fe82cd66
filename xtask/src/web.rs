//! Builds and serves the page.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::shell::{Result, command, output, root, run, step};
use crate::tools;

const REMEDY: &str = "The lines above say why; fix it and run this again.";

/// The sources of the page.
const SOURCES: [&str; 13] = [
    "src",
    "www",
    "models/shipped",
    "models/held-out/speaker.json",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "xtask/bundle.mjs",
    "xtask/offline.mjs",
    "xtask/preload.mjs",
    "xtask/src/web.rs",
];

/// Flags for the compiler of the engine, which override those in .cargo/config.toml.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// Removes this machine's folders from the engine's panic messages, so that every machine builds the same, and none reveals its
/// paths.
fn web_flags() -> String {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let compiler = output("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let folders = [
        (cargo.display().to_string(), "cargo"),
        (compiler, "rust"),
        (root().display().to_string(), "sottovoce"),
    ];
    let remapped = folders.iter().map(|(path, name)| format!(" --remap-path-prefix={path}=/{name}"));
    "-C target-feature=+simd128".to_owned() + &remapped.collect::<String>()
}

/// Is as old as the page in dist/ with all engines.
const BUILT: &str = "target/page-built";
/// Is as old as the page in dist/ that is served while it is worked on.
const SERVED: &str = "target/page-served";

/// Builds the page into dist/, unless it is up to date, and prints the sizes of the engines.
pub fn build() -> Result {
    tools::for_build()?;
    if is_up_to_date(BUILT) {
        step("The page in dist/ is up to date");
        return Ok(());
    }
    build_page(BUILT, &FURTHER_ENGINES)?;
    sizes(&root().join("dist"))
}

/// Builds the page and serves it until interrupted. Engines that few visitors need are built when the browser asks for them.
pub fn serve() -> Result {
    tools::for_build()?;
    if !is_up_to_date(BUILT) && !is_up_to_date(SERVED) {
        build_page(SERVED, &[])?;
    }
    step("Serving dist/");
    run(
        &mut command("node", &["xtask/server.mjs", "dist", "8080"]),
        "If the port is taken, `ss -ltnp 'sport = :8080'` names the program that uses it.",
    )
}

/// Builds an engine into dist/ that the page loads when it needs it.
pub fn engine_of(name: &str) -> Result {
    let known = FURTHER_ENGINES.iter().find(|engine| engine.name == name);
    further_engine(known.ok_or_else(|| format!("There is no engine {name}."))?)
}

fn is_up_to_date(stamp: &str) -> bool {
    root().join("dist/index.html").is_file() && is_newer_than_sources(&root().join(stamp))
}

fn build_page(stamp: &str, further_engines: &[FurtherEngine]) -> Result {
    step("Building the page into dist/; the first time takes some minutes");
    // Changes during the build belong to the next one.
    let begun = SystemTime::now();
    run(command("trunk", &["build"]).env(FLAGS, web_flags()), REMEDY)?;
    cpu_engines()?;
    further_engines.iter().try_for_each(further_engine)?;
    run(&mut command("node", &["xtask/bundle.mjs", "dist"]), REMEDY)?;
    run(&mut command("node", &["xtask/preload.mjs", "dist"]), REMEDY)?;
    // The last step: it hashes every file.
    run(&mut command("node", &["xtask/offline.mjs", "dist"]), REMEDY)?;
    fs::File::create(root().join(stamp))
        .and_then(|file| file.set_modified(begun))
        .map_err(|error| format!("{stamp}: {error}"))
}

/// Builds the engines on the CPU into dist/: the one that trunk has built, without the names of its functions, and another for
/// browsers with relaxed SIMD. The same script starts both.
fn cpu_engines() -> Result {
    step("Building the engine for browsers with relaxed SIMD");
    for (feature, name) in [("cpu", "sottovoce_bg.wasm"), ("relaxed-simd", "sottovoce_relaxed.wasm")] {
        let built = engine(feature, "web", "sottovoce")?;
        if read(&built.script)? != read("dist/sottovoce.js")? {
            return Err("The two engines need different scripts, so one page cannot start both. \
                        Keep what the feature relaxed-simd changes away from the surface in src/web."
                .to_owned());
        }
        copy(&built.code, &format!("dist/{name}"))?;
    }
    Ok(())
}

/// The features of the engine with all that runs on the CPU.
pub const FULL: &str = "autodiff,import";

/// The largest size of engines, compressed by brotli.
const BUDGETS: [(&str, usize); 3] = [
    ("sottovoce_relaxed.wasm", 1_280_000),
    ("sottovoce_bg.wasm", 1_280_000),
    ("sottovoce_gpu.wasm", 1_600_000),
];

/// An engine that the page loads when it needs it.
struct FurtherEngine {
    name: &'static str,
    features: &'static str,
    profile: &'static str,
}

const FURTHER_ENGINES: [FurtherEngine; 2] = [
    FurtherEngine { name: "full", features: FULL, profile: "web" },
    FurtherEngine { name: "gpu", features: "webgpu", profile: "web-gpu" },
];

/// Builds an engine into dist/, with the size and hash of its code.
fn further_engine(&FurtherEngine { name, features, profile }: &FurtherEngine) -> Result {
    step(&format!("Building the engine sottovoce_{name}"));
    let name = format!("sottovoce_{name}");
    let built = engine(features, profile, &name)?;
    for (path, kind) in [(&built.script, "js"), (&built.code, "wasm")] {
        copy(path, &format!("dist/{name}.{kind}"))?;
    }
    let code = read(&built.code)?;
    let hash: String = Sha256::digest(&code).iter().map(|byte| format!("{byte:02x}")).collect();
    let entry = format!(r#"{{"file":"{name}.wasm","bytes":{},"sha256":"{hash}"}}"#, code.len());
    copy(&built.script.replace(".js", ".d.ts"), &format!("dist/{name}.d.ts"))?;
    let list = root().join(format!("dist/{name}.json"));
    fs::write(&list, format!("{entry}\n")).map_err(|error| format!("{}: {error}", list.display()))
}

/// The files that wasm-bindgen made of an engine.
struct BuiltEngine {
    script: String,
    code: String,
}

/// Builds an engine with some features, unless it is up to date.
fn engine(features: &str, profile: &str, name: &str) -> Result<BuiltEngine> {
    let arguments = [
        &["build", "--lib", "--profile", profile, "--target", "wasm32-unknown-unknown", "--locked"][..],
        &["--no-default-features", "--features", features, "--quiet"],
    ]
    .concat();
    run(command("cargo", &arguments).env(FLAGS, web_flags()), REMEDY)?;
    let module = format!("target/wasm32-unknown-unknown/{profile}/sottovoce.wasm");
    let output = format!("target/engines/{features}");
    let built =
        BuiltEngine { script: format!("{output}/{name}.js"), code: format!("{output}/{name}_bg.wasm") };
    if modified(&root().join(&built.code)) <= modified(&root().join(&module)) {
        let unused = ["--remove-name-section", "--remove-producers-section"];
        let arguments = ["--target", "web", "--out-name", name, "--out-dir", &output, &module];
        run(&mut command("wasm-bindgen", &[&unused[..], &arguments].concat()), REMEDY)?;
    }
    Ok(built)
}

fn read(path: &str) -> Result<Vec<u8>> {
    fs::read(root().join(path)).map_err(|error| format!("{path}: {error}. {REMEDY}"))
}

fn copy(from: &str, to: &str) -> Result {
    let copied = fs::copy(root().join(from), root().join(to));
    copied.map(|_| ()).map_err(|error| format!("{from} could not be copied to {to}: {error}. {REMEDY}"))
}

/// Makes the npm package in target/npm.
pub fn npm() -> Result {
    build()?;
    step("Making the npm package in target/npm");
    let version = tools::locked_version("sottovoce")?;
    run(&mut command("node", &["xtask/npm.mjs", "dist", "target/npm", &version]), REMEDY)
}

fn is_newer_than_sources(stamp: &Path) -> bool {
    let Some(built) = modified(stamp) else { return false };
    let mut paths: Vec<_> = SOURCES.iter().map(|name| root().join(name)).collect();
    while let Some(path) = paths.pop() {
        if modified(&path).is_none_or(|changed| changed > built) {
            return false;
        }
        paths.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
    }
    true
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// Prints the sizes of the engines, and fails if one is too large.
fn sizes(dist: &Path) -> Result {
    eprintln!("{:<24}{:>12}{:>12}{:>12}", "", "raw", "gzip", "brotli");
    let names = [
        "sottovoce_relaxed.wasm",
        "sottovoce_bg.wasm",
        "sottovoce.js",
        "sottovoce_full.wasm",
        "sottovoce_gpu.wasm",
        "sottovoce_gpu.js",
        "models/mfcc1/model.safetensors",
    ];
    // Compression takes half a minute.
    let measured: Vec<Result<[usize; 3]>> = thread::scope(|scope| {
        let running = names.map(|name| scope.spawn(move || sizes_of(&dist.join(name))));
        running.into_iter().map(|one| one.join().expect("measuring does not panic")).collect()
    });
    for (name, sizes) in names.into_iter().zip(measured) {
        let [raw, gzip, brotli] = sizes?;
        let short = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
        eprintln!("{short:<24}{raw:>12}{gzip:>12}{brotli:>12}");
        if let Some((_, budget)) = BUDGETS.iter().find(|(engine, budget)| *engine == name && brotli > *budget)
        {
            return Err(format!(
                "{name} takes {brotli} bytes by brotli, more than its budget of {budget}. \
                 Look for what pulls in more of burn, or raise the budget in xtask/src/web.rs with a reason."
            ));
        }
    }
    Ok(())
}

/// Bytes of a file, raw, by gzip and by brotli.
fn sizes_of(path: &Path) -> Result<[usize; 3]> {
    let failed = |error: io::Error| format!("{}: {error}. {REMEDY}", path.display());
    let bytes = fs::read(path).map_err(failed)?;
    Ok([bytes.len(), gzip_size(&bytes).map_err(failed)?, brotli_size(&bytes).map_err(failed)?])
}

fn gzip_size(bytes: &[u8]) -> io::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli_size(bytes: &[u8]) -> io::Result<usize> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inputs of the build: those that index.html and Trunk.toml name for trunk, and the scripts that process dist/.
    #[test]
    fn every_input_of_the_build_is_a_source() {
        let read = |path: &str| fs::read_to_string(root().join(path)).expect(path);
        let value = |text: &str, before: &str| {
            let value = text.split_once(before)?.1.split_once('"')?.0;
            Some(value.to_owned())
        };
        let page = read("index.html");
        let assets = page.split('<').filter(|tag| tag.contains("data-trunk"));
        let mut inputs: Vec<String> = assets.filter_map(|tag| value(tag, "href=\"")).collect();
        assert!(inputs.len() >= 4, "{inputs:?}");
        inputs.extend(value(&read("Trunk.toml"), "\ntarget = \""));
        let here = read("xtask/src/web.rs");
        let code = here.split_once("#[cfg(test)]").expect("this module").0;
        inputs.extend(code.split('"').filter(|text| text.ends_with(".mjs")).map(str::to_owned));
        for path in inputs {
            let is_source = SOURCES.iter().any(|source| Path::new(&path).starts_with(source));
            // These do not change dist/.
            let is_unrelated = ["xtask/server.mjs", "xtask/npm.mjs"].contains(&&path[..]);
            assert!(is_source || is_unrelated, "{path} is missing among SOURCES");
        }
    }
}
