//! Training a model from the corpora; native only.
//!
//! ```text
//! corpus ── dataset ──▶ feature maps in memory ── augment ──▶ batches ── run ──▶ checkpoints ──▶ models/<name>/
//! ```

mod augment;
mod calibrate;
mod checkpoint;
mod dataset;
mod recipe;
mod run;

pub use dataset::Dataset;
pub use recipe::Recipe;
pub use run::{Job, Watcher, train};

use crate::audio::AudioError;
use crate::model::ModelError;

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A recording could not be decoded.
    #[error("{path}: {source}")]
    Recording {
        /// The file.
        path: String,
        /// Why.
        source: AudioError,
    },
    /// A file could not be read or written.
    #[error("{path}: {detail}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system says.
        detail: String,
    },
    /// The checkpoints belong to a run with other settings.
    #[error(
        "{path} holds checkpoints of a run with other settings; name another --checkpoints folder, or delete this one to start anew"
    )]
    OtherRun {
        /// The folder.
        path: String,
    },
    /// The corpora leave nothing to train on or to judge by.
    #[error("there are too few recordings to train on: {train} to train and {validation} to judge by")]
    TooFew {
        /// Clips to train on.
        train: usize,
        /// Clips to judge by.
        validation: usize,
    },
    /// The model could not be made or saved.
    #[error(transparent)]
    Model(#[from] ModelError),
}
