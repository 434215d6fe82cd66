//! Archives of recordings: a row for each, in whatever way the program stops.

#![cfg(all(feature = "batch", not(target_arch = "wasm32")))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sottovoce-batch-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("created");
        Self(folder)
    }

    /// With an archive: nine sample clips, some in folders, and files that are no recordings.
    fn with_archive(name: &str) -> Self {
        let folder = Self::new(name);
        for (place, clip) in clips().iter().enumerate() {
            let name = clip.file_name().expect("named").to_str().expect("plain");
            let into = if place < 3 { format!("archive/b/{name}") } else { format!("archive/{name}") };
            folder.copy(clip, &into);
        }
        folder.write("archive/b/no recording.wav", "words");
        folder.write("archive/b.wav", "");
        folder.write("archive/notes.txt", "words");
        folder.write("archive/.hidden.wav", "words");
        folder.copy(Path::new("tests/fixtures/audio/wma.wma"), "archive/a/OLD.WMA");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().expect("inside")).expect("created");
        fs::write(self.path(name), text).expect("written");
    }

    fn copy(&self, from: &Path, name: &str) {
        fs::create_dir_all(self.path(name).parent().expect("inside")).expect("created");
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(from), self.path(name)).expect("copied");
    }

    /// The program with arguments, in this folder.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sottovoce"));
        let models = concat!(env!("CARGO_MANIFEST_DIR"), "/models/shipped");
        command.current_dir(&self.0).args(arguments.split(' ')).env("SOTTOVOCE_MODELS", models);
        command
    }

    fn output(&self, arguments: &str) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Standard error of a run that succeeds.
    fn run(&self, arguments: &str) -> String {
        let output = self.output(arguments);
        let errors = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(0), "{arguments}: {errors}");
        errors
    }

    fn assert_refused(&self, arguments: &str, words: &str) {
        let output = self.output(arguments);
        let errors = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{arguments}: {errors}");
        assert!(errors.contains(words), "{arguments}: {errors}");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("written")
    }

    /// The rows of a CSV file, by the names of the columns.
    fn csv(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.path(name)).expect("written");
        reader.deserialize().map(|row| row.expect("a row")).collect()
    }

    /// The rows of a JSONL file.
    fn jsonl(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).expect("written");
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
    }

    /// All rows of a Parquet file.
    fn parquet(&self, name: &str) -> RecordBatch {
        let file = File::open(self.path(name)).expect("written");
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").with_batch_size(1 << 20);
        let mut batches = reader.build().expect("readable");
        let batch = batches.next().expect("rows").expect("rows");
        assert!(batches.next().is_none());
        batch
    }

    /// Whether nothing but the output is left of a batch.
    fn is_clean(&self, out: &str) -> bool {
        !self.path(&format!("{out}.parts")).exists() && !self.path(&format!("{out}.partial")).exists()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The sample clips of the page.
fn clips() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/samples");
    let entries = fs::read_dir(folder).expect("samples").map(|entry| entry.expect("an entry").path());
    let mut clips: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "opus")).collect();
    clips.sort();
    clips
}

/// Names of the columns of probabilities.
const EMOTIONS: [&str; 7] = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"];

#[test]
fn every_recording_has_a_row_in_the_order_of_paths() {
    let folder = Folder::with_archive("rows");
    let errors = folder.run("batch archive --out all.csv --model mfcc1");
    assert!(
        errors.contains(
            "12 recordings, 3 of which could not be read (empty 1, unknown-format 1, windows-media 1)"
        ),
        "{errors}"
    );
    let rows = folder.csv("all.csv");
    let names: Vec<&str> = rows.iter().map(|row| row["file"].as_str()).collect();
    assert_eq!(names.len(), 12);
    assert!(names.is_sorted(), "{names:?}");
    assert!(
        names.contains(&"b.wav") && names.contains(&"b/no recording.wav") && names.contains(&"a/OLD.WMA")
    );
    for row in &rows {
        let is_fine = row["error_code"].is_empty();
        assert_eq!(row["file"].ends_with(".opus"), is_fine, "{row:?}");
        assert_eq!(row["label"].is_empty(), !is_fine);
        assert_eq!(row["error_message"].is_empty(), is_fine);
    }
    assert!(folder.is_clean("all.csv"));
}

#[test]
fn rows_are_what_predict_says() {
    let folder = Folder::with_archive("predict");
    folder.run("batch archive --out all.parquet");
    let table = folder.parquet("all.parquet");
    let texts = |name: &str| table.column_by_name(name).expect(name).as_string::<i32>().clone();
    let floats = |name: &str| table.column_by_name(name).expect(name).as_primitive::<Float32Type>().clone();
    let float = |value: &Value| value.as_f64().expect("a number") as f32;
    for row in 0..table.num_rows() {
        let file = texts("file").value(row).to_owned();
        let mut command = folder.command("predict --json");
        let output = command.arg(folder.path("archive").join(&file)).output().expect("the program starts");
        if texts("error_code").is_valid(row) {
            let said: Value = serde_json::from_slice(&output.stderr).expect("an object");
            assert_eq!(said["error"]["code"], texts("error_code").value(row));
            assert_eq!(said["error"]["message"], texts("error_message").value(row));
            assert!(texts("label").is_null(row) && floats("angry").is_null(row));
            continue;
        }
        let said: Value = serde_json::from_slice(&output.stdout).expect("an object");
        assert_eq!(said["label"], texts("label").value(row));
        assert_eq!(said["certainty"], texts("certainty").value(row));
        assert_eq!(said["model"], texts("model").value(row));
        for emotion in EMOTIONS {
            assert_eq!(float(&said["probabilities"][emotion]), floats(emotion).value(row), "{file}");
        }
        for name in ["duration_s", "heard_from_s", "heard_s"] {
            assert_eq!(float(&said[name]), floats(name).value(row), "{file}: {name}");
        }
        for name in ["speech_share", "level_dbfs", "clipped_share", "lost_s"] {
            assert_eq!(float(&said["quality"][name]), floats(name).value(row), "{file}: {name}");
        }
        let notes = said["notes"].as_array().expect("a list").iter();
        let notes: Vec<&str> = notes.map(|note| note["code"].as_str().expect("a name")).collect();
        assert_eq!(notes.join(" "), texts("notes").value(row));
    }
}

/// Adds a recording with some seconds of silence around two clips.
fn add_long(folder: &Folder, name: &str) {
    let bytes = fs::read(&clips()[4]).expect("a clip");
    let clip = sottovoce::audio::decode(&bytes, &Default::default()).expect("readable").samples;
    let silence = vec![0.0; 6 * 16_000];
    let samples = [&silence[..], &clip, &clip, &silence].concat();
    let data: Vec<u8> = samples.iter().flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes()).collect();
    let mut wav =
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data".to_vec();
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    fs::write(folder.path(name), wav).expect("written");
}

#[test]
fn windows_are_what_follow_says() {
    let folder = Folder::with_archive("follow");
    add_long(&folder, "archive/long.wav");
    folder.run("batch archive --out all.parquet --windows 1");
    folder.run("batch archive --out all.jsonl --windows 1");
    let table = folder.parquet("all.parquet");
    let rows = folder.jsonl("all.jsonl");
    assert_eq!(table.num_rows(), rows.len());
    for name in ["start_s", "end_s"] {
        let column = table.column_by_name(name).expect(name).as_primitive::<Float64Type>().clone();
        for (row, object) in rows.iter().enumerate() {
            assert_eq!(column.is_valid(row).then(|| column.value(row)), object[name].as_f64());
        }
    }
    let files: BTreeSet<&str> = rows.iter().map(|row| row["file"].as_str().expect("a name")).collect();
    assert_eq!(files.len(), 13);
    for file in files {
        let rows: Vec<&Value> = rows.iter().filter(|row| row["file"] == file).collect();
        if !rows[0]["error_code"].is_null() {
            assert_eq!(rows.len(), 1, "{file}");
            continue;
        }
        let mut command = folder.command("follow --format json --step 1");
        let output = command.arg(folder.path("archive").join(file)).output().expect("the program starts");
        let text = String::from_utf8(output.stdout).expect("text");
        let windows: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(windows.len(), rows.len(), "{file}");
        for (row, window) in rows.into_iter().zip(&windows) {
            for name in ["start_s", "end_s", "certainty", "label"] {
                assert_eq!(row[name], window[name], "{file}: {name}");
            }
            for emotion in EMOTIONS {
                let [ours, followed] = [&row[emotion], &window["probabilities"][emotion]].map(Value::as_f64);
                assert_eq!(ours.map(|share| share as f32), followed.map(|share| share as f32), "{file}");
            }
            let ends_s = windows.last().and_then(|window| window["end_s"].as_f64()).map(|end_s| end_s as f32);
            assert_eq!(row["duration_s"].as_f64().map(|s| s as f32), ends_s);
        }
    }
}

#[test]
fn lists_and_csv_files_name_recordings_from_their_folder() {
    let folder = Folder::with_archive("lists");
    folder.write("archive/list.txt", "b/1026_IEO_FEA_HI.opus\r\n\nnone.wav\n1049_ITS_HAP_XX.opus\n");
    folder.run("batch archive/list.txt --out list.csv --model mfcc1");
    let rows = folder.csv("list.csv");
    let names: Vec<&str> = rows.iter().map(|row| row["file"].as_str()).collect();
    assert_eq!(names, ["b/1026_IEO_FEA_HI.opus", "none.wav", "1049_ITS_HAP_XX.opus"]);
    assert_eq!(rows[1]["error_code"], "unreadable-file");

    let said = "he said \"no\",\nthen left";
    let manifest =
        "speaker,file,words\n7,b/1026_IEO_FEA_HI.opus,\"he said \"\"no\"\",\nthen left\"\n,none.wav,ü\n";
    folder.write("archive/all.csv", manifest);
    for out in ["all.csv", "all.jsonl"] {
        folder.run(&format!("batch archive/all.csv --out {out} --model mfcc1"));
    }
    let rows = folder.csv("all.csv");
    assert_eq!([&rows[0]["speaker"], &rows[0]["words"]], ["7", said]);
    assert_eq!(
        [&rows[1]["speaker"], &rows[1]["words"], &rows[1]["error_code"]],
        ["", "ü", "unreadable-file"]
    );
    assert_eq!(folder.jsonl("all.jsonl")[0]["words"], said);

    folder.write("archive/taken.csv", "file,label\nb.wav,happy\n");
    folder.assert_refused("batch archive/taken.csv --out no.csv", "named 'label'");
    folder.write("archive/other.csv", "path\nb.wav\n");
    folder.assert_refused("batch archive/other.csv --out no.csv", "no column 'file'");
    folder.write("archive/uneven.csv", "file,words\nb.wav\n");
    folder.assert_refused("batch archive/uneven.csv --out no.csv", "uneven.csv");
    folder.assert_refused("batch archive/1049_ITS_HAP_XX.opus --out no.csv", "no list of recordings");
    folder.assert_refused("batch nowhere --out no.csv", "nowhere: ");
    fs::create_dir(folder.path("empty")).expect("created");
    folder.assert_refused("batch empty --out no.csv", "there are no recordings");
    assert!(folder.is_clean("no.csv") && !folder.path("no.csv").exists());
}

/// A list of many inputs, which takes a few seconds to read.
fn write_many(folder: &Folder, count: usize) {
    let clips = clips();
    let lines: Vec<String> = (0..count).map(|n| clips[n % clips.len()].display().to_string()).collect();
    folder.write("many.txt", &lines.join("\n"));
}

/// Starts the program and kills it when its first part is finished.
fn kill_after_a_part(folder: &Folder, arguments: &str, out: &str) {
    let mut running = folder.command(arguments).stderr(Stdio::null()).spawn().expect("started");
    let start = Instant::now();
    while !folder.path(&format!("{out}.parts/000000.json")).exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "the first part takes too long");
        thread::sleep(Duration::from_millis(2));
    }
    running.kill().expect("killed");
    assert!(!running.wait().expect("ended").success(), "it was killed before its end");
}

/// Starts the program and kills it after some time, in the middle of whatever it does.
fn kill_after(folder: &Folder, arguments: &str, time: Duration) {
    let mut running = folder.command(arguments).stderr(Stdio::null()).spawn().expect("started");
    thread::sleep(time);
    running.kill().expect("killed");
    running.wait().expect("ended");
}

#[test]
fn a_killed_batch_goes_on_and_ends_with_the_same_bytes() {
    let folder = Folder::new("killed");
    write_many(&folder, 160);
    for (out, options) in [("all.parquet", "--windows 2"), ("all.csv", ""), ("all.jsonl", "--windows 4")] {
        let arguments = format!("batch many.txt --model mfcc1 {options} --out").replace("  ", " ");
        let start = Instant::now();
        folder.run(&format!("{arguments} whole-{out}"));
        let took = start.elapsed();
        let killed = format!("{arguments} {out}");
        kill_after_a_part(&folder, &killed, out);
        assert!(!folder.path(out).exists());
        for _ in 0..3 {
            kill_after(&folder, &killed, took / 10);
        }
        // On a machine that has become faster meanwhile, it ended by itself.
        if !folder.path(out).exists() {
            let errors = folder.run(&killed);
            assert!(errors.contains("Going on after "), "{errors}");
        }
        assert!(folder.read(out) == folder.read(&format!("whole-{out}")), "{out}");
        assert!(folder.is_clean(out));
    }
}

#[test]
fn finished_parts_are_kept_as_they_are() {
    let folder = Folder::new("kept");
    write_many(&folder, 130);
    let arguments = "batch many.txt --model mfcc1 --out all.csv";
    kill_after_a_part(&folder, arguments, "all.csv");
    let part = folder.path("all.csv.parts/000000.csv");
    let marked = fs::read_to_string(&part).expect("finished").replacen("mfcc1", "mark", 1);
    fs::write(part, marked).expect("written");
    let errors = folder.run(arguments);
    assert!(errors.contains("130 recordings"), "{errors}");
    let rows = folder.csv("all.csv");
    assert_eq!((rows.len(), rows[0]["model"].as_str()), (130, "mark"));
}

#[test]
fn parts_of_another_batch_are_refused() {
    let folder = Folder::new("plan");
    write_many(&folder, 130);
    let arguments = "batch many.txt --model mfcc1 --out all.csv";
    kill_after_a_part(&folder, arguments, "all.csv");
    for (others, named) in [
        ("batch many.txt --model mfcc2 --out all.csv", "model, weights"),
        ("batch many.txt --model mfcc1 --windows 2 --out all.csv", "part, windows"),
        ("batch many.txt --model mfcc1 --shard 1/2 --out all.csv", "count, inputs, shard"),
    ] {
        folder.assert_refused(others, &format!("differs in: {named}. Finish that one"));
    }
    // The first still goes on.
    assert!(folder.run(arguments).contains("Going on after "));

    kill_after_a_part(&folder, &format!("{arguments} --overwrite"), "all.csv");
    let errors = folder.run("batch many.txt --model baseline --out all.csv --overwrite");
    assert!(!errors.contains("Going on"), "{errors}");
    assert!(folder.csv("all.csv").iter().all(|row| row["model"] == "baseline"));
}

#[test]
fn two_processes_do_not_write_one_output() {
    let folder = Folder::new("busy");
    write_many(&folder, 300);
    let arguments = "batch many.txt --model mfcc1 --out all.csv";
    let mut running = folder.command(arguments).stderr(Stdio::null()).spawn().expect("started");
    while !folder.path("all.csv.parts/plan.json").exists() {
        thread::sleep(Duration::from_millis(2));
    }
    folder.assert_refused(arguments, "another process is writing here");
    running.kill().expect("killed");
    running.wait().expect("ended");
}

#[test]
fn an_output_is_replaced_only_when_asked() {
    let folder = Folder::with_archive("overwrite");
    let arguments = "batch archive --model mfcc1 --out all.csv";
    folder.write("all.csv", "mine");
    folder.assert_refused(arguments, "all.csv is already there");
    assert_eq!(folder.read("all.csv"), b"mine");
    assert!(folder.is_clean("all.csv"));
    folder.run(&format!("{arguments} --overwrite"));
    assert_eq!(folder.csv("all.csv").len(), 12);
    folder.assert_refused("batch archive --out nowhere/all.csv", "nowhere/all.csv.parts: ");
    folder.assert_refused("batch archive --out all.txt", "--format");
    folder.assert_refused("batch archive --out all.xls --format xls", "not one of parquet");
    folder.assert_refused("batch archive --out no.csv --shard 3/2", "from 1/8 to 8/8");
    folder.assert_refused("batch archive --out no.csv --windows 9", "0.25 to 4 seconds");
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    let folder = Folder::new("full");
    write_many(&folder, 130);
    let arguments = "batch many.txt --model mfcc1 --out all.csv";
    folder.run(&arguments.replace("all", "whole"));
    // As far as a program can tell: no file may grow beyond so many half kilobytes. That is enough for a part, not for all.
    let size = folder.read("whole.csv").len();
    let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" {arguments}", size * 3 / 4 / 512);
    let output = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_sottovoce")])
        .env("SOTTOVOCE_MODELS", concat!(env!("CARGO_MANIFEST_DIR"), "/models/shipped"))
        .current_dir(&folder.0)
        .output()
        .expect("started");
    let errors = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("all.csv: ") && errors.contains("too large"), "{errors}");
    assert!(errors.contains("the same command goes on"), "{errors}");
    let errors = folder.run(arguments);
    assert!(errors.contains("Going on after 130 of 130"), "{errors}");
    assert!(folder.read("all.csv") == folder.read("whole.csv"));
}

#[test]
fn every_recording_is_in_one_shard() {
    let folder = Folder::with_archive("shards");
    folder.run("batch archive --model mfcc1 --out all.csv");
    let mut rows = Vec::new();
    for shard in 1..=3 {
        folder.run(&format!("batch archive --model mfcc1 --out {shard}.csv --shard {shard}/3"));
        rows.extend(folder.csv(&format!("{shard}.csv")));
    }
    rows.sort_by(|a, b| a["file"].cmp(&b["file"]));
    assert_eq!(rows, folder.csv("all.csv"));
}

#[test]
fn a_shard_without_recordings_is_an_empty_table() {
    let folder = Folder::new("empty-shard");
    folder.write("list.txt", "none.wav");
    for shard in 1..=2 {
        folder.run(&format!("batch list.txt --out {shard}.parquet --shard {shard}/2"));
    }
    let rows = [1, 2].map(|shard| {
        let file = File::open(folder.path(&format!("{shard}.parquet"))).expect("written");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        reader.metadata().file_metadata().num_rows()
    });
    assert_eq!(rows.iter().sum::<i64>(), 1);
}

#[test]
fn threads_change_nothing() {
    let folder = Folder::with_archive("threads");
    for threads in [1, 3] {
        folder.run(&format!("batch archive --model mfcc1 --out {threads}.parquet --threads {threads}"));
    }
    assert!(folder.read("1.parquet") == folder.read("3.parquet"));
}

#[test]
fn embeddings_are_vectors() {
    let folder = Folder::with_archive("embeddings");
    folder.run("batch archive --out all.parquet --embeddings");
    folder.run("batch archive --out all.jsonl --embeddings");
    let table = folder.parquet("all.parquet");
    let vectors = table.column_by_name("embedding").expect("asked for").as_fixed_size_list();
    let rows = folder.jsonl("all.jsonl");
    assert!(vectors.value_length() > 8);
    for (row, object) in rows.iter().enumerate() {
        assert_eq!(vectors.is_null(row), object["label"].is_null());
        let floats = vectors.value(row).as_primitive::<Float32Type>().values().to_vec();
        let listed = object["embedding"].as_array().map(|list| {
            list.iter().map(|value| value.as_f64().expect("a number") as f32).collect::<Vec<_>>()
        });
        assert!(listed.is_none_or(|listed| listed == floats));
    }
    folder.assert_refused("batch archive --out all.csv --embeddings", "no place for embeddings");
}

#[test]
fn one_side_of_a_call_can_be_chosen() {
    let folder = Folder::new("channel");
    folder.copy(Path::new("tests/fixtures/audio/call.ogg"), "calls/call.ogg");
    folder.run("batch calls --model mfcc1 --out both.csv");
    folder.run("batch calls --model mfcc1 --out left.csv --channel left");
    folder.run("batch calls --model mfcc1 --out windows.csv --windows 2");
    assert_eq!(folder.csv("both.csv")[0]["notes"], "dual-channel");
    assert_eq!(folder.csv("left.csv")[0]["notes"], "");
    assert!(folder.csv("windows.csv").iter().all(|row| row["notes"].ends_with("dual-channel")));
}

#[test]
fn audformat_gets_a_database() {
    let folder = Folder::with_archive("audformat");
    for (out, windows, index) in
        [("whole", "", &["file", "error_code"][..]), ("windows", " --windows 2", &["file", "start", "end"])]
    {
        folder.run(&format!("batch archive --model mfcc1 --out {out} --format audformat{windows}"));
        let description: Value =
            serde_json::from_slice(&folder.read(&format!("{out}/db.yaml"))).expect("JSON");
        let table = &description["tables"]["emotion"];
        assert_eq!(table["type"], if windows.is_empty() { "filewise" } else { "segmented" });
        let text = String::from_utf8(folder.read(&format!("{out}/db.emotion.csv"))).expect("text");
        let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
        assert_eq!(header[..index.len()], *index);
        // audformat reads columns by their place.
        let described = String::from_utf8(folder.read(&format!("{out}/db.yaml"))).expect("text");
        let places = header
            .iter()
            .filter_map(|name| described.find(&format!("\"{name}\": {{\n          \"scheme_id")));
        assert!(places.clone().is_sorted() && places.count() >= header.len() - 3, "{described}");
        for column in header.iter().filter(|name| !["file", "start", "end"].contains(name)) {
            let scheme = table["columns"][column]["scheme_id"].as_str().expect("described");
            assert!(description["schemes"][scheme].is_object(), "{column}");
        }
        if !windows.is_empty() {
            assert!(text.contains(".opus,0 days 00:00:00.000000,0 days 00:00:0"), "{text}");
            assert!(text.contains("b.wav,0 days 00:00:00.000000,,empty,"), "{text}");
        }
        let again = format!("batch archive --model mfcc1 --out {out} --format audformat{windows}");
        folder.assert_refused(&again, "db.yaml is already there");
    }
}

#[cfg(unix)]
#[test]
fn names_in_old_encodings_and_links_are_followed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let folder = Folder::with_archive("names");
    fs::copy(&clips()[0], folder.path("archive").join(OsStr::from_bytes(b"M\xfcller.opus"))).expect("copied");
    fs::create_dir(folder.path("elsewhere")).expect("created");
    fs::copy(&clips()[0], folder.path("elsewhere/linked.opus")).expect("copied");
    symlink("../elsewhere", folder.path("archive/z")).expect("linked");
    symlink("..", folder.path("archive/b/up")).expect("linked");
    folder.run("batch archive --model mfcc1 --out all.csv");
    let rows = folder.csv("all.csv");
    assert_eq!(rows.len(), 14);
    for name in ["M\u{fffd}ller.opus", "z/linked.opus"] {
        let row = rows.iter().find(|row| row["file"] == name).expect(name);
        assert_eq!(row["error_code"], "", "{row:?}");
    }
}
