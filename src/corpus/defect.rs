//! Recordings that are known to be wrong in the corpora as they are published.

use std::fmt;

use super::Corpus;

/// What is wrong with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// It is digital silence.
    Silent,
    /// The very same bytes stand under another name with another emotion.
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

impl Defect {
    /// The known defect of a recording, by its corpus and name.
    pub fn of(corpus: Corpus, id: &str) -> Option<Self> {
        match (corpus, id) {
            (Corpus::CremaD, "1076_MTI_SAD_XX") => Some(Self::Silent),
            (Corpus::CremaD, "1006_TIE_HAP_XX" | "1006_TIE_NEU_XX") => Some(Self::LabelledTwice),
            (Corpus::CremaD, "1013_WSI_DIS_XX" | "1013_WSI_SAD_XX") => Some(Self::LabelledTwice),
            (Corpus::CremaD, "1017_IWW_ANG_XX" | "1017_IWW_FEA_XX") => Some(Self::LabelledTwice),
            (Corpus::Ravdess, "03-01-03-01-02-02-07") => Some(Self::Repeated),
            _ => None,
        }
    }
}
