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
    /// The corpora leave too few clips in a part of the split.
    #[error(
        "there are too few recordings: {train} for training, {validation} for validation and {test} for the test set; give the folder that holds all corpora"
    )]
    TooFew {
        /// Training clips.
        train: usize,
        /// Validation clips.
        validation: usize,
        /// Test clips.
        test: usize,
    },
    /// Layers are to be unfrozen, and there is no encoder.
    #[error("this model has no encoder, so there are no layers to unfreeze; leave --unfreeze-last out")]
    NothingToUnfreeze,
    /// More layers are to be unfrozen than there are.
    #[error(
        "the encoder has {layers} layers, so its last {unfrozen} cannot be fine-tuned; choose fewer with --unfreeze-last"
    )]
    TooManyUnfrozen {
        /// Layers to fine-tune.
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
