//! Speaker and emotion from a file name, by each corpus' own convention.

use std::path::Path;

use super::copy_name::original;
use super::{Corpus, Defect, SpeakerId, Utterance};
use crate::model::Emotion;

/// Extensions of files that may hold a recording; those without loss first.
pub(super) const EXTENSIONS: [&str; 9] = ["wav", "aiff", "aif", "flac", "opus", "ogg", "m4a", "mp3", "webm"];

/// What the name of a file says, if it follows one of the four corpora's conventions. What programs add to the names of
/// copies is no part of it.
pub fn parse(path: &Path) -> Option<Utterance> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    if !EXTENSIONS.contains(&extension.as_str()) {
        return None;
    }
    let id = original(path.file_stem()?.to_str()?);
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let Parsed { corpus, speaker, id, emotion, text } = ravdess(id)
        .or_else(|| crema_d(id))
        .or_else(|| tess(id))
        .or_else(|| savee(id, folder.unwrap_or_default()))?;
    Some(Utterance {
        defect: Defect::of(corpus, &id),
        speaker: SpeakerId { corpus, name: speaker },
        id,
        emotion,
        text,
        path: path.to_owned(),
    })
}

struct Parsed {
    corpus: Corpus,
    speaker: String,
    id: String,
    emotion: Emotion,
    text: Option<String>,
}

/// `03-01-EE-II-SS-RR-AA`: modality (03 audio only), channel (01 speech), emotion, intensity, statement, repetition,
/// actor.
fn ravdess(id: &str) -> Option<Parsed> {
    let fields: Vec<&str> = id.split('-').collect();
    let ["03", "01", emotion, _, statement, _, actor] = fields[..] else { return None };
    let text = match statement {
        "01" => "Kids are talking by the door",
        "02" => "Dogs are sitting by the door",
        _ => return None,
    };
    let emotion = match emotion {
        "01" | "02" => Emotion::Neutral,
        "03" => Emotion::Happy,
        "04" => Emotion::Sad,
        "05" => Emotion::Angry,
        "06" => Emotion::Fear,
        "07" => Emotion::Disgust,
        "08" => Emotion::Surprise,
        _ => return None,
    };
    Some(Parsed {
        corpus: Corpus::Ravdess,
        speaker: actor.to_owned(),
        id: id.to_owned(),
        emotion,
        text: Some(text.to_owned()),
    })
}

/// CREMA-D's sentences by their codes, from the corpus' description.
const CREMA_D_SENTENCES: [(&str, &str); 12] = [
    ("IEO", "It's eleven o'clock"),
    ("TIE", "That is exactly what happened"),
    ("IOM", "I'm on my way to the meeting"),
    ("IWW", "I wonder what this is about"),
    ("TAI", "The airplane is almost full"),
    ("MTI", "Maybe tomorrow it will be cold"),
    ("IWL", "I would like a new alarm clock"),
    ("ITH", "I think I have a doctor's appointment"),
    ("DFA", "Don't forget a jacket"),
    ("ITS", "I think I've seen this before"),
    ("TSI", "The surface is slick"),
    ("WSI", "We'll stop in a couple of minutes"),
];

/// `1001_DFA_ANG_XX`: actor, sentence, emotion, level.
fn crema_d(id: &str) -> Option<Parsed> {
    let fields: Vec<&str> = id.split('_').collect();
    let [actor, sentence, emotion, _] = fields[..] else { return None };
    if actor.len() != 4 || !actor.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let emotion = match emotion {
        "ANG" => Emotion::Angry,
        "DIS" => Emotion::Disgust,
        "FEA" => Emotion::Fear,
        "HAP" => Emotion::Happy,
        "NEU" => Emotion::Neutral,
        "SAD" => Emotion::Sad,
        _ => return None,
    };
    let text = CREMA_D_SENTENCES.iter().find(|(code, _)| *code == sentence)?.1;
    Some(Parsed {
        corpus: Corpus::CremaD,
        speaker: actor.to_owned(),
        id: id.to_owned(),
        emotion,
        text: Some(text.to_owned()),
    })
}

/// `OAF_back_angry`: speaker, word, emotion. One file of the corpus itself says `OA` for `OAF`.
fn tess(id: &str) -> Option<Parsed> {
    let fields: Vec<&str> = id.split('_').collect();
    let [speaker, word, emotion] = fields[..] else { return None };
    let speaker = match speaker {
        "OAF" | "OA" => "OAF",
        "YAF" => "YAF",
        _ => return None,
    };
    let emotion = match emotion {
        "ps" => Emotion::Surprise,
        named => named.parse().ok().filter(|&emotion| emotion != Emotion::Surprise)?,
    };
    Some(Parsed {
        corpus: Corpus::Tess,
        speaker: speaker.to_owned(),
        id: id.to_owned(),
        emotion,
        text: Some(format!("Say the word {word}")),
    })
}

/// `DC/a01` in the original, `DC_a01` in Kaggle's copy: speaker, then emotion letters and number.
fn savee(id: &str, folder: &str) -> Option<Parsed> {
    let (speaker, rest) = id.split_once('_').unwrap_or((folder, id));
    if !["DC", "JE", "JK", "KL"].contains(&speaker) {
        return None;
    }
    let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.len() + 2 != rest.len() {
        return None;
    }
    let emotion = match letters {
        "a" => Emotion::Angry,
        "d" => Emotion::Disgust,
        "f" => Emotion::Fear,
        "h" => Emotion::Happy,
        "n" => Emotion::Neutral,
        "sa" => Emotion::Sad,
        "su" => Emotion::Surprise,
        _ => return None,
    };
    Some(Parsed {
        corpus: Corpus::Savee,
        speaker: speaker.to_owned(),
        id: rest.to_owned(),
        emotion,
        text: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str) -> Option<(Corpus, String, Emotion)> {
        parse(Path::new(path)).map(|u| (u.speaker.corpus, u.speaker.name, u.emotion))
    }

    #[test]
    fn each_convention_is_understood() {
        let cases = [
            ("Actor_07/03-01-02-01-02-01-07.wav", Corpus::Ravdess, "07", Emotion::Neutral),
            ("03-01-08-02-02-01-24.WAV", Corpus::Ravdess, "24", Emotion::Surprise),
            ("AudioWAV/1001_DFA_ANG_XX.opus", Corpus::CremaD, "1001", Emotion::Angry),
            ("OAF_Fear/OAF_back_fear.wav", Corpus::Tess, "OAF", Emotion::Fear),
            ("YAF_x/YAF_back_ps.wav", Corpus::Tess, "YAF", Emotion::Surprise),
            ("OAF_neutral/OA_bite_neutral.wav", Corpus::Tess, "OAF", Emotion::Neutral),
            ("AudioData/KL/sa03.wav", Corpus::Savee, "KL", Emotion::Sad),
            ("ALL/DC_su15.wav", Corpus::Savee, "DC", Emotion::Surprise),
            ("Actor_07/03-01-02-01-02-01-07 (1).wav", Corpus::Ravdess, "07", Emotion::Neutral),
            ("AudioData/KL/Copy of sa03.wav", Corpus::Savee, "KL", Emotion::Sad),
        ];
        for (path, corpus, speaker, emotion) in cases {
            assert_eq!(said(path), Some((corpus, speaker.to_owned(), emotion)), "{path}");
        }
    }

    #[test]
    fn other_names_are_passed_over() {
        for path in [
            "03-02-01-01-01-01-01.wav", // RAVDESS song
            "1001_DFA_ANG_XX.txt",
            "AudioData/XX/a01.wav",
            "AudioData/DC/a1.wav",
            "YAF_back_surprise.wav",
            "notes.wav",
            "README.md",
        ] {
            assert_eq!(said(path), None, "{path}");
        }
    }
}
