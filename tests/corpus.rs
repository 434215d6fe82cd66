//! The loader beside what the corpora's own lists say.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use sottovoce::corpus::{Corpus, Defect, Sex, SplitKind, SplitSettings, Utterance, find, parse, sound};
use sottovoce::model::Emotion;

/// The path of every recording with its speaker, sex, emotion and defect.
fn expected() -> Vec<[String; 5]> {
    let mut text = String::new();
    let packed = include_bytes!("fixtures/corpora.csv.gz");
    GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("a list");
    let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    text.lines().skip(1).map(|line| fields(line).try_into().expect("five fields")).collect()
}

fn all() -> Vec<Utterance> {
    expected().iter().map(|[path, ..]| parse(Path::new(path)).unwrap_or_else(|| panic!("{path}"))).collect()
}

#[test]
fn every_recording_is_understood_from_its_name() {
    for [path, speaker, sex, emotion, defect] in expected() {
        let found = parse(Path::new(&path)).unwrap_or_else(|| panic!("{path} is not recognised"));
        assert_eq!(found.speaker.name, speaker, "{path}");
        assert_eq!(if found.speaker.sex() == Sex::Female { "F" } else { "M" }, sex, "{path}");
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
fn the_papers_counts_come_out_and_eight_recordings_are_known_to_be_wrong() {
    let all = all();
    assert_eq!(all.len(), 12_162);
    let mut counts: BTreeMap<Emotion, usize> = BTreeMap::new();
    all.iter().for_each(|utterance| *counts.entry(utterance.emotion).or_default() += 1);
    let expected = [1923, 1923, 1923, 1923, 1895, 1923, 652];
    assert_eq!(counts, Emotion::ALL.into_iter().zip(expected).collect());
    assert_eq!(sound(all).len(), 12_154);
}

#[test]
fn on_all_recordings_no_split_leaks() {
    let utterances = sound(all());
    for kind in [SplitKind::Random, SplitKind::Speaker, SplitKind::Corpus(Corpus::Ravdess)] {
        let split = SplitSettings { kind, seed: 1 }.divide(&utterances);
        let mut indices = [&split.train[..], &split.validation, &split.test].concat();
        indices.sort_unstable();
        assert_eq!(indices, (0..utterances.len()).collect::<Vec<_>>(), "{kind}");
        let judges =
            |utterance: &Utterance| split.test.iter().any(|&i| utterances[i].speaker == utterance.speaker);
        let leaks = split.train.iter().chain(&split.validation).any(|&i| judges(&utterances[i]));
        assert_eq!(leaks, kind == SplitKind::Random, "{kind}");
    }
}

#[test]
fn any_layout_is_found_once() {
    let folder = std::env::temp_dir().join(format!("sottovoce-{}-layouts", std::process::id()));
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
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, b"").expect("written");
    }
    let found = find(&folder).expect("found");
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(find(&folder.join("AudioWAV")).expect("found").len(), 1);
    std::fs::remove_file(folder.join("AudioWAV/1091_WSI_SAD_XX.mp3")).expect("removed");
    let nothing = find(&folder.join("AudioWAV")).expect_err("nothing there");
    assert!(nothing.to_string().contains("give the folder that holds them"), "{nothing}");
    std::fs::remove_dir_all(&folder).expect("removed");
}
