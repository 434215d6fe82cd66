//! Analysis of files by their paths.

use std::path::Path;
use std::{fs, io};

use super::{Analysis, Analyzer};
use crate::audio::AudioError;

/// Why a file could not be analysed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system could not read it.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It could not be decoded.
    #[error(transparent)]
    Audio(#[from] AudioError),
}

impl FileError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable-file",
            Self::Audio(error) => error.code(),
        }
    }
}

impl Analyzer {
    /// Analyses the audio file at a path.
    ///
    /// # Errors
    /// [`FileError`] if it cannot be read or decoded.
    pub fn analyze_path(&mut self, path: &Path) -> Result<Analysis, FileError> {
        Ok(self.analyze_file(&fs::read(path)?)?)
    }
}
