//! Malformed and malicious files: each gives a typed error or a valid result, in limited time and memory.

#[path = "../common/counting.rs"]
mod counting;
mod entrances;
mod pack;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use counting::counted;
use entrances::ENTRANCES;
use pack::{Hostile, pack};
use sottovoce::analyzer::Analyzer;
use sottovoce::audio::{AudioError, Limits, Stream};
use sottovoce::model::Model;

/// Maximum time and memory for a file.
const MAX_TIME: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 512 << 20;

/// The largest memory of any file.
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Runs tests sequentially, so that memory is counted per file.
fn exclusive() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hostile() -> Vec<Hostile> {
    pack(Path::new("tests/fixtures/audio"))
}

/// Returns the result of `read` for a file, if it respects the limits of time and memory.
fn survive(
    file: &Hostile,
    read: impl FnOnce(&[u8]) -> Result<bool, AudioError>,
) -> Result<&'static str, String> {
    let start = Instant::now();
    let (result, _, peak) = counted(|| catch_unwind(AssertUnwindSafe(|| read(&file.bytes))));
    let took = start.elapsed();
    PEAK.fetch_max(peak, Relaxed);
    let answer = match result {
        Err(_) => return Err(format!("{}: a panic", file.name)),
        Ok(Ok(false)) => return Err(format!("{}: a wrong answer", file.name)),
        Ok(Ok(true)) => "an answer",
        Ok(Err(error)) => error.code(),
    };
    match (took <= MAX_TIME, peak <= MAX_BYTES) {
        (false, _) => Err(format!("{}: {answer} after {took:?}", file.name)),
        (_, false) => Err(format!("{}: {answer} in {} MB", file.name, peak >> 20)),
        _ => Ok(answer),
    }
}

/// Runs `read` on all files; returns how often each answer was given.
fn survive_all(mut read: impl FnMut(&[u8]) -> Result<bool, AudioError>) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    let mut lost = Vec::new();
    for file in hostile() {
        match survive(&file, &mut read) {
            Ok(answer) => *counts.entry(answer).or_default() += 1,
            Err(what) => lost.push(what),
        }
    }
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost.join("\n"));
    counts
}

/// Prints a line for `cargo xtask torture`.
fn report(what: &str, counts: &BTreeMap<&'static str, usize>) {
    let tried: usize = counts.values().sum();
    let peak = PEAK.load(Relaxed) >> 20;
    println!(
        "torture | {what} | {tried} | {tried} | 0 | {peak} MB | {} read, others refused",
        counts["an answer"]
    );
}

/// Replays every input of the fuzzing corpora, including former failures.
#[test]
fn inputs_of_the_fuzzing_corpora_do_not_panic() {
    let _lock = exclusive();
    let mut tried = 0;
    let list = |folder: &Path| {
        let entries =
            std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.map(|entry| entry.expect("readable").path()).collect::<Vec<_>>()
    };
    for folder in list(Path::new("fuzz/corpus")) {
        // The target of `decode-wav` is `decode`.
        let name = folder.file_name().expect("named").to_string_lossy().into_owned();
        let target = name.split('-').next().expect("it has one part at least");
        let (_, entrance) =
            ENTRANCES.iter().find(|(name, _)| *name == target).expect("an entrance has inputs");
        for input in list(&folder) {
            let bytes = std::fs::read(&input).expect("readable");
            let result = catch_unwind(AssertUnwindSafe(|| entrance(&bytes)));
            assert!(result.is_ok(), "{name} panics on {}", input.display());
            tried += 1;
        }
    }
    assert!(tried > ENTRANCES.len(), "there are inputs");
    println!("torture | inputs that fuzzing kept, replayed | {tried} | {tried} | 0 | | ");
}

#[test]
fn the_pack_is_large_and_deterministic() {
    let (once, again) = (hostile(), hostile());
    assert!(once.len() >= 300, "{}", once.len());
    assert!(once.iter().zip(&again).all(|(a, b)| a.name == b.name && a.bytes == b.bytes));
    let names: std::collections::BTreeSet<_> = once.iter().map(|file| &file.name).collect();
    assert_eq!(names.len(), once.len(), "each has a name of its own");
}

#[test]
fn each_file_gives_a_typed_error_or_a_valid_result() {
    let _lock = exclusive();
    let model = Model::load(Path::new("models/shipped/baseline"), &Device::flex()).expect("loads");
    let mut analyzer = Analyzer::new(model);
    let counts = survive_all(|bytes| {
        let report = analyzer.analyze_file(bytes)?.report();
        let sum: f32 = report.opinion.probabilities.values().sum();
        Ok((sum - 1.0).abs() < 1e-4 && report.opinion.probabilities.values().all(|share| share.is_finite()))
    });
    println!("read: {counts:?}");
    report("damaged sound files, read natively", &counts);
    assert!(counts.len() >= 8, "many kinds of answers: {counts:?}");

    let counts = survive_all(|bytes| {
        let mut stream = Stream::open(Box::new(std::io::Cursor::new(bytes.to_vec())), &Limits::default())?;
        let mut is_sound = true;
        while let Some(block) = stream.next_block()? {
            is_sound &= block.iter().all(|sample| sample.is_finite());
        }
        Ok(is_sound)
    });
    println!("followed: {counts:?}");
    report("damaged sound files, followed natively", &counts);

    // Valid files are still analysed.
    let honest = std::fs::read("www/samples/1028_MTI_SAD_XX.opus").expect("there");
    assert!(analyzer.analyze_file(&honest).is_ok());
}
