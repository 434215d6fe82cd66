//! What training a model and pretraining an encoder share: the plan of a run, its checkpoints, its log and its random seeds;
//! native only.

mod checkpoints;
mod log;
mod seed;

pub use checkpoints::{Checkpoints, Progress};
pub use log::write_log;
pub use seed::derive_seed;

use std::fmt::Display;
use std::path::Path;

/// Why a run stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A file could not be read or written.
    #[error("{path}: {detail}")]
    File {
        /// The file or folder.
        path: String,
        /// The error of the operating system.
        detail: String,
    },
    /// The checkpoints belong to a run with other settings.
    #[error(
        "{path} holds checkpoints of a run with other settings; name another folder, or delete this one to start anew"
    )]
    OtherRun {
        /// The folder.
        path: String,
    },
}

pub(crate) fn failed(path: &Path, error: &dyn Display) -> RunError {
    RunError::File { path: path.display().to_string(), detail: error.to_string() }
}
