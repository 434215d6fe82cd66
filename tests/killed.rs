//! The program killed by the system at random moments, and with no room on the disk: what it wrote before is whole, and the next
//! run ends as one that nothing happened to. `SOTTOVOCE_TORTURE=long` is 50 kills of each command; otherwise it is a few.

#![cfg(unix)]

#[path = "common/corpus.rs"]
mod made_up;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use made_up::make_corpus;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What a command writes, by its path in the folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sottovoce-{}-{name}", std::process::id()));
        make_corpus(&folder.join("corpus"));
        let published = folder.join("published");
        fs::create_dir_all(&published).expect("created");
        for (fixture, file) in [("config.json", "config.json"), ("weights.safetensors", "model.safetensors")]
        {
            let fixture =
                format!("{}/tests/fixtures/encoders/hubert_base.{fixture}", env!("CARGO_MANIFEST_DIR"));
            fs::copy(fixture, published.join(file)).expect("copied");
        }
        Self(folder)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sottovoce"));
        command.current_dir(&self.0).args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Duration {
        let start = Instant::now();
        assert!(self.command(arguments).status().expect("started").success(), "{arguments}");
        start.elapsed()
    }

    /// All files under `path` but those that are not finished, and caches, whose order is another each time.
    fn files(&self, path: &str) -> Files {
        let mut files = Files::new();
        let mut paths = vec![self.0.join(path)];
        while let Some(path) = paths.pop() {
            let name = path.file_name().expect("named").to_string_lossy().into_owned();
            if name.ends_with(".partial")
                || ["partial", "cache", "checkpoints", "log.jsonl"].contains(&name.as_str())
            {
                continue;
            }
            if path.is_dir() {
                paths.extend(path.read_dir().expect("readable").map(|entry| entry.expect("readable").path()));
            } else if path.is_file() {
                files.insert(
                    path.strip_prefix(&self.0).expect("inside").to_owned(),
                    fs::read(&path).expect("readable"),
                );
            }
        }
        files
    }

    fn clear(&self, path: &str) {
        let path = self.0.join(path);
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn kills() -> usize {
    if std::env::var("SOTTOVOCE_TORTURE").is_ok_and(|form| form == "long") { 50 } else { 4 }
}

/// Kills the command at random moments, each time going on with what the killed one left.
fn assert_survives(what: &str, folder: &Folder, arguments: &str, written: &str) {
    let took = folder.run(arguments);
    let whole = folder.files(written);
    assert!(!whole.is_empty(), "{what} writes something");
    folder.clear(written);
    let mut moments = StdRng::seed_from_u64(1);
    let (mut killed, mut ended) = (0, 0);
    while killed < kills() {
        let mut running = folder.command(arguments).spawn().expect("started");
        std::thread::sleep(took.mul_f64(moments.random_range(0.0..1.1)));
        if running.try_wait().expect("known").is_some() {
            ended += 1;
            assert!(folder.files(written) == whole, "{what} ends as ever after {killed} kills");
            folder.clear(written);
            continue;
        }
        running.kill().expect("killed");
        running.wait().expect("ended");
        killed += 1;
        // What stands under its name is whole.
        for (path, bytes) in folder.files(written) {
            let is_log =
                path.extension().is_some_and(|kind| kind == "csv" || kind == "svg" || kind == "jsonl");
            assert!(
                whole.get(&path) == Some(&bytes) || is_log,
                "{} is half written after {killed} kills",
                path.display()
            );
        }
    }
    folder.run(arguments);
    assert!(folder.files(written) == whole, "{what} ends as ever after {killed} kills");
    println!(
        "torture | kill -9: {what} | {killed} | {killed} | 0 | | it also ended by itself {ended} times, as ever"
    );
}

#[test]
fn extraction_and_training_end_as_ever() {
    let folder = Folder::new("killed-training");
    assert_survives(
        "extraction and training",
        &folder,
        "train baseline --epochs 6 --data corpus --out run --cache run/cache",
        "run",
    );
}

#[test]
fn an_import_ends_as_ever() {
    let folder = Folder::new("killed-import");
    assert_survives(
        "encoder import",
        &folder,
        "encoder import published --name small --encoders encoders",
        "encoders",
    );
}

#[test]
fn a_report_ends_as_ever() {
    let folder = Folder::new("killed-report");
    folder.run("train baseline --epochs 1 --data corpus --out run --cache cache");
    let model = folder.0.join("models/baseline");
    fs::create_dir_all(&model).expect("created");
    for file in ["model.json", "model.safetensors"] {
        fs::copy(folder.0.join("run/baseline-best-random-1/model").join(file), model.join(file))
            .expect("copied");
    }
    assert_survives(
        "report",
        &folder,
        "report --data corpus --models models --held-out held-out --out reported/REPORT.md --figures figures",
        "reported",
    );
}

/// A disk without room, as far as a program can tell: no file may grow beyond so many half kilobytes.
fn without_room(folder: &Path, arguments: &str, most: usize) -> String {
    let limited = format!("trap '' XFSZ; ulimit -f {most}; exec \"$0\" {arguments}");
    let output = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_sottovoce")])
        .current_dir(folder)
        .output()
        .expect("started");
    assert!(!output.status.success(), "{arguments} cannot succeed");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn a_full_disk_is_reported_and_leaves_the_old_files() {
    let folder = Folder::new("full");
    let (wav, features) = ("corpus/1001_IEO_ANG_XX.wav", "map.safetensors");
    let commands = [
        (format!("features {wav} --kind log_mel --out {features}"), features, 4, "map.safetensors"),
        ("encoder import published --name small --encoders encoders".to_owned(), "encoders", 4, "weights-"),
        ("train baseline --epochs 2 --data corpus --out run --cache cache".to_owned(), "run", 16, "run/"),
    ];
    for (arguments, written, most, named) in commands {
        folder.run(&arguments);
        let old = folder.files(written);
        if written == "run" {
            // One epoch more than is there.
            fs::remove_dir_all(folder.0.join("run/baseline-best-random-1/checkpoints")).expect("removed");
        }
        let complaint = without_room(&folder.0, &arguments, most);
        assert!(complaint.contains(named) && complaint.contains("too large"), "{arguments}: {complaint}");
        assert!(!complaint.contains("panicked"), "{complaint}");
        assert!(folder.files(written) == old, "{arguments} leaves the old files");
    }
}
