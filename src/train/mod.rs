//! Training a model from the corpora; native only.
//!
//! ```text
//! corpus ── augment ──▶ dataset (cache) ── spectrogram ──▶ batches ── fit ──▶ checkpoints ──▶ models/shipped/<name>/
//! ```

mod batch;
mod cache;
mod checkpoint;
mod dataset;
mod export;
mod fit;
mod history;
mod inputs;
mod job;
mod models;
mod network;
mod prepare;
mod recipe;
mod speaker;
mod spectrogram;
mod trainer;
mod tuning;

pub use dataset::{Dataset, Extraction};
pub use history::Epoch;
pub use inputs::{InputExtractor, Inputs};
pub use job::{Job, Trained, Watcher};
pub use models::{MODELS, ModelEntry, UntrainableError};
pub use recipe::{Corpora, Optimizer, Recipe, RecipeError, Schedule};
pub use speaker::{SpeakerJob, SpeakerNetworks, train_speaker};
pub use spectrogram::SpectrogramSettings;

use std::path::PathBuf;

use crate::corpus::SplitError;
use crate::encoder::EncoderError;
use crate::model::ModelError;
use crate::run::{Checkpoints, RunError};

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A file could not be read or written, or the checkpoints are those of another run.
    #[error(transparent)]
    Run(#[from] RunError),
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
    #[error("this model has no encoder, so there are no layers to unfreeze")]
    NothingToUnfreeze,
    /// More layers are to be unfrozen than there are.
    #[error("the encoder has {layers} layers, so its last {unfrozen} cannot be fine-tuned; choose fewer")]
    TooManyUnfrozen {
        /// Layers to fine-tune.
        unfrozen: usize,
        /// Layers that there are.
        layers: usize,
    },
    /// Training is to begin with the classifier of a model that has another one.
    #[error(
        "{} holds {found}, whose classifier is not that of {wanted}; give the folder of a {wanted} that was trained on the same encoder",
        folder.display()
    )]
    OtherClassifier {
        /// The model's folder.
        folder: PathBuf,
        /// Its name.
        found: String,
        /// Name of the model to train.
        wanted: String,
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

/// Trains, selects the best epoch on the validation set, quantizes, calibrates, evaluates on the test set and writes the
/// model.
///
/// An interrupted run resumes after its last complete epoch and ends with the same weights.
///
/// # Errors
/// [`TrainError`] when the recipe cannot be used, there are too few clips, the encoder is not what the recipe needs, or a
/// checkpoint or the output cannot be read or written.
pub fn train(job: Job, watcher: &dyn Watcher) -> Result<Trained, TrainError> {
    // The caller may have changed the recipe after it was read.
    job.recipe.check()?;
    let checkpoints = Checkpoints::open(&job.run, "epoch")?;
    let prepared = prepare::prepare(&job, watcher)?;
    let (epoch, network) = fit::fit(&job, &prepared, &checkpoints, watcher)?;
    export::export(job, prepared, epoch, &network, watcher)
}
