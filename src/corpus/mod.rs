//! The four corpora the paper trains on, recognised by their file names.
//!
//! Labels come from the names alone, as in the originals; the audio may be in any format that can be decoded.

mod name;
mod split;

pub use name::parse;
pub use split::{Split, random_split};

use std::fmt;
use std::path::{Path, PathBuf};

use crate::model::Emotion;

/// A corpus of acted English speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Corpus {
    CremaD,
    Ravdess,
    Savee,
    Tess,
}

impl Corpus {
    /// Its name as in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::CremaD => "CREMA-D",
            Self::Ravdess => "RAVDESS",
            Self::Savee => "SAVEE",
            Self::Tess => "TESS",
        }
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A speaker, unique over all corpora.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId {
    /// The corpus that the speaker belongs to.
    pub corpus: Corpus,
    /// The speaker's name in that corpus.
    pub name: String,
}

/// What a file name says of its recording.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Utterance {
    /// Who speaks.
    pub speaker: SpeakerId,
    /// The name of the recording in its corpus, without folder and extension.
    pub id: String,
    /// The emotion that the actor was asked for: calm counts as neutral, pleasant surprise as surprise.
    pub emotion: Emotion,
    /// The file.
    pub path: PathBuf,
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
        /// What the system says.
        source: std::io::Error,
    },
    /// No file name below the folder belongs to a known corpus.
    #[error(
        "{path}: no recording of RAVDESS, CREMA-D, TESS or SAVEE was found here; give the folder that holds them"
    )]
    Nothing {
        /// The folder.
        path: String,
    },
}

/// Finds every recording of the four corpora below `folder`, ordered by speaker and name wherever the files lie.
///
/// # Errors
/// [`CorpusError`] when a folder cannot be listed or holds none.
pub fn find(folder: &Path) -> Result<Vec<Utterance>, CorpusError> {
    let mut utterances = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        let failed = |source| CorpusError::Folder { path: current.display().to_string(), source };
        for entry in current.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(utterance) = parse(&path) {
                utterances.push(utterance);
            }
        }
    }
    if utterances.is_empty() {
        return Err(CorpusError::Nothing { path: folder.display().to_string() });
    }
    utterances.sort();
    // Some downloads hold everything twice, in nested folders of the same name.
    utterances.dedup_by(|a, b| a.speaker == b.speaker && a.id == b.id);
    Ok(utterances)
}
