//! What the analyzer endures: fuzzing, and one table of all that was tried.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::shell::{Outcome, command, root, run, step};
use crate::{test, tools, web};

/// Seconds that each entrance is fuzzed for by `cargo xtask fuzz`.
const SMOKE_S: u32 = 60;

/// Fuzzes every entrance with the inputs in fuzz/corpus, for so many seconds each.
pub fn fuzz(seconds: Option<u32>) -> Outcome {
    tools::cargo_fuzz()?;
    step("Building the fuzzing targets; the first time takes some minutes");
    // On the stable compiler, which has no sanitizers: our code is safe Rust but for the kernels, and panics are found without.
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
        let seconds = seconds.unwrap_or(SMOKE_S);
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
            "The input that did this lies in target/fuzz/found. Mend the cause, and keep the input in fuzz/corpus.",
        )?;
    }
    Ok(())
}

/// Where the targets were built.
fn target_folder() -> Outcome<PathBuf> {
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
    said: String,
}

/// Tries files, faults and endurance, and prints a table of it; hours long if `is_long`, with what stands in
/// docs/RELIABILITY.md.
pub fn torture(is_long: bool) -> Outcome {
    tools::for_test()?;
    web::build()?;
    test::hostile()?;
    let form = if is_long { "long" } else { "short" };
    let mut rows = Vec::new();
    let mut lost = Vec::new();
    for (name, test) in [
        ("Files that no honest program writes, natively", "hostile"),
        ("Voices and what is none, at every level", "robustness"),
        ("The program killed, and a full disk", "killed"),
        ("A long recording in the command line", "endurance"),
    ] {
        step(name);
        let tests = ["test", "--quiet", "--test", test, "--", "--nocapture", "--test-threads=1"];
        gather(command("cargo", &tests).env("SOTTOVOCE_TORTURE", form), name, &mut rows, &mut lost)?;
    }
    for (name, file, timeout) in [
        ("Files that no honest program writes, dropped on the page", "hostile", 600_000),
        ("Faults around the page", "faults", 600_000),
        ("Messages to the worker by chance", "messages", 600_000),
        ("The page that embeds as an attacker", "embedder", 600_000),
        ("The page kept at work", "endurance", 10_800_000),
        ("One clip, one answer", "determinism", 10_800_000),
    ] {
        step(name);
        let (path, timeout) = (format!("tests/e2e/{file}.test.mjs"), format!("--test-timeout={timeout}"));
        let tests = ["--test", "--test-reporter=tap", "--test-concurrency=1", &timeout, &path];
        let before = rows.len();
        let counts =
            gather(command("node", &tests).env("SOTTOVOCE_TORTURE", form), name, &mut rows, &mut lost)?;
        if rows.len() == before {
            let [tried, failed] = counts;
            let survived = tried - failed;
            rows.push(Row {
                what: name.to_owned(),
                tried,
                survived,
                lost: failed,
                peak: String::new(),
                said: String::new(),
            });
        }
    }
    println!("\n| what | tried | survived | lost | peak memory | |\n|---|--:|--:|--:|--:|---|");
    for Row { what, tried, survived, lost, peak, said } in &rows {
        println!("| {what} | {tried} | {survived} | {lost} | {peak} | {said} |");
    }
    if lost.is_empty() { Ok(()) } else { Err(format!("These failed: {}.", lost.join("; "))) }
}

/// Runs tests, and takes the lines that they tell for the table; how many tests there were and how many failed, as node
/// counts them.
fn gather(
    command: &mut Command,
    name: &str,
    rows: &mut Vec<Row>,
    lost: &mut Vec<String>,
) -> Outcome<[usize; 2]> {
    let started = command.stdout(Stdio::piped()).spawn();
    let mut running = started.map_err(|error| format!("{name} could not be started ({error})."))?;
    let output = running.stdout.take().ok_or("its output is not there")?;
    let mut counts = [0, 0];
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        // node puts a # before what tests print, and cargo the name of a test.
        let line = line.trim_start_matches("# ");
        if let Some(row) = line.split_once("torture | ").and_then(|(_, row)| parse(row)) {
            eprintln!(
                "  {}: {} of {}{}",
                row.what,
                row.survived,
                row.tried,
                if row.said.is_empty() { String::new() } else { format!(", {}", row.said) }
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

/// What stands between the bars.
fn parse(line: &str) -> Option<Row> {
    let [what, tried, survived, lost, peak, said] =
        line.split('|').map(str::trim).collect::<Vec<_>>().try_into().ok()?;
    Some(Row {
        what: what.to_owned(),
        tried: tried.parse().ok()?,
        survived: survived.parse().ok()?,
        lost: lost.parse().ok()?,
        peak: peak.to_owned(),
        said: said.to_owned(),
    })
}
