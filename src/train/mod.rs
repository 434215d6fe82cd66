//! Training a model from the corpora; native only.
//!
//! ```text
//! corpus ── augment ──▶ dataset (cache) ── spectrogram ──▶ batches ── run ──▶ checkpoints ──▶ models/<name>/
//! ```

mod batch;
mod cache;
mod checkpoint;
mod dataset;
mod history;
mod network;
mod recipe;
mod run;
mod speaker;
mod spectrogram;
mod trainer;
mod tuning;

pub use dataset::{Dataset, Extraction};
pub use history::Epoch;
pub use recipe::{Corpora, Optimizer, Recipe, RecipeError, Schedule};
pub use run::{Job, Trained, Watcher, train};
pub use speaker::{SpeakerJob, SpeakerNetworks, train_speaker};
pub use spectrogram::SpectrogramSettings;

use std::fmt::Display;
use std::path::Path;

use crate::corpus::SplitError;
use crate::encoder::EncoderError;
use crate::model::ModelError;

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
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
        "{path} holds checkpoints of a run with other settings; name another folder, or delete this one to start anew"
    )]
    OtherRun {
        /// The folder.
        path: String,
    },
    /// The corpora leave too few clips in a part of the split.
    #[error(
        "there are too few recordings: {train} to train on, {validation} to choose the best epoch by and {test} to judge by; give the folder that holds all corpora"
    )]
    TooFew {
        /// Clips to train on.
        train: usize,
        /// Clips to choose the best epoch by.
        validation: usize,
        /// Clips to judge by.
        test: usize,
    },
    /// Layers are to be unfrozen, and there is no encoder.
    #[error(
        "this model listens through no encoder, so there are no layers to unfreeze; leave --unfreeze-last out"
    )]
    NothingToUnfreeze,
    /// More layers are to be unfrozen than there are.
    #[error(
        "the encoder has {layers} layers, so its last {unfrozen} cannot learn; choose fewer with --unfreeze-last"
    )]
    TooManyUnfrozen {
        /// Layers that are to learn.
        unfrozen: usize,
        /// Layers that there are.
        layers: usize,
    },
    /// A setting of the recipe is out of range.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The split could not be written.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The model could not be made or saved.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The encoder cannot be used.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
}

pub(crate) fn failed(path: &Path, error: &dyn Display) -> TrainError {
    TrainError::File { path: path.display().to_string(), detail: error.to_string() }
}
