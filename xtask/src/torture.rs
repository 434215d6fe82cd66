//! Robustness: fuzzing, and a table of stress tests.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::shell::{Result, command, root, run, step};
use crate::{test, tools, web};

/// Fuzzes every entry point for so many seconds, starting with the inputs in fuzz/corpus.
pub fn fuzz(seconds: u32) -> Result {
    tools::cargo_fuzz()?;
    step("Building the fuzzing targets; the first time takes some minutes");
    // The stable compiler has no sanitizers. Our code is safe Rust except for the kernels, and panics are found without them.
    let build = [
        "fuzz",
        "build",
        "--release",
        "--sanitizer",
        "none",
        "--fuzz-dir",
        "fuzz",
        "--target-dir",
        "target/fuzz",
    ];
    run(
        &mut command("cargo", &build),
        "The lines above say why; a C++ compiler is needed (Debian: apt-get install g++).",
    )?;
    let programs = target_folder()?;
    let folder = |path: &str| {
        let path = root().join(path);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<String, String>(path.display().to_string())
    };
    let mut names: Vec<String> = fs::read_dir(root().join("fuzz/corpus"))
        .map_err(|error| format!("fuzz/corpus: {error}"))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in names {
        step(&format!("{name}, for {seconds} s"));
        let found = format!("-artifact_prefix={}/", folder(&format!("target/fuzz/found/{name}"))?);
        // The target of `decode-wav` is `decode`.
        let target = name.split('-').next().unwrap_or(&name);
        let program = programs.join(target).display().to_string();
        let mut inputs =
            vec![folder(&format!("target/fuzz/corpus/{name}"))?, folder(&format!("fuzz/corpus/{name}"))?];
        if target == "decode" {
            inputs.push(folder("tests/fixtures/audio")?);
        }
        let limit = format!("-max_total_time={seconds}");
        let mut arguments: Vec<&str> = inputs.iter().map(String::as_str).collect();
        arguments.extend([
            &limit,
            "-timeout=10",
            "-rss_limit_mb=1024",
            "-malloc_limit_mb=512",
            "-print_final_stats=1",
            "-verbosity=0",
            &found,
        ]);
        run(
            &mut command(&program, &arguments),
            "The input that did this is in target/fuzz/found. Fix the cause, and keep the input in fuzz/corpus.",
        )?;
    }
    Ok(())
}

/// The folder with the built targets.
fn target_folder() -> Result<PathBuf> {
    let targets =
        fs::read_dir(root().join("target/fuzz")).map_err(|error| format!("target/fuzz: {error}"))?;
    let mut folders = targets.flatten().map(|entry| entry.path().join("release"));
    folders
        .find(|folder| folder.join("decode").is_file())
        .ok_or_else(|| "The fuzzing targets were not built.".to_owned())
}

/// One line of the table.
struct Row {
    what: String,
    tried: usize,
    survived: usize,
    lost: usize,
    peak: String,
    notes: String,
}

/// Tests hostile files, faults and endurance, and prints a table of the results; for hours if `is_long`, as for
/// docs/RELIABILITY.md.
pub fn torture(is_long: bool) -> Result {
    tools::for_test()?;
    web::build()?;
    test::hostile()?;
    let form = if is_long { "long" } else { "short" };
    let mut rows = Vec::new();
    let mut lost = Vec::new();
    for (name, test) in [
        ("Hostile files, natively", "hostile"),
        ("Speech and other sounds, at every level", "robustness"),
        ("The program killed, and a full disk", "killed"),
        ("A long recording in the command line", "endurance"),
    ] {
        step(name);
        let tests = ["test", "--quiet", "--test", test, "--", "--nocapture", "--test-threads=1"];
        run_and_collect(command("cargo", &tests).env("SOTTOVOCE_TORTURE", form), name, &mut rows, &mut lost)?;
    }
    for (name, file, timeout) in [
        ("Hostile files, dropped on the page", "hostile", 600_000),
        ("Faults around the page", "faults", 600_000),
        ("Random messages to the worker", "messages", 600_000),
        ("An embedding page as an attacker", "embedder", 600_000),
        ("The page under sustained load", "endurance", 10_800_000),
        ("One clip, one result", "determinism", 10_800_000),
    ] {
        step(name);
        let (path, timeout) = (format!("tests/e2e/{file}.test.mjs"), format!("--test-timeout={timeout}"));
        let tests = ["--test", "--test-reporter=tap", "--test-concurrency=1", &timeout, &path];
        let before = rows.len();
        let counts = run_and_collect(
            command("node", &tests).env("SOTTOVOCE_TORTURE", form),
            name,
            &mut rows,
            &mut lost,
        )?;
        if rows.len() == before {
            let [tried, failed] = counts;
            let survived = tried - failed;
            rows.push(Row {
                what: name.to_owned(),
                tried,
                survived,
                lost: failed,
                peak: String::new(),
                notes: String::new(),
            });
        }
    }
    println!("\n| what | tried | survived | lost | peak memory | |\n|---|--:|--:|--:|--:|---|");
    for Row { what, tried, survived, lost, peak, notes } in &rows {
        println!("| {what} | {tried} | {survived} | {lost} | {peak} | {notes} |");
    }
    if lost.is_empty() { Ok(()) } else { Err(format!("These failed: {}.", lost.join("; "))) }
}

/// Runs tests and collects their rows of the table. Returns how many tests there were and how many failed, as node counts them.
fn run_and_collect(
    command: &mut Command,
    name: &str,
    rows: &mut Vec<Row>,
    lost: &mut Vec<String>,
) -> Result<[usize; 2]> {
    let started = command.stdout(Stdio::piped()).spawn();
    let mut running = started.map_err(|error| format!("{name} could not be started ({error})."))?;
    let output = running.stdout.take().ok_or("its output is missing")?;
    let mut counts = [0, 0];
    for line in BufReader::new(output).lines().map_while(std::result::Result::ok) {
        // node prefixes output of tests with #, and cargo with the name of the test.
        let line = line.trim_start_matches("# ");
        if let Some(row) = line.split_once("torture | ").and_then(|(_, row)| parse(row)) {
            eprintln!(
                "  {}: {} of {}{}",
                row.what,
                row.survived,
                row.tried,
                if row.notes.is_empty() { String::new() } else { format!(", {}", row.notes) }
            );
            rows.push(row);
        } else if let Some(count) = line.strip_prefix("tests ") {
            counts[0] = count.parse().unwrap_or(0);
        } else if let Some(count) = line.strip_prefix("fail ") {
            counts[1] = count.parse().unwrap_or(0);
        } else if line.starts_with("not ok")
            || line.contains("panicked at")
            || line.trim_start().starts_with("error:")
        {
            eprintln!("  {line}");
        }
    }
    let status = running.wait().map_err(|error| format!("{name}: {error}"))?;
    if !status.success() {
        lost.push(name.to_owned());
    }
    Ok(counts)
}

/// Parses a row with `|` between its columns.
fn parse(line: &str) -> Option<Row> {
    let [what, tried, survived, lost, peak, notes] =
        line.split('|').map(str::trim).collect::<Vec<_>>().try_into().ok()?;
    Some(Row {
        what: what.to_owned(),
        tried: tried.parse().ok()?,
        survived: survived.parse().ok()?,
        lost: lost.parse().ok()?,
        peak: peak.to_owned(),
        notes: notes.to_owned(),
    })
}
