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

/// The women among CREMA-D's actors 1001 to 1091, from the corpus' table of demographics; file names do not tell.
const CREMA_D_WOMEN: [u16; 43] = [
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028, 1029,
    1030, 1037, 1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063, 1072, 1073,
    1074, 1075, 1076, 1078, 1079, 1082, 1084, 1089, 1091,
];

impl SpeakerId {
    /// The speaker's sex: RAVDESS' actors with even numbers, both of TESS' speakers and 43 of CREMA-D's are women.
    pub fn sex(&self) -> Sex {
        let number: u16 = self.name.parse().unwrap_or(0);
        let female = match self.corpus {
            Corpus::CremaD => CREMA_D_WOMEN.contains(&number),
            Corpus::Ravdess => number.is_multiple_of(2),
            Corpus::Savee => false,
            Corpus::Tess => true,
        };
        if female { Sex::Female } else { Sex::Male }
    }
}

impl fmt::Display for SpeakerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.corpus, self.name)
    }
}
