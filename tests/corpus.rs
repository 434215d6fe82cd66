//! The loader against the corpora's own lists.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use sottovoce::corpus::{
    Corpus, Defect, Duplicate, Found, Pointers, Sex, SplitKind, SplitSettings, Utterance, find, parse,
    without_defects,
};
use sottovoce::model::Emotion;

/// The path of every recording of the paper's corpora with its speaker, sex, emotion and defect.
fn expected() -> Vec<[String; 5]> {
    rows(include_bytes!("fixtures/corpora.csv.gz"))
}

/// The fields of a packed list, without its head.
fn rows<const FIELDS: usize>(packed: &[u8]) -> Vec<[String; FIELDS]> {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).expect("a list");
    let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    text.lines().skip(1).map(|line| fields(line).try_into().expect("as many fields")).collect()
}

fn all() -> Vec<Utterance> {
    expected().iter().map(|[path, ..]| parse(Path::new(path)).unwrap_or_else(|| panic!("{path}"))).collect()
}

#[test]
fn every_recording_is_understood_from_its_name() {
    for [path, speaker, sex, emotion, defect] in expected() {
        let found = parse(Path::new(&path)).unwrap_or_else(|| panic!("{path} is not recognised"));
        assert_eq!(found.speaker.name, speaker, "{path}");
        assert_eq!(if found.speaker.sex() == Some(Sex::Female) { "F" } else { "M" }, sex, "{path}");
        assert_eq!(found.emotion.name(), emotion, "{path}");
        assert_eq!(found.text.is_none(), found.speaker.corpus == Corpus::Savee, "{path}");
        let found = match found.defect {
            Some(Defect::Silent) => "silent",
            Some(Defect::LabelledTwice) => "labelled-twice",
            Some(Defect::Repeated) => "repeated",
            None => "",
        };
        assert_eq!(found, defect, "{path}");
    }
}

#[test]
fn recordings_of_other_corpora_are_understood_from_their_names() {
    // Every eighth. The folders that begin with `ordinary-` are of two publishers.
    let folders = [
        ("nemo", Corpus::Nemo),
        ("emospeech", Corpus::EmoSpeech),
        ("turev", Corpus::TurEv),
        ("emotiontts", Corpus::EmotionTts),
        ("emovo", Corpus::Emovo),
        ("ordinary-speechocean", Corpus::Speechocean),
        ("ordinary-picovoice", Corpus::Picovoice),
    ];
    let rows: Vec<[String; 4]> = rows(include_bytes!("fixtures/other-corpora.csv.gz"));
    assert_eq!(rows.len(), 1_444);
    for [path, folder, speaker, emotion] in rows {
        let found = parse(Path::new(&path)).unwrap_or_else(|| panic!("{path} is not recognised"));
        assert!(folders.contains(&(&folder, found.speaker.corpus)), "{path}: {}", found.speaker);
        assert_eq!(found.emotion.name(), emotion, "{path}");
        assert!(speaker.is_empty() || found.speaker.name == speaker, "{path}: {}", found.speaker);
    }
}

#[test]
fn the_papers_counts_come_out_and_eight_recordings_are_known_to_be_wrong() {
    let all = all();
    assert_eq!(all.len(), 12_162);
    let mut counts: BTreeMap<Emotion, usize> = BTreeMap::new();
    all.iter().for_each(|utterance| *counts.entry(utterance.emotion).or_default() += 1);
    let expected = [1923, 1923, 1923, 1923, 1895, 1923, 652];
    assert_eq!(counts, Emotion::ALL.into_iter().zip(expected).collect());
    assert_eq!(without_defects(all).len(), 12_154);
}

#[test]
fn on_all_recordings_no_split_leaks() {
    let utterances = without_defects(all());
    for kind in [SplitKind::Random, SplitKind::Speaker, SplitKind::Corpus(Corpus::Ravdess)] {
        let split = SplitSettings { kind, seed: 1 }.divide(&utterances);
        let mut indices = [&split.train[..], &split.validation, &split.test].concat();
        indices.sort_unstable();
        assert_eq!(indices, (0..utterances.len()).collect::<Vec<_>>(), "{kind}");
        let is_tested =
            |utterance: &Utterance| split.test.iter().any(|&i| utterances[i].speaker == utterance.speaker);
        let leaks = split.train.iter().chain(&split.validation).any(|&i| is_tested(&utterances[i]));
        assert_eq!(leaks, kind == SplitKind::Random, "{kind}");
    }
}

/// A folder of made-up files, taken away at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("sottovoce-{}-{name}", std::process::id())))
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, bytes).expect("written");
    }

    fn find(&self) -> Found {
        find(&self.0, &Corpus::PAPER).expect("found")
    }

    /// A path as seen from the folder.
    fn short(&self, path: &Path) -> String {
        path.strip_prefix(&self.0).expect("below the folder").display().to_string().replace('\\', "/")
    }

    fn taken(&self, found: &Found) -> Vec<String> {
        found.utterances.iter().map(|utterance| self.short(&utterance.path)).collect()
    }

    fn copies(&self, found: &Found) -> Vec<[String; 2]> {
        found.copies.iter().map(|Duplicate { path, of }| [self.short(path), self.short(of)]).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A tenth of a second of a tone at 8 kHz, each `pitch` with other bytes and all of one size.
fn wav(pitch: usize) -> Vec<u8> {
    let mut bytes =
        b"RIFF\x64\x06\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x40\x06\0\0"
            .to_vec();
    (0..800).for_each(|n| bytes.extend_from_slice(&((n * pitch % 256 * 100) as i16).to_le_bytes()));
    bytes
}

const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 123456\n";

#[test]
fn any_layout_is_found_once() {
    let folder = Folder::new("layouts");
    let names = [
        "RAVDESS/audio_speech_actors_01-24/Actor_01/03-01-05-01-01-01-01.wav",
        // Kaggle's copy holds everything twice.
        "RAVDESS/Actor_01/03-01-05-01-01-01-01.wav",
        "ALL/JE_h07.wav",
        "savee/AudioData/JE/sa03.wav",
        "TESS Toronto emotional speech set data/OAF_Fear/OAF_back_fear.wav",
        "AudioWAV/1091_WSI_SAD_XX.mp3",
        "AudioWAV/notes.txt",
    ];
    for name in names {
        folder.write(name, b"");
    }
    let found = folder.find();
    assert_eq!(found.utterances.len(), 5, "{found:?}");
    assert_eq!(folder.copies(&found), [[names[0].to_owned(), names[1].to_owned()]]);
    let audio_wav = folder.0.join("AudioWAV");
    assert_eq!(find(&audio_wav, &Corpus::PAPER).expect("found").utterances.len(), 1);
    std::fs::remove_file(audio_wav.join("1091_WSI_SAD_XX.mp3")).expect("removed");
    let nothing = find(&audio_wav, &Corpus::PAPER).expect_err("nothing there");
    assert!(nothing.to_string().contains("give the folder that holds them"), "{nothing}");
}

#[test]
fn of_copies_in_several_formats_the_one_that_can_be_read_is_taken() {
    let folder = Folder::new("formats");
    // Pointers, damaged files and empty ones give way, wherever they stand in the order of names and formats.
    folder.write("AudioMP3/1001_DFA_ANG_XX.mp3", POINTER);
    folder.write("AudioWAV/1001_DFA_ANG_XX.wav", &wav(3));
    folder.write("AudioMP3/1002_DFA_ANG_XX.wav", &wav(5));
    folder.write("AudioWAV/1002_DFA_ANG_XX.wav", POINTER);
    folder.write("a/1003_DFA_ANG_XX.wav", b"RIFF");
    folder.write("b/1003_DFA_ANG_XX.mp3", &wav(7));
    folder.write("a/1004_DFA_ANG_XX.flac", b"");
    folder.write("b/1004_DFA_ANG_XX.aiff", &wav(9));
    // Of two that can be read, the one without loss.
    folder.write("AudioMP3/1005_DFA_ANG_XX.mp3", &wav(11));
    folder.write("AudioWAV/1005_DFA_ANG_XX.wav", &wav(13));
    let found = folder.find();
    assert_eq!(
        folder.taken(&found),
        [
            "AudioWAV/1001_DFA_ANG_XX.wav",
            "AudioMP3/1002_DFA_ANG_XX.wav",
            "b/1003_DFA_ANG_XX.mp3",
            "b/1004_DFA_ANG_XX.aiff",
            "AudioWAV/1005_DFA_ANG_XX.wav",
        ]
    );
    assert_eq!(
        folder.copies(&found),
        [
            ["AudioMP3/1005_DFA_ANG_XX.mp3", "AudioWAV/1005_DFA_ANG_XX.wav"],
            ["a/1003_DFA_ANG_XX.wav", "b/1003_DFA_ANG_XX.mp3"],
            ["a/1004_DFA_ANG_XX.flac", "b/1004_DFA_ANG_XX.aiff"],
        ]
    );
    let pointers = |name: &str| Pointers { folder: folder.0.join(name), files: 1, missing: 0 };
    assert_eq!(found.pointers, [pointers("AudioMP3"), pointers("AudioWAV")]);
}

#[test]
fn pointers_are_reported_once_per_folder() {
    let folder = Folder::new("pointers");
    for actor in 1001..1021 {
        folder.write(&format!("crema-d/AudioWAV/{actor}_DFA_ANG_XX.wav"), POINTER);
        folder.write(&format!("crema-d/AudioMP3/{actor}_DFA_SAD_XX.mp3"), POINTER);
    }
    let nothing = find(&folder.0, &Corpus::PAPER).expect_err("nothing to be heard").to_string();
    assert!(nothing.contains("(40) are git-lfs pointers, not sound: run `git lfs pull` there"), "{nothing}");
    folder.write("ALL/JE_h07.wav", &wav(3));
    folder.write("other/1001_DFA_SAD_XX.wav", &wav(5));
    let found = folder.find();
    assert_eq!(folder.taken(&found), ["other/1001_DFA_SAD_XX.wav", "ALL/JE_h07.wav"]);
    assert_eq!(found.copies, []);
    let messages: Vec<String> = found.pointers.iter().map(ToString::to_string).collect();
    let place = |name: &str| folder.0.join("crema-d").join(name).display().to_string();
    assert_eq!(
        messages,
        [
            format!(
                "20 files in {} are git-lfs pointers, 19 of them of recordings found nowhere else: run `git lfs pull` there",
                place("AudioMP3")
            ),
            format!("20 files in {} are git-lfs pointers: run `git lfs pull` there", place("AudioWAV")),
        ]
    );
}

#[test]
fn renamed_and_identical_files_are_copies() {
    let folder = Folder::new("copies");
    for (name, pitch) in [
        ("AudioWAV/1001_DFA_ANG_XX.wav", 3),
        ("AudioWAV/1001_DFA_ANG_XX (1).wav", 3),
        ("AudioWAV/1001_DFA_ANG_XX - Copy.wav", 5),
        ("AudioWAV/Copy of 1001_DFA_ANG_XX.wav", 3),
        // The original is gone.
        ("AudioWAV/1002_DFA_ANG_XX (1).wav", 7),
        ("Actor_01/03-01-05-01-01-01-01.wav", 9),
        ("Actor_01/03-01-05-01-01-01-01 (1).wav", 9),
        // The same bytes under the name of another recording.
        ("AudioWAV/1003_DFA_ANG_LO.wav", 11),
        ("AudioWAV/1003_DFA_ANG_HI.wav", 11),
        ("AudioWAV/1003_DFA_ANG_MD.wav", 13),
        // And of another emotion: nobody knows which is right.
        ("AudioWAV/1004_DFA_SAD_XX.wav", 15),
        ("AudioWAV/1004_DFA_HAP_XX.wav", 15),
    ] {
        folder.write(name, &wav(pitch));
    }
    let found = folder.find();
    assert_eq!(
        folder.taken(&found),
        [
            "AudioWAV/1001_DFA_ANG_XX.wav",
            "AudioWAV/1002_DFA_ANG_XX (1).wav",
            "AudioWAV/1003_DFA_ANG_HI.wav",
            "AudioWAV/1003_DFA_ANG_MD.wav",
            "AudioWAV/1004_DFA_HAP_XX.wav",
            "AudioWAV/1004_DFA_SAD_XX.wav",
            "Actor_01/03-01-05-01-01-01-01.wav",
        ]
    );
    let copies = [
        ["Actor_01/03-01-05-01-01-01-01 (1).wav", "Actor_01/03-01-05-01-01-01-01.wav"],
        ["AudioWAV/1001_DFA_ANG_XX (1).wav", "AudioWAV/1001_DFA_ANG_XX.wav"],
        ["AudioWAV/1001_DFA_ANG_XX - Copy.wav", "AudioWAV/1001_DFA_ANG_XX.wav"],
        ["AudioWAV/1003_DFA_ANG_LO.wav", "AudioWAV/1003_DFA_ANG_HI.wav"],
        ["AudioWAV/Copy of 1001_DFA_ANG_XX.wav", "AudioWAV/1001_DFA_ANG_XX.wav"],
    ];
    let mut listed = folder.copies(&found);
    listed.sort();
    assert_eq!(listed, copies);
    let defects: Vec<&str> = found
        .utterances
        .iter()
        .filter(|utterance| utterance.defect == Some(Defect::LabelledTwice))
        .map(|utterance| &utterance.id[..])
        .collect();
    assert_eq!(defects, ["1004_DFA_HAP_XX", "1004_DFA_SAD_XX"]);
    assert_eq!(without_defects(found.utterances).len(), 5);
}

#[test]
fn pairs_that_are_known_to_be_labelled_twice_stay_defects() {
    let folder = Folder::new("known");
    for name in ["1006_TIE_HAP_XX", "1006_TIE_NEU_XX", "1013_WSI_DIS_XX", "1013_WSI_SAD_XX"] {
        folder.write(&format!("AudioWAV/{name}.wav"), &wav(3));
    }
    folder.write("AudioWAV/1001_DFA_ANG_XX.wav", &wav(5));
    let found = folder.find();
    assert_eq!((found.utterances.len(), found.copies.len()), (5, 0));
    assert_eq!(without_defects(found.utterances).len(), 1);
}
