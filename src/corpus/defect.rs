//! Recordings that are known to be wrong in the corpora as they are published.

use std::fmt;

/// What is wrong with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// It is digital silence.
    Silent,
    /// Another file, with another emotion, has the same bytes.
    LabelledTwice,
    /// It repeats another recording under another name.
    Repeated,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "is digital silence",
            Self::LabelledTwice => "is the same recording as another one with another emotion",
            Self::Repeated => "repeats another recording",
        })
    }
}
