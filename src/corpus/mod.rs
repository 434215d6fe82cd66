//! The corpora that models are trained and evaluated on, recognised by their file names: the paper's four, and others.
//!
//! Labels come from the names alone, as in the originals; the audio may be in any format that can be decoded. Each
//! recording is taken once, however many files hold it.

mod copy_name;
mod defect;
mod find;
mod identical;
mod reference;
pub mod registry;
mod speaker;
mod split;
mod survey;

pub use defect::Defect;
pub use find::{Duplicate, Found, Pointers, find};
pub use reference::ReferencePool;
pub use registry::{Speech, parse};
pub use speaker::{Sex, SpeakerId};
pub use split::{FOLDS, Split, SplitError, SplitKind, SplitSettings};
pub use survey::{Speakers, Spread, Survey};

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

use crate::model::Emotion;
use registry::Role;

/// A corpus of speech; see [`Corpus::entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "&'static str")]
#[allow(missing_docs)]
pub enum Corpus {
    CremaD,
    Ravdess,
    Savee,
    Tess,
    Emovo,
    Nemo,
    TurEv,
    EmoSpeech,
    EmotionTts,
    Speechocean,
    Picovoice,
}

impl From<Corpus> for &'static str {
    fn from(corpus: Corpus) -> Self {
        corpus.name()
    }
}

impl Corpus {
    /// The paper's four.
    pub const PAPER: [Self; 4] = [Self::CremaD, Self::Ravdess, Self::Savee, Self::Tess];

    /// All that are known.
    pub const ALL: [Self; 11] = [
        Self::CremaD,
        Self::Ravdess,
        Self::Savee,
        Self::Tess,
        Self::Emovo,
        Self::Nemo,
        Self::TurEv,
        Self::EmoSpeech,
        Self::EmotionTts,
        Self::Speechocean,
        Self::Picovoice,
    ];

    /// Its name as in reports.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Whether models may be trained on it.
    pub fn is_for_training(self) -> bool {
        self.entry().role != Role::Evaluation
    }

    /// Whether it is one of the paper's four.
    pub fn is_in_paper(self) -> bool {
        self.entry().role == Role::Paper
    }
}

impl FromStr for Corpus {
    type Err = String;

    /// Its name, in any case.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|corpus| corpus.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            let names = Self::ALL.map(|corpus| corpus.name().to_lowercase());
            format!("'{name}' is none of {}", names.join(", "))
        })
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A recording with its label, parsed from its file name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Utterance {
    /// Who speaks.
    pub speaker: SpeakerId,
    /// The name of the recording in its corpus, without folder and extension.
    pub id: String,
    /// The emotion that the speaker was asked for: calm counts as neutral, pleasant surprise as surprise, and plain speech as
    /// neutral.
    pub emotion: Emotion,
    /// The spoken words, if the name has them.
    pub text: Option<String>,
    /// What is known to be wrong with the recording.
    pub defect: Option<Defect>,
    /// The file.
    pub path: PathBuf,
}

impl Utterance {
    /// Corpus, speaker and name: the same wherever the file lies, and no other recording's.
    pub fn key(&self) -> String {
        format!("{} {} {}", self.speaker.corpus, self.speaker.name, self.id)
    }
}

/// Why no corpus could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// A folder could not be listed.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// No file name below the folder belongs to a known corpus.
    #[error("{path}: no recording of {corpora} was found here; give the folder that holds them")]
    Nothing {
        /// The folder.
        path: String,
        /// The names of the corpora that were looked for.
        corpora: String,
    },
    /// All recordings below the folder are kept by git-lfs and were not fetched.
    #[error(
        "{path}: the recordings here ({files}) are git-lfs pointers, not sound: run `git lfs pull` there"
    )]
    Pointers {
        /// The folder.
        path: String,
        /// How many there are.
        files: usize,
    },
}

/// The recordings without known defects.
pub fn without_defects(utterances: Vec<Utterance>) -> Vec<Utterance> {
    utterances.into_iter().filter(|utterance| utterance.defect.is_none()).collect()
}
