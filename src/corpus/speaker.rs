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

/// Names for speakers who are not told: EmoSpeech's, and Picovoice's.
const UNTOLD: [&str; 2] = ["anon", "unknown"];

impl SpeakerId {
    /// Whether the corpus tells who it is; all of whom it does not count as one.
    pub fn is_told(&self) -> bool {
        !UNTOLD.contains(&self.name.as_str())
    }

    /// The speaker's sex, if the corpus tells it or its names do.
    pub fn sex(&self) -> Option<Sex> {
        (self.corpus.entry().sex)(&self.name)
    }
}

impl fmt::Display for SpeakerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.corpus, self.name)
    }
}
