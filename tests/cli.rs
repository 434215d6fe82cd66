//! The command line as people and programs use it.

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SAMPLE: &str = "www/samples/1049_ITS_HAP_XX.opus";

fn sottovoce(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sottovoce"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("SOTTOVOCE_MODELS");
    command
}

fn run(arguments: &[&str]) -> Output {
    sottovoce(arguments).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sottovoce-{}-{name}", std::process::id()))
}

#[test]
fn predict_prints_a_line_a_file() {
    let output = run(&["predict", SAMPLE, "tests/fixtures/audio/recorder.webm"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with(SAMPLE) && lines[0].contains(" %"), "{}", lines[0]);
}

#[test]
fn predict_json_is_for_programs() {
    let output = run(&["predict", "--json", SAMPLE]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(report["file"], SAMPLE);
    assert_eq!(report["model"], "voice");
    assert!(report["label"].is_string() && report["notes"].is_array());
    let shares = report["probabilities"].as_object().expect("an object").values();
    let total: f64 = shares.map(|share| share.as_f64().expect("a number")).sum();
    assert!((total - 1.0).abs() < 1e-4, "{total}");
    assert!(report["timings"]["model_ms"].as_f64().expect("a number") > 0.0);
}

#[test]
fn a_bad_file_stops_nothing_and_is_reported_on_standard_error() {
    let output = run(&["predict", "--json", "Cargo.toml", "no-such-file.wav", SAMPLE]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout).lines().count(), 1);
    let errors: Vec<Value> =
        text(&output.stderr).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(errors[0]["error"]["code"], "unknown-format");
    assert_eq!(errors[1]["error"]["code"], "unreadable-file");
}

const OTHERS: [&str; 3] = [
    "www/samples/1064_ITS_DIS_XX.opus",
    "www/samples/1037_WSI_NEU_XX.opus",
    "www/samples/1028_MTI_SAD_XX.opus",
];

#[test]
fn recordings_of_one_speaker_are_conditioned_on_each_other() {
    let objects = |arguments: &[&str]| -> Vec<Value> {
        let output = run(&[&["predict", "--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let kept = temporary("speaker.json");
    let path = kept.to_str().expect("plain");
    let alone = objects(&[SAMPLE]);
    let conditioned =
        objects(&[&["--same-speaker", "--write-reference", path, SAMPLE], &OTHERS[..]].concat());
    assert_eq!(conditioned.len(), 4);
    assert!(conditioned.iter().all(|report| report["speaker"]["clips"] == 3));
    assert_eq!(conditioned[0]["speaker"]["alone"]["probabilities"], alone[0]["probabilities"]);
    assert_ne!(conditioned[0]["probabilities"], alone[0]["probabilities"]);
    let shuffled = objects(&["--same-speaker", OTHERS[2], SAMPLE, OTHERS[0], OTHERS[1]]);
    assert_eq!(shuffled[1]["probabilities"], conditioned[0]["probabilities"]);

    // The reference in the file has all four clips: a fifth clip gets the same prediction with it as with them.
    let fifth = "www/samples/1026_IEO_FEA_HI.opus";
    let by_file = objects(&["--reference", path, fifth]);
    let by_names = objects(&[&["--same-speaker", fifth, SAMPLE], &OTHERS[..]].concat());
    assert_eq!(by_file[0]["speaker"]["clips"], 4);
    assert_eq!(by_file[0]["probabilities"], by_names[0]["probabilities"]);
    let explained = run(&["explain", "--json", "--reference", path, fifth]);
    let explained: Value = serde_json::from_slice(&explained.stdout).expect("JSON");
    let label = by_file[0]["label"].as_str().expect("a word");
    let probability = explained["probability"].as_f64().expect("a number");
    let read = by_file[0]["probabilities"][label].as_f64().expect("a number");
    assert!((probability - read).abs() < 1e-5, "{probability}, {read}");

    let people = run(&["predict", "--same-speaker", SAMPLE, OTHERS[0]]);
    assert!(text(&people.stdout).contains("[given 1 other recording of the speaker, "));
    fs::remove_file(kept).expect("removed");
}

#[test]
fn a_speaker_reference_that_cannot_be_used_is_named() {
    let refused = |arguments: &[&str], words: &str| {
        let output = run(&[&["predict", SAMPLE], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{arguments:?}: {}", text(&output.stderr));
    };
    refused(&["--same-speaker", "--model", "mfcc1"], "Choose the model 'voice'");
    refused(&["--reference", "no-such-file.json"], "no-such-file.json: ");
    refused(&["--reference", "Cargo.toml"], "This is no speaker reference");
    refused(&["--write-reference", "speaker.json"], "--same-speaker");
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("speaker.json").exists());
}

/// Makes a folder of classes from the lesson's clips of some emotions, five of each class.
fn classes(name: &str, classes: &[(&str, &[&str])]) -> PathBuf {
    let mut clips: Vec<PathBuf> = fs::read_dir("www/lesson/clips")
        .expect("the clips")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "opus"))
        .collect();
    clips.sort();
    let folder = temporary(name);
    for (class, emotions) in classes {
        let into = folder.join(class);
        fs::create_dir_all(&into).expect("a temporary folder");
        let is_wanted = |clip: &&PathBuf| {
            let name = clip.display().to_string();
            emotions.iter().any(|emotion| name.contains(&format!("_{emotion}_")))
        };
        for clip in clips.iter().filter(is_wanted).take(5) {
            fs::copy(clip, into.join(clip.file_name().expect("a file"))).expect("copied");
        }
    }
    folder
}

#[test]
fn classes_of_ones_own_are_taught_from_folders() {
    let folder = classes("teach", &[("loud", &["ANG", "HAP"]), ("low", &["SAD", "NEU", "DIS"])]);
    let out = folder.join("classes.json");
    fs::write(folder.join("low/notes.txt"), "not a recording").expect("written");
    let [folder_name, out_name] = [&folder, &out].map(|path| path.display().to_string());
    let output = run(&["teach", &folder_name, "--out", &out_name]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("low, 5 recordings: "), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("notes.txt: "), "{}", text(&output.stderr));

    let output = run(&["predict", "--json", "--classes", &out_name, SAMPLE]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let shares = report["custom"]["probabilities"].as_object().expect("an object");
    assert_eq!(shares.keys().collect::<Vec<_>>(), ["loud", "low"]);
    assert!(shares.contains_key(report["custom"]["label"].as_str().expect("a name")));
    let output = run(&["predict", "--classes", &out_name, SAMPLE]);
    assert!(text(&output.stdout).contains('['), "{}", text(&output.stdout));

    let refused = |arguments: &[&str], reason: &str| {
        let output = run(arguments);
        assert_ne!(output.status.code(), Some(0));
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    };
    refused(&["predict", "--classes", "Cargo.toml", SAMPLE], "This is no file of classes");
    refused(&["predict", "--model", "mfcc1", "--classes", &out_name, SAMPLE], "taught to another model");
    refused(&["teach", &folder_name, "--model", "mfcc1", "--out", &out_name], "Choose the model 'voice'");
    fs::remove_file(folder.join("loud").join(clip_in(&folder.join("loud")))).expect("removed");
    let before = fs::read(&out).expect("written before");
    refused(&["teach", &folder_name, "--out", &out_name], "'loud' has 4 of the 5 recordings");
    assert_eq!(fs::read(&out).expect("still there"), before);
    fs::remove_dir_all(folder).expect("removed");
}

/// The name of some file in a folder.
fn clip_in(folder: &Path) -> std::ffi::OsString {
    fs::read_dir(folder).expect("a folder").next().expect("a file").expect("readable").file_name()
}

#[test]
fn following_one_speaker_takes_a_second_pass() {
    let path = long_recording("same.wav");
    let file = path.to_str().expect("plain");
    let lines = |arguments: &[&str]| {
        let output = run(&[&["follow", file, "--format", "csv"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (alone, conditioned) = (lines(&[]), lines(&["--same-speaker"]));
    assert_eq!(alone.len(), conditioned.len());
    let spoken = |line: &&String| !line.contains("no-speech");
    assert_eq!(alone.iter().filter(spoken).count(), conditioned.iter().filter(spoken).count());
    assert_ne!(alone, conditioned);
    fs::remove_file(path).expect("removed");
}

const CALL: &str = "tests/fixtures/audio/call.ogg";

#[test]
fn one_side_of_a_call_can_be_chosen() {
    let reading = |channel: &[&str]| -> Value {
        let output = run(&[&["predict", "--json", CALL], channel].concat());
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    };
    let both = reading(&[]);
    assert_eq!(both["notes"][0]["code"], "dual-channel", "{both}");
    let [left, first, right] = ["left", "1", "right"].map(|channel| reading(&["--channel", channel]));
    assert_eq!(left["probabilities"], first["probabilities"]);
    assert_ne!(left["probabilities"], right["probabilities"]);
    for one in [left, right] {
        assert_ne!(one["probabilities"], both["probabilities"]);
        assert_eq!(one["notes"].as_array().map(Vec::len), Some(0), "{one}");
    }
    let explained = run(&["explain", CALL, "--model", "mfcc1", "--channel", "right"]);
    assert_eq!(explained.status.code(), Some(0), "{}", text(&explained.stderr));

    let missing = run(&["predict", CALL, "--channel", "3"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("There is no channel “3” in this recording, which has 2."));
    assert_eq!(run(&["predict", CALL, "--channel", "middle"]).status.code(), Some(2));
}

#[test]
fn following_tells_of_channels_and_tracks_at_the_end() {
    let remarks = |arguments: &[&str]| text(&run(&[&["follow"], arguments].concat()).stderr);
    assert!(remarks(&[CALL]).contains("There are two voices, one on each channel"));
    assert!(!remarks(&[CALL, "--channel", "left"]).contains("two voices"));
    assert!(
        remarks(&["tests/fixtures/audio/second-track.m4a"])
            .contains("The first sound track of this file is silent.")
    );
}

#[test]
fn a_dash_reads_standard_input() {
    let mut child = sottovoce(&["predict", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let bytes = fs::read(SAMPLE).expect("the sample");
    child.stdin.take().expect("piped").write_all(&bytes).expect("written");
    let piped = child.wait_with_output().expect("finishes");
    let named = run(&["predict", SAMPLE]);
    let opinion = |output: &Output| text(&output.stdout).split_once(": ").map(|(_, rest)| rest.to_owned());
    assert_eq!(opinion(&piped), opinion(&named));
}

#[test]
fn an_unknown_model_is_named_with_what_to_do() {
    let output = run(&["predict", "--model", "nonesuch", SAMPLE]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("sottovoce models"));
    let output = run(&["models", "--models", "no-such-folder"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--models"));
}

#[test]
fn models_lists_what_is_shipped() {
    let output = run(&["models"]);
    assert_eq!(output.status.code(), Some(0));
    let printed = text(&output.stdout);
    for folder in fs::read_dir("models/shipped").expect("there") {
        let name = folder.expect("readable").file_name().into_string().expect("a plain name");
        assert!(printed.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}: {printed}");
    }
}

#[test]
fn features_writes_the_map_of_the_clip_or_of_the_whole_file() {
    let out = temporary("features.safetensors");
    let path = out.to_str().expect("plain");
    for (kind, options, shape) in [
        ("mfcc_rms", &[][..], [41, 216]),
        ("log_mel", &[][..], [128, 126]),
        ("log_mel", &["--no-clip"][..], [128, 1 + 16_000 / 512]),
    ] {
        let fixture = "tests/fixtures/audio/s16.wav";
        let output = run(&[&["features", "--kind", kind, fixture, "--out", path], options].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let bytes = fs::read(&out).expect("written");
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("readable");
        assert_eq!(file.tensor("features").expect("present").shape(), shape, "{kind} {options:?}");
    }
    fs::remove_file(&out).expect("cleaned up");
}

#[test]
fn features_of_a_bad_file_leave_no_file() {
    let out = temporary("none.safetensors");
    let path = out.to_str().expect("plain");
    let output = run(&["features", "--kind", "log_mel", "Cargo.toml", "--out", path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!out.exists());
}

#[test]
fn corpus_counts_draws_and_lists_what_cannot_be_read() {
    let data = temporary("corpus");
    fs::create_dir_all(&data).expect("created");
    for name in ["1026_IEO_FEA_HI.opus", "1049_ITS_HAP_XX.opus"] {
        fs::copy(format!("www/samples/{name}"), data.join(name)).expect("copied");
    }
    fs::write(data.join("1001_DFA_ANG_XX.wav"), b"no recording").expect("written");
    // Known to be wrong, so that it is not even read.
    fs::write(data.join("1076_MTI_SAD_XX.wav"), b"").expect("written");
    let data = data.to_str().expect("a plain name");

    let output = run(&["corpus", "--data", data, "--figures", &format!("{data}/figures")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.contains("files that cannot be read\n"), "{printed}");
    assert!(printed.contains("1001_DFA_ANG_XX.wav: "), "{printed}");
    assert!(printed.contains("1076_MTI_SAD_XX.wav is digital silence"), "{printed}");
    for name in ["emotions.svg", "loudness.svg"] {
        assert!(fs::read_to_string(format!("{data}/figures/{name}")).expect("drawn").starts_with("<svg"));
    }

    let output = run(&["corpus", "--data", data, "--json", "--keep-defects"]);
    let survey: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(survey["counts"]["happy"]["CREMA-D"], 1);
    assert_eq!(survey["counts"]["sad"]["CREMA-D"], 1);
    assert_eq!(survey["speakers"]["CREMA-D"]["female"], 2);
    assert_eq!(survey["unreadable"].as_array().expect("a list").len(), 2);
    assert_eq!(survey["durations_s"]["CREMA-D"]["count"], 2);
    let _ = fs::remove_dir_all(data);
}

#[test]
fn corpus_tells_copies_and_what_was_not_fetched() {
    let data = temporary("copies");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    for folder in ["AudioWAV", "AudioMP3", "AudioFLAC"] {
        fs::create_dir_all(data.join(folder)).expect("created");
    }
    for name in ["1026_IEO_FEA_HI", "1049_ITS_HAP_XX", "1028_MTI_SAD_XX"] {
        fs::copy(format!("www/samples/{name}.opus"), data.join(format!("AudioWAV/{name}.opus")))
            .expect("copied");
        fs::write(data.join(format!("AudioMP3/{name}.mp3")), pointer).expect("written");
    }
    let copied = data.join("AudioWAV/1049_ITS_HAP_XX (1).opus");
    fs::copy("www/samples/1049_ITS_HAP_XX.opus", copied).expect("copied");
    for actor in 1001..1010 {
        fs::write(data.join(format!("AudioFLAC/{actor}_DFA_ANG_XX.flac")), pointer).expect("written");
    }
    let data = data.to_str().expect("a plain name");

    let output = run(&["corpus", "--data", data]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    for line in [
        "1049_ITS_HAP_XX (1).opus is a copy of ",
        "9 files in ",
        "AudioFLAC are git-lfs pointers: run `git lfs pull` there",
        "3 files in ",
        "AudioMP3 are git-lfs pointers; the same recordings are read from other files",
    ] {
        assert_eq!(printed.matches(line).count(), 1, "{line}: {printed}");
    }
    assert!(!printed.contains("cannot be read"), "{printed}");

    let output = run(&["corpus", "--data", data, "--json"]);
    let survey: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(survey["counts"]["happy"]["CREMA-D"], 1);
    assert_eq!(survey["unreadable"].as_array().expect("a list").len(), 0);
    assert_eq!(survey["copies"].as_array().expect("a list").len(), 1);
    assert_eq!(survey["pointers"][0]["missing"], 9);

    // Training prints a short form.
    let output = run(&["train", "mfcc1", "--data", data, "--out", data, "--cache", data]);
    let errors = text(&output.stderr);
    assert!(errors.contains("AudioFLAC are git-lfs pointers: run `git lfs pull` there"), "{errors}");
    assert!(errors.contains("Files left out because they repeat recordings: 1."), "{errors}");
    assert!(!errors.contains("AudioMP3"), "{errors}");
    let _ = fs::remove_dir_all(data);
}

#[test]
fn training_says_what_it_lacks() {
    let refused = |arguments: &[&str], words: &str| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{arguments:?}: {}", text(&output.stderr));
    };
    refused(&["train", "mfcc9", "--data", "www/samples"], "baseline, mfcc1, mfcc2, ms");
    refused(&["train", "mfcc1", "--data", "www/samples", "--recipe", "worst"], "best and paper");
    refused(
        &["train", "mfcc1", "--data", "www/samples", "--split", "voice"],
        "random, speaker, fold-1 to fold-5, noss and corpus-NAME",
    );
    refused(&["train", "mfcc1", "--data", "src"], "give the folder that holds them");
    refused(&["train", "mfcc1", "--data", "www/samples", "--epochs", "0"], "epochs must be at least 1");
    refused(
        &["train", "mfcc1", "--data", "www/samples", "--unfreeze-last", "1"],
        "there are no layers to unfreeze",
    );
    let recipe = "recipes/pretrain/wav2vec2-contrast.toml";
    refused(
        &["pretrain", "wav2vec2", "--data", "www/samples", "--recipe", recipe, "--steps", "0"],
        "steps must be at least 1",
    );
    let out = temporary("too-few");
    let out = out.to_str().expect("a plain name");
    let cache = format!("{out}/cache");
    let arguments = ["train", "mfcc1", "--data", "www/samples", "--out", out, "--cache", &cache];
    refused(&arguments, "there are too few recordings: 9 for training");
    let _ = fs::remove_dir_all(out);
    #[cfg(not(feature = "cuda"))]
    refused(&["train", "mfcc1", "--data", "www/samples", "--device", "cuda"], "--features cuda");
    refused(&["train", "voice", "--data", "www/samples"], "name its folder with --encoder");
    let published = published_encoder("hubert_large");
    let encoder = published.to_str().expect("plain");
    refused(&["train", "hubert", "--data", "www/samples", "--encoder", encoder], "must be imported first");
    let _ = fs::remove_dir_all(published);
}

#[test]
fn evaluation_says_what_it_lacks() {
    let output =
        run(&["evaluate", "--data", "www/samples", "--split", "corpus-crema-d", "--held-out", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--split corpus-crema-d"), "{}", text(&output.stderr));
    let output = run(&["calibrate", "--data", "www/samples"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("None of these recordings is from an unseen corpus"),
        "{}",
        text(&output.stderr)
    );
    let output = run(&["evaluate", "--data", "www/samples", "--split", "corpus-emovo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no recording of EMOVO was found"), "{}", text(&output.stderr));
    for command in ["evaluate", "report"] {
        let output = run(&[command, "--data", "www/samples"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains("None of these recordings is in the test set of this split"),
            "{}",
            text(&output.stderr)
        );
    }
}

/// A folder as Hugging Face publishes it.
fn published_encoder(name: &str) -> PathBuf {
    let folder = temporary(&format!("published-{name}"));
    fs::create_dir_all(&folder).expect("created");
    let fixture = |file: &str| format!("tests/fixtures/encoders/{name}.{file}");
    fs::copy(fixture("config.json"), folder.join("config.json")).expect("copied");
    fs::copy(fixture("weights.safetensors"), folder.join("model.safetensors")).expect("copied");
    folder
}

fn floats(file: &[u8], name: &str) -> Vec<f32> {
    let file = safetensors::SafeTensors::deserialize(file).expect("readable");
    let data = file.tensor(name).expect("present").data().to_vec();
    data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn an_imported_encoder_encodes_as_the_published_one() {
    let encoders = temporary("encoders");
    let encoders = encoders.to_str().expect("plain");
    let out = temporary("states.safetensors");
    let encode = |encoder: &str| {
        let arguments = ["encode", "--encoder", encoder, "www/samples/1026_IEO_FEA_HI.opus"];
        let output = run(&[&arguments[..], &["--out", out.to_str().expect("plain")]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        fs::read(&out).expect("written")
    };
    for name in ["hubert_large", "wav2vec2_base", "whisper"] {
        let published = published_encoder(name);
        let published = published.to_str().expect("plain");
        let whole = encode(published);
        for (precision, tolerance) in [("none", 1e-6), ("f16", 0.01), ("int8", 0.2)] {
            let arguments = ["encoder", "import", published, "--name", name, "--encoders", encoders];
            let output = run(&[&arguments[..], &["--quantize", precision, "--layers", "2"]].concat());
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            let imported = encode(&format!("{encoders}/{name}"));
            assert!(!text(&imported).contains("hidden_states.3"));
            for layer in ["hidden_states.0", "hidden_states.2"] {
                let (whole, imported) = (floats(&whole, layer), floats(&imported, layer));
                let off = whole.iter().zip(&imported).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off <= tolerance, "{name} {precision} {layer}: off by {off}");
            }
        }
        // One file of weights and the description are left, whatever was here before.
        assert_eq!(fs::read_dir(format!("{encoders}/{name}")).expect("there").count(), 2);
        let _ = fs::remove_dir_all(published);
    }
    let _ = fs::remove_dir_all(encoders);
    let _ = fs::remove_file(out);
}

#[test]
fn files_of_older_programs_make_the_same_encoder() {
    let folder = published_encoder("hubert_base");
    let out = temporary("older.safetensors");
    let encode = || {
        let arguments = ["encode", SAMPLE, "--encoder", folder.to_str().expect("plain")];
        let output = run(&[&arguments[..], &["--out", out.to_str().expect("plain")]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        fs::read(&out).expect("written")
    };
    let published = encode();
    fs::remove_file(folder.join("model.safetensors")).expect("removed");
    let older = "tests/fixtures/encoders/hubert_base.pytorch_model.bin";
    fs::copy(older, folder.join("pytorch_model.bin")).expect("copied");
    assert_eq!(encode(), published);
    let _ = fs::remove_dir_all(folder);
    let _ = fs::remove_file(out);
}

#[test]
fn an_encoder_that_does_not_fit_is_refused_with_the_names_of_its_tensors() {
    let folder = published_encoder("hubert_base");
    let source = folder.to_str().expect("plain");
    let import = |name: &str| run(&["encoder", "import", source, "--name", name, "--encoders", "nowhere"]);

    let config = fs::read_to_string(folder.join("config.json")).expect("there");
    let larger = config.replace("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4");
    fs::write(folder.join("config.json"), larger).expect("written");
    let output = import("hubert");
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(message.contains("missing [encoder.layers.3.attention.k_proj.bias, "), "{message}");

    fs::write(folder.join("config.json"), r#"{"model_type": "wavlm"}"#).expect("written");
    assert!(text(&import("hubert").stderr).contains("'wavlm'"));
    assert!(text(&import("../hubert").stderr).contains("cannot be the name of a folder"));
    fs::remove_file(folder.join("model.safetensors")).expect("removed");
    assert!(text(&import("hubert").stderr).contains("neither model.safetensors nor pytorch_model.bin"));
    assert!(!std::path::Path::new("nowhere").exists());
    let _ = fs::remove_dir_all(folder);
}

/// A WAV file of silence, then a sample clip, then silence again, each of some seconds.
fn long_recording(name: &str) -> PathBuf {
    let silence = vec![0.0_f32; 10 * 16_000];
    let clip = samples_of(SAMPLE);
    written_wav(name, &[&silence[..], &clip, &clip, &silence].concat())
}

/// The samples of a file in the project, mono at 16 kHz.
fn samples_of(path: &str) -> Vec<f32> {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("there");
    sottovoce::audio::decode(&bytes, &Default::default()).expect("readable").samples
}

/// Writes samples at 16 kHz as a temporary WAV file.
fn written_wav(name: &str, samples: &[f32]) -> PathBuf {
    let samples: Vec<i16> = samples.iter().map(|s| (s * 32_767.0) as i16).collect();
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(32_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    let path = temporary(name);
    fs::write(&path, wav).expect("written");
    path
}

#[test]
fn follow_reads_where_there_is_speech() {
    let path = long_recording("long.wav");
    let file = path.to_str().expect("plain");
    let csv = run(&["follow", file, "--format", "csv", "--step", "1"]);
    assert_eq!(csv.status.code(), Some(0), "{}", text(&csv.stderr));
    let csv = text(&csv.stdout);
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().expect("names").split(',').collect();
    assert_eq!(head[..5], ["start_s", "end_s", "certainty", "label", "angry"]);
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == head.len()));
    for (number, row) in rows.iter().enumerate() {
        let start_s: f64 = row[0].parse().expect("a number");
        assert_eq!(start_s, number as f64);
        // The clips stand from 10 to somewhat more than 15 s.
        if start_s + 4.0 <= 10.0 || start_s >= 16.5 {
            assert_eq!((row[2], row[3]), ("no-speech", ""));
        }
        if (11.0..=11.5).contains(&start_s) {
            assert_ne!(row[3], "", "{csv}");
        }
    }
    let json = run(&["follow", file, "--format", "json", "--step", "1"]);
    let objects: Vec<Value> =
        text(&json.stdout).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(objects.len(), rows.len());
    assert_eq!(objects[11]["label"], rows[11][3]);
    assert!(objects[0]["label"].is_null() && objects[0]["certainty"] == "no-speech");
    let people = run(&["follow", file]);
    assert!(
        text(&people.stdout).lines().next().expect("a line").starts_with("0:00:00.0 to 0:00:04.0  no speech")
    );
    assert!(text(&people.stderr).contains("times as fast as it plays"));
    fs::remove_file(path).expect("removed");
}

/// The intervals of a TextGrid as Praat reads them: tier, start, end and text.
fn read_by_praat(path: &Path) -> Vec<[String; 4]> {
    let output = Command::new("praat_nogui")
        .args(["--run", "tests/fixtures/read_text_grid.praat"])
        .arg(path)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("Praat is needed (Debian: apt-get install praat)");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let intervals = text(&output.stdout);
    let cells = |line: &str| -> [String; 4] {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        cells.try_into().expect("four cells")
    };
    intervals.lines().map(cells).collect()
}

#[test]
fn follow_writes_files_for_other_programs() {
    let path = long_recording("programs.wav");
    let file = path.to_str().expect("plain");
    let written = |format: &str| {
        let output = run(&["follow", file, "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let csv = written("csv");
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();

    let grid = temporary("programs.TextGrid");
    fs::write(&grid, written("textgrid")).expect("written");
    let intervals = read_by_praat(&grid);
    for (place, tier) in ["emotion", "certainty", "probability"].into_iter().enumerate() {
        let of_tier: Vec<_> = intervals.iter().filter(|interval| interval[0] == tier).collect();
        assert_eq!(of_tier.len(), rows.len());
        for (interval, row) in of_tier.iter().zip(&rows) {
            match place {
                0 => assert_eq!(interval[3], row[3]),
                1 => assert_eq!(interval[3], row[2]),
                _ => assert_eq!(interval[3].is_empty(), row[3].is_empty()),
            }
        }
        assert_eq!(of_tier[0][1], "0");
        let end_s = |text: &str| text.parse::<f64>().expect("seconds");
        assert!((end_s(&of_tier[rows.len() - 1][2]) - end_s(rows[rows.len() - 1][1])).abs() < 0.01);
    }

    let labels = written("audacity");
    assert_eq!(labels.lines().count(), rows.len());
    for (line, row) in labels.lines().zip(&rows) {
        let [from, to, caption] = line.split('\t').collect::<Vec<_>>().try_into().expect("three cells");
        let [from, to]: [f64; 2] = [from, to].map(|seconds| seconds.parse().expect("seconds"));
        assert!(from < to);
        assert!(row[3].is_empty() == (caption == "no speech") && caption.contains(row[3]), "{line}");
    }
    let captions = written("webvtt");
    assert!(captions.starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:03.000\nno speech\n"), "{captions}");
    for path in [path, grid] {
        fs::remove_file(path).expect("removed");
    }
}

#[test]
fn follow_detects_two_different_voices() {
    let clips = |names: &[&str]| -> Vec<f32> {
        let clips: Vec<f32> =
            names.iter().flat_map(|name| samples_of(&format!("www/samples/{name}"))).collect();
        clips.repeat(4)
    };
    let woman = clips(&["1049_ITS_HAP_XX.opus", "1049_WSI_HAP_XX.opus", "1053_IEO_ANG_HI.opus"]);
    let man = clips(&["1064_ITS_DIS_XX.opus", "1026_IEO_FEA_HI.opus"]);
    for (name, samples, is_detected) in [
        ("two-voices.wav", [woman.clone(), man.clone()].concat(), true),
        ("women.wav", woman.repeat(2), false),
        ("men.wav", man.repeat(2), false),
    ] {
        let path = written_wav(name, &samples);
        let output = run(&["follow", path.to_str().expect("plain")]);
        assert_eq!(
            text(&output.stderr).contains("Two different voices"),
            is_detected,
            "{name}: {}",
            text(&output.stderr)
        );
        fs::remove_file(path).expect("removed");
    }
}

#[test]
fn follow_says_what_is_wrong() {
    let step = run(&["follow", SAMPLE, "--step", "9"]);
    assert!(text(&step.stderr).contains("0.25 to 4 seconds"));
    let missing = run(&["follow", "no-such-file.wav"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).starts_with("no-such-file.wav: "));
    let no_audio = run(&["follow", "Cargo.toml"]);
    assert_eq!(no_audio.status.code(), Some(2));
    assert!(text(&no_audio.stderr).contains("does not look like an audio file"));
}

#[test]
fn explain_says_draws_and_writes_what_decided() {
    let (svg, out) = (temporary("heat.svg"), temporary("heat.safetensors"));
    let output = run(&[
        "explain",
        "--model",
        "ms",
        SAMPLE,
        "--svg",
        svg.to_str().expect("UTF-8"),
        "--out",
        out.to_str().expect("UTF-8"),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let line = text(&output.stdout);
    assert!(
        line.starts_with("1049_ITS_HAP_XX.opus: ") && line.contains(" s, from ") && line.contains(" kHz"),
        "{line}"
    );
    let drawn = fs::read_to_string(&svg).expect("the picture");
    assert_eq!(drawn.matches("<image ").count(), 2);
    let file = fs::read(&out).expect("the maps");
    let file = safetensors::SafeTensors::deserialize(&file).expect("safetensors");
    assert_eq!(file.tensor("coarse").expect("present").shape(), [16, 15]);
    assert_eq!(file.tensor("heat").expect("present").shape(), [128, 126]);
    assert_eq!(file.tensor("seen").expect("present").shape(), [128, 126]);
    let output =
        run(&["explain", "--model", "mfcc1", "--emotion", "sad", "--json", SAMPLE, "no-such-file.wav"]);
    assert_eq!(output.status.code(), Some(2));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!((&summary["emotion"], &summary["method"]), (&"sad".into(), &"grad-cam".into()));
    assert!(text(&output.stderr).starts_with("no-such-file.wav: "));
    [svg, out].iter().for_each(|path| fs::remove_file(path).expect("it was written"));
}

#[test]
fn explain_shows_encoders_from_within() {
    let svg = temporary("inside.svg");
    for (show, pictures) in [("activations", 2), ("attention", 18)] {
        let files = ["www/samples/1053_IEO_ANG_HI.opus", SAMPLE];
        let output =
            run(&["explain", files[0], files[1], "--show", show, "--svg", svg.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(fs::read_to_string(&svg).expect("the picture").matches("<image ").count(), pictures);
    }
    fs::remove_file(&svg).expect("it was written");
    let refused = |arguments: &[&str], why: &str| {
        let output = run(&[&["explain", SAMPLE][..], arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(why), "{}", text(&output.stderr));
    };
    let path = svg.to_str().expect("UTF-8");
    refused(&["--model", "ms", "--show", "attention", "--svg", path], "ms has no speech encoder to show");
    refused(&[SAMPLE, "--out", path], "--out takes one recording");
    refused(&["--emotion", "bored"], "'bored' is not one of the seven emotions");
}
