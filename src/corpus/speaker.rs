//! Who speaks.

use std::fmt;

use super::Corpus;

/// A speaker, unique over all corpora.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId {
    /// The corpus that the speaker belongs to.
    pub corpus: Corpus,
    /// The speaker's name in that corpus.
    pub name: String,
}

/// A speaker's sex as the corpus states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Sex {
    Female,
    Male,
}

/// Names of unknown speakers: EmoSpeech's, and Picovoice's.
const UNKNOWN_NAMES: [&str; 2] = ["anon", "unknown"];

impl SpeakerId {
    /// Whether the corpus identifies the speaker; all unknown ones count as one.
    pub fn is_known(&self) -> bool {
        !UNKNOWN_NAMES.contains(&self.name.as_str())
    }

    /// The speaker's sex, if the corpus or its file names have it.
    pub fn sex(&self) -> Option<Sex> {
        (self.corpus.entry().sex)(&self.name)
    }
}

impl fmt::Display for SpeakerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.corpus, self.name)
    }
}
