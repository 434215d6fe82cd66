//! Building and serving the page.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::shell::{Outcome, command, output, root, run, step};
use crate::tools;

const REMEDY: &str = "The lines above say why; mend it and run this again.";

/// What the page is made of.
const SOURCES: [&str; 13] = [
    "src",
    "www",
    "models",
    "held-out/speaker.json",
    "index.html",
    "lesson.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "xtask/offline.mjs",
    "xtask/preload.mjs",
    "xtask/src/web.rs",
];

/// How cargo is told what to give the compiler of the engine, in place of what .cargo/config.toml says.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// The folders of this machine, which panics would name, stay out of the engine: every machine builds the same, and none
/// tells of itself.
fn web_flags() -> String {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let compiler = output("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let places = [
        (cargo.display().to_string(), "cargo"),
        (compiler, "rust"),
        (root().display().to_string(), "sottovoce"),
    ];
    let hidden = places.iter().map(|(path, name)| format!(" --remap-path-prefix={path}=/{name}"));
    "-C target-feature=+simd128".to_owned() + &hidden.collect::<String>()
}

/// Builds the page into dist/, unless it is there and nothing has changed since, and prints the engine's size.
pub fn build() -> Outcome {
    tools::for_build()?;
    let stamp = root().join("target/page-built");
    if root().join("dist/index.html").is_file() && is_newer_than_sources(&stamp) {
        step("The page in dist/ is up to date");
        return Ok(());
    }
    step("Building the page into dist/; the first time takes some minutes");
    // Changes made while building belong to the next build.
    let begun = SystemTime::now();
    run(command("trunk", &["build"]).env(FLAGS, web_flags()), REMEDY)?;
    relaxed_engine()?;
    run(&mut command("node", &["xtask/preload.mjs", "dist"]), REMEDY)?;
    // The last step: it takes the hash of every file.
    run(&mut command("node", &["xtask/offline.mjs", "dist"]), REMEDY)?;
    fs::File::create(&stamp)
        .and_then(|file| file.set_modified(begun))
        .map_err(|error| format!("{}: {error}", stamp.display()))?;
    sizes(&root().join("dist"))
}

/// Builds the engine once more, for browsers with relaxed SIMD, and puts it into dist/ beside the one that trunk built.
/// Both are started by the same script.
fn relaxed_engine() -> Outcome {
    step("Building the engine for browsers with relaxed SIMD");
    let built = "target/wasm32-unknown-unknown/web/sottovoce.wasm";
    let arguments = [
        &["build", "--lib", "--profile", "web", "--target", "wasm32-unknown-unknown", "--locked"][..],
        &["--no-default-features", "--features", "relaxed-simd", "--quiet"],
    ]
    .concat();
    run(command("cargo", &arguments).env(FLAGS, web_flags()), REMEDY)?;
    let bound = |file: &str| format!("target/relaxed/{file}");
    run(&mut command("wasm-bindgen", &["--target", "web", "--out-dir", &bound(""), built]), REMEDY)?;
    let read = |path: &str| fs::read(root().join(path)).map_err(|error| format!("{path}: {error}. {REMEDY}"));
    if read(&bound("sottovoce.js"))? != read("dist/sottovoce.js")? {
        return Err("The two engines need different scripts, so one page cannot start both. \
                    Keep what the feature relaxed-simd changes away from the surface in src/web."
            .to_owned());
    }
    let page = String::from_utf8_lossy(&read("index.html")?).into_owned();
    let options = optimiser_options(&page).ok_or("index.html names no data-wasm-opt-params.")?;
    let mut arguments = vec!["-O2", "--enable-relaxed-simd"];
    arguments.extend(options.split_whitespace());
    let engine = bound("sottovoce_bg.wasm");
    arguments.extend([engine.as_str(), "-o", "dist/sottovoce_relaxed.wasm"]);
    run(&mut command("wasm-opt", &arguments), REMEDY)
}

/// What trunk gives wasm-opt for the other engine.
fn optimiser_options(page: &str) -> Option<&str> {
    page.split_once("data-wasm-opt-params=\"")?.1.split_once('"').map(|(options, _)| options)
}

/// Puts the npm package together in target/npm.
pub fn npm() -> Outcome {
    build()?;
    step("Putting the npm package together in target/npm");
    let version = tools::locked_version("sottovoce")?;
    run(&mut command("node", &["xtask/npm.mjs", "dist", "target/npm", &version]), REMEDY)
}

/// Builds the page and serves it until interrupted.
pub fn serve() -> Outcome {
    build()?;
    step("Serving dist/");
    run(
        &mut command("node", &["xtask/server.mjs", "dist", "8080"]),
        "If the port is taken, `ss -ltnp 'sport = :8080'` names the program that uses it.",
    )
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

fn sizes(dist: &Path) -> Outcome {
    eprintln!("{:<24}{:>12}{:>12}{:>12}", "", "raw", "gzip", "brotli");
    for name in
        ["sottovoce_relaxed.wasm", "sottovoce_bg.wasm", "sottovoce.js", "models/mfcc1/model.safetensors"]
    {
        let path = dist.join(name);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}. {REMEDY}", path.display()))?;
        let gzip = gzip_size(&bytes).map_err(|error| format!("{name} could not be compressed: {error}"))?;
        let brotli =
            brotli_size(&bytes).map_err(|error| format!("{name} could not be compressed: {error}"))?;
        let short = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
        eprintln!("{short:<24}{:>12}{gzip:>12}{brotli:>12}", bytes.len());
    }
    Ok(())
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

    /// What trunk is told to put into dist/, by index.html and Trunk.toml, and the scripts that work on it.
    #[test]
    fn everything_that_the_page_is_built_of_is_a_source() {
        let read = |path: &str| fs::read_to_string(root().join(path)).expect(path);
        let value = |text: &str, before: &str| {
            let value = text.split_once(before)?.1.split_once('"')?.0;
            Some(value.to_owned())
        };
        let page = read("index.html");
        let assets = page.split('<').filter(|tag| tag.contains("data-trunk"));
        let mut built_of: Vec<String> = assets.filter_map(|tag| value(tag, "href=\"")).collect();
        assert!(built_of.len() >= 5, "{built_of:?}");
        built_of.extend(value(&read("Trunk.toml"), "\ntarget = \""));
        let here = read("xtask/src/web.rs");
        let code = here.split_once("#[cfg(test)]").expect("this module").0;
        built_of.extend(code.split('"').filter(|text| text.ends_with(".mjs")).map(str::to_owned));
        for path in built_of {
            let is_source = SOURCES.iter().any(|source| Path::new(&path).starts_with(source));
            // How others are served and packed changes nothing in dist/.
            let is_beside = ["xtask/server.mjs", "xtask/npm.mjs"].contains(&&path[..]);
            assert!(is_source || is_beside, "{path} is missing among SOURCES");
        }
    }
}
