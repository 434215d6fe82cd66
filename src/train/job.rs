//! What a run of training is asked for, and what it gives.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::{Epoch, Recipe};
use crate::corpus::{SplitSettings, Utterance};
use crate::model::Manifest;

/// A model to train.
pub struct Job {
    /// What the model is; its normalisation, calibration, weights and metrics are filled in by training.
    pub manifest: Manifest,
    /// The clips of the corpora.
    pub utterances: Vec<Utterance>,
    /// How the clips are divided; its seed is that of the weights, the order and the augmentation, too.
    pub split: SplitSettings,
    /// Name of the recipe, for the model's description.
    pub recipe_name: String,
    /// How to train.
    pub recipe: Recipe,
    /// Whether recordings with known defects are among the clips, for the model's description.
    pub keep_defects: bool,
    /// The device that trains the network.
    pub device: Device,
    /// The folder of the model's encoder, if it has one.
    pub encoder: Option<PathBuf>,
    /// The folder of a finished model with the same architecture whose classifier training starts from, instead of random weights.
    pub init_from: Option<PathBuf>,
    /// Where features are cached from run to run.
    pub cache: PathBuf,
    /// The run's folder, with its checkpoints, from which it is resumed, its log and its split.
    pub run: PathBuf,
    /// The folder that the finished model is written to.
    pub output: PathBuf,
}

/// Receives the progress of a run.
pub trait Watcher: Sync {
    /// The maps of one recording are made, of `total`.
    fn extracted(&self, total: usize);
    /// A recording cannot be read and is left out.
    fn unreadable(&self, path: &Path, reason: &str);
    /// A step is done, of `steps` in this epoch; `loss` is a running mean.
    fn stepped(&self, epoch: usize, step: usize, steps: usize, loss: f32);
    /// The last of `epochs` is done; whether it is the best so far.
    fn epoch(&self, epochs: &[Epoch], is_best: bool);
}

/// A finished model.
pub struct Trained {
    /// The contents of its `model.json`.
    pub manifest: Manifest,
    /// Accuracy on the same clips before the weights were rounded.
    pub unrounded_accuracy: f32,
}
