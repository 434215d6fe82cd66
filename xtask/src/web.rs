//! Building and serving the page.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::shell::{Outcome, command, root, run, step};
use crate::tools;

const REMEDY: &str = "The lines above say why; mend it and run this again.";

/// Builds the page into dist/ and prints the engine's size.
pub fn build() -> Outcome {
    tools::for_build()?;
    step("Building the page into dist/; the first time takes some minutes");
    run(&mut command("trunk", &["build"]), REMEDY)?;
    sizes(&root().join("dist"))
}

/// Builds the page and serves it until interrupted.
pub fn serve() -> Outcome {
    build()?;
    step("Serving on http://127.0.0.1:8080 (Ctrl+C stops)");
    run(
        &mut command("trunk", &["serve"]),
        "If the port is taken, stop the program that uses it: `ss -ltnp 'sport = :8080'` names it.",
    )
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
