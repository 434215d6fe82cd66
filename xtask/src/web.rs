//! Building and serving the page.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::shell::{Outcome, command, root, run, step};
use crate::tools;

const REMEDY: &str = "The lines above say why; mend it and run this again.";

/// What the page is made of.
const SOURCES: [&str; 8] =
    ["src", "www", "models", "index.html", "Trunk.toml", "Cargo.toml", "Cargo.lock", ".cargo/config.toml"];

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
    run(&mut command("trunk", &["build"]), REMEDY)?;
    fs::File::create(&stamp)
        .and_then(|file| file.set_modified(begun))
        .map_err(|error| format!("{}: {error}", stamp.display()))?;
    sizes(&root().join("dist"))
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
    for name in ["sottovoce_bg.wasm", "sottovoce.js", "models/mfcc1/model.safetensors"] {
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
