//! The known corpora, an entry each, and their conventions for file names.

mod crema_d;
mod emospeech;
mod emotiontts;
mod emovo;
mod nemo;
mod picovoice;
mod ravdess;
mod savee;
mod speechocean;
mod tess;
mod turev;

use std::fmt;
use std::path::{Component, Path};

use super::copy_name::original;
use super::{Corpus, Defect, Sex, SpeakerId, Utterance};
use crate::model::Emotion;

/// What is known of a corpus, and how its recordings are named.
#[derive(Debug)]
pub struct Entry {
    /// Its name as in reports.
    pub name: &'static str,
    /// What is spoken, for people.
    pub language: &'static str,
    /// How its emotions come about.
    pub speech: Speech,
    /// What its publishers allow.
    pub licence: &'static str,
    /// What it is used for here.
    pub role: Role,
    parse: fn(&Name) -> Option<Parsed>,
    pub(super) sex: fn(&str) -> Option<Sex>,
    defect: fn(&str) -> Option<Defect>,
}

/// How the emotions of a corpus come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Actors were asked for them.
    Acted,
    /// Speakers without training were asked for them, wherever they were.
    Natural,
    /// Nobody was asked for any: people read or give orders. Such speech counts as neutral.
    Plain,
}

impl fmt::Display for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acted => "acted",
            Self::Natural => "asked of untrained speakers",
            Self::Plain => "plain speech",
        })
    }
}

/// What a corpus is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// One of the paper's four.
    Paper,
    /// Trains models in addition to the paper's four.
    Training,
    /// Evaluates, and never trains.
    Evaluation,
}

impl Corpus {
    /// All that is known of it.
    pub fn entry(self) -> &'static Entry {
        match self {
            Self::CremaD => &crema_d::ENTRY,
            Self::Ravdess => &ravdess::ENTRY,
            Self::Savee => &savee::ENTRY,
            Self::Tess => &tess::ENTRY,
            Self::Nemo => &nemo::ENTRY,
            Self::EmoSpeech => &emospeech::ENTRY,
            Self::TurEv => &turev::ENTRY,
            Self::EmotionTts => &emotiontts::ENTRY,
            Self::Emovo => &emovo::ENTRY,
            Self::Speechocean => &speechocean::ENTRY,
            Self::Picovoice => &picovoice::ENTRY,
        }
    }
}

/// Parts of a path that conventions use.
struct Name<'a> {
    /// The name of the file without extension and without what programs add to the names of copies.
    stem: &'a str,
    /// The folders above it, the nearest first.
    folders: Vec<&'a str>,
}

impl Name<'_> {
    /// The folder so many levels up; empty if there is none.
    fn folder(&self, level: usize) -> &str {
        self.folders.get(level).copied().unwrap_or_default()
    }
}

/// A parsed file name.
struct Parsed {
    speaker: String,
    id: String,
    emotion: Emotion,
    text: Option<String>,
}

impl Parsed {
    fn new(speaker: &str, id: &str, emotion: Emotion) -> Self {
        Self { speaker: speaker.to_owned(), id: id.to_owned(), emotion, text: None }
    }
}

/// Extensions of files that may hold a recording; those without loss first.
pub(super) const EXTENSIONS: [&str; 9] = ["wav", "aiff", "aif", "flac", "opus", "ogg", "m4a", "mp3", "webm"];

/// Parses the name of a file by the convention of a known corpus; none if it follows none. What programs add to the names of copies is
/// no part of it.
pub fn parse(path: &Path) -> Option<Utterance> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    if !EXTENSIONS.contains(&extension.as_str()) {
        return None;
    }
    let folders = path.parent().into_iter().flat_map(Path::components).rev().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let name = Name { stem: original(path.file_stem()?.to_str()?), folders: folders.collect() };
    let (corpus, parsed) = Corpus::ALL.into_iter().find_map(|c| Some((c, (c.entry().parse)(&name)?)))?;
    let Parsed { speaker, id, emotion, text } = parsed;
    Some(Utterance {
        defect: (corpus.entry().defect)(&id),
        speaker: SpeakerId { corpus, name: speaker },
        id,
        emotion,
        text,
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<(Corpus, String, Emotion)> {
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
            assert_eq!(parsed(path), Some((corpus, speaker.to_owned(), emotion)), "{path}");
        }
    }

    #[test]
    fn other_corpora_are_understood() {
        let hash = "9dd2014cc6e95226ece8fd97fa8296acea7957d841ba48e82486e842";
        let nobody = "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f";
        let cases = [
            ("nemo/KD0_surprised_60.opus", Corpus::Nemo, "KD0", Emotion::Surprise),
            (
                &format!("Near Lake/no-glass break-fearful-20190710134743-{hash}.wav"),
                Corpus::EmoSpeech,
                "9dd2014cc6e9",
                Emotion::Fear,
            ),
            (
                &format!("webservice/yes-safe-calm-211-{nobody}.wav"),
                Corpus::EmoSpeech,
                "anon",
                Emotion::Neutral,
            ),
            ("turev/Calm/1984_sk_kustah.wav", Corpus::TurEv, "1984", Emotion::Neutral),
            ("plain-to-emotional/emh/wav/emh00201.wav", Corpus::EmotionTts, "emh", Emotion::Angry),
            ("EMOVO/f2/gio-f2-b2.wav", Corpus::Emovo, "f2", Emotion::Happy),
            ("WAVE/SPEAKER3007/030070017.WAV", Corpus::Speechocean, "3007", Emotion::Neutral),
            (
                "ordinary-picovoice/0704c731-9895-4eb1-b93c-427c95ce8316.wav",
                Corpus::Picovoice,
                "unknown",
                Emotion::Neutral,
            ),
        ];
        for (path, corpus, speaker, emotion) in cases {
            assert_eq!(parsed(path), Some((corpus, speaker.to_owned(), emotion)), "{path}");
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
            "Happy/1984_sk_kustah.wav", // TurEV's code for calm
            "recordings/0704c731-9895-4eb1-b93c-427c95ce8316.wav",
            "nea/wav/nea00401.wav",
            "README.md",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }
}
