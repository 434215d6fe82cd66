//! Why a batch stops, and why an input has no prediction.

use std::io;
use std::path::{Path, PathBuf};

use super::Format;
use crate::analyzer::FileError;

/// Why a batch cannot begin, or stopped. What is finished is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A file or folder of the output, or the source, could not be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// There is no input.
    #[error("{}: there are no recordings; name a folder with some, a text file with one path per line, or a CSV file with a column 'file'", .0.display())]
    Nothing(PathBuf),
    /// A list is not text.
    #[error("{}: this is no list of recordings; name a folder, a text file with one path per line, or a CSV file with a column 'file'", .0.display())]
    NoList(PathBuf),
    /// A CSV file cannot be parsed.
    #[error("{}: {source}", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: csv::Error,
    },
    /// A CSV file has no column with paths.
    #[error("{}: there is no column 'file' with the paths of recordings; its first line must name the columns", .0.display())]
    NoColumn(PathBuf),
    /// Two columns of the output would have the same name.
    #[error("two columns of the output would be named '{0}'; rename or remove the one in the CSV file")]
    SameName(String),
    /// The format has no place for embeddings.
    #[error("{0} has no place for embeddings; choose parquet or jsonl")]
    NoEmbeddings(Format),
    /// The output exists.
    #[error("{} is already there; name another output, or replace it with --overwrite", .0.display())]
    Exists(PathBuf),
    /// Another process writes the parts.
    #[error("{}: another process is writing here; wait for it, or name another output", .0.display())]
    Busy(PathBuf),
    /// The parts are of another batch.
    #[error("{}: these are the parts of another batch, which differs in: {differences}. Finish that one with the command that began it, or start anew with --overwrite", .folder.display())]
    OtherPlan {
        /// The folder of the parts.
        folder: PathBuf,
        /// What differs.
        differences: String,
    },
}

impl BatchError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "batch-file",
            Self::Nothing(_) => "batch-nothing",
            Self::NoList(_) => "batch-no-list",
            Self::Csv { .. } => "batch-csv",
            Self::NoColumn(_) => "batch-no-column",
            Self::SameName(_) => "batch-same-name",
            Self::NoEmbeddings(_) => "batch-no-embeddings",
            Self::Exists(_) => "batch-exists",
            Self::Busy(_) => "batch-busy",
            Self::OtherPlan { .. } => "batch-other-plan",
        }
    }
}

/// Names the file of an error.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> BatchError {
    let path = path.to_owned();
    move |source| BatchError::File { path, source }
}

/// Why an input has no prediction: the columns `error_code` and `error_message`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file could not be read or decoded.
    #[error(transparent)]
    File(#[from] FileError),
    /// The analysis panicked.
    #[error("The analysis of this recording failed, which is a fault of the program. Please report it.")]
    Panic,
}

impl InputError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Panic => "panic",
        }
    }
}
