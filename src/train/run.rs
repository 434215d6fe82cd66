//! The training loop.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer};
use burn::tensor::Device;

use super::batch::Batches;
use super::checkpoint::{Checkpoints, Plan, Progress, State};
use super::dataset::Extraction;
use super::history::{Epoch, best};
use super::network::{Design, Network, loss_and_accuracy};
use super::recipe::Optimizer;
use super::spectrogram::Gain;
use super::trainer::Trainer;
use super::tuning::Tuning;
use super::{Dataset, Recipe, TrainError, failed};
use crate::corpus::{Corpus, Split, SplitSettings, Utterance};
use crate::evaluate::{ScoredClip, calibrate, metrics};
use crate::figures;
use crate::files::write_atomically;
use crate::model::{
    Calibration, Extractor, Features, Manifest, ModelError, Output, Training, as_saved, distance, save,
};
use crate::nn::parameters;
use crate::nn::weights::StoredParameters;

/// A model to train.
pub struct Job {
    /// What the model is; its normalisation, calibration, weights and metrics are filled in by training.
    pub manifest: Manifest,
    /// The clips of the corpora.
    pub utterances: Vec<Utterance>,
    /// How the clips are divided; its seed is that of the weights, the order and the changes to clips, too.
    pub split: SplitSettings,
    /// Name of the recipe, for the model's description.
    pub recipe_name: String,
    /// How to train.
    pub recipe: Recipe,
    /// Whether recordings with known defects are among the clips, for the model's description.
    pub keep_defects: bool,
    /// Where the network is trained.
    pub device: Device,
    /// The folder of the model's encoder, if it has one.
    pub encoder: Option<PathBuf>,
    /// Where features are cached from run to run.
    pub cache: PathBuf,
    /// Where the run keeps its checkpoints, from which it is resumed, its log, its curve and its split.
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
    /// An epoch is done; whether it is the best so far.
    fn epoch(&self, epoch: &Epoch, is_best: bool);
}

/// A finished model.
pub struct Trained {
    /// The contents of its `model.json`.
    pub manifest: Manifest,
    /// Accuracy on the same clips before the weights were rounded.
    pub unrounded_accuracy: f32,
}

/// Trains, selects the best epoch on the validation set, quantizes, calibrates, evaluates on the test set and writes the model.
///
/// An interrupted run resumes after its last complete epoch and ends with the same weights.
///
/// # Errors
/// [`TrainError`] when the recipe cannot be used, there are too few clips, the encoder is not what the recipe needs, or a checkpoint or the output
/// cannot be read or written.
pub fn train(job: Job, watcher: &dyn Watcher) -> Result<Trained, TrainError> {
    let Job { mut manifest, utterances, split: settings, recipe, device: plain, run, .. } = job;
    // Whoever made the job may have changed what was read from a file.
    recipe.check()?;
    let checkpoints = Checkpoints::open(&run.join("checkpoints"))?;
    let split = settings.divide(&utterances);
    split.write(settings, &utterances, &run.join("split.json"))?;
    let encoder = job.encoder.as_deref();
    let mut tuning = match recipe.unfreeze_last {
        0 => None,
        unfrozen => Some(Tuning::new(&manifest.front_end, encoder, unfrozen)?),
    };
    let (features, tensors) = match &tuning {
        Some(tuning) => tuning.frames(),
        None => (manifest.front_end.clone(), read_encoder(&manifest.front_end, encoder)?),
    };
    let extraction = Extraction {
        clip: &manifest.clip,
        front_end: &features,
        extractor: &Extractor::new(&features, tensors, &Device::flex())?,
        waveform: recipe.waveform.as_ref(),
        cache: &job.cache,
    };
    let all = [&split.train[..], &split.validation, &split.test].concat();
    let mut dataset = Dataset::extract(&utterances, &all, &split.train, &extraction, watcher)?;
    let [train, validation, test] =
        [&split.train, &split.validation, &split.test].map(|part| dataset.readable(part));
    let split = Split { train, validation, test };
    if split.train.len() < recipe.batch || split.validation.is_empty() || split.test.is_empty() {
        return Err(TrainError::TooFew {
            train: split.train.len(),
            validation: split.validation.len(),
            test: split.test.len(),
        });
    }
    manifest.normalise = match &mut tuning {
        Some(tuning) => tuning.survey(&tuning.layers(&Device::flex()), &dataset, &split.train),
        None => {
            let normalise = dataset.normalisation(&split.train);
            dataset.normalise(&normalise);
            normalise
        }
    };
    let design = Design { architecture: manifest.architecture.clone(), tuning };

    let device = plain.clone().autodiff();
    let plan = Plan {
        model: manifest.name.clone(),
        recipe: recipe.clone(),
        split: settings,
        clips: split.train.len(),
    };
    let optimizer = optimizer(&recipe);
    let (mut progress, mut state) = match checkpoints.resume(&plan, &design, &optimizer, &device)? {
        Some(resumed) => resumed,
        None => {
            let network = design.start(settings.seed, &device);
            let averaged = parameters::collect(&network.valid());
            (Progress { plan, epochs: Vec::new() }, State { network, optimizer, averaged })
        }
    };

    let gain = Gain::new(&features, &manifest.normalise);
    let batches = Batches::new(&dataset, &recipe, gain, &split.train);
    let trainer =
        Trainer { design: &design, batches: &batches, recipe: &recipe, seed: settings.seed, device: &device };
    let validation_labels = dataset.labels_of(&split.validation);
    while !is_finished(&progress.epochs, &recipe) {
        let start = Instant::now();
        let number = progress.epochs.len() + 1;
        let (loss, learning_rate) =
            trainer.epoch(number, &mut state, &progress.epochs, &split.train, watcher);
        let averaged =
            parameters::apply(design.fresh(&plain), state.averaged.clone()).map_err(ModelError::from)?;
        let logits = design.logits(&averaged, &dataset, &split.validation, &plain);
        let (validation_loss, validation_accuracy) = loss_and_accuracy(&logits, &validation_labels);
        let seconds = start.elapsed().as_secs_f32();
        progress.epochs.push(Epoch {
            epoch: number,
            loss,
            learning_rate,
            validation_loss,
            validation_accuracy,
            seconds,
        });
        checkpoints.save(&progress, &state, &design)?;
        write_log(&run, &progress.epochs)?;
        let is_best = best(&progress.epochs).is_some_and(|best| best.epoch == number);
        watcher.epoch(&progress.epochs[number - 1], is_best);
    }

    let epoch = best(&progress.epochs).expect("at least one epoch").epoch;
    let network = checkpoints.averaged(epoch, &design)?;
    manifest.training = Training {
        recipe: job.recipe_name,
        split: settings.kind.to_string(),
        seed: settings.seed,
        keep_defects: job.keep_defects,
        epochs: epoch,
        clips: split.train.len(),
        unfrozen_layers: recipe.unfreeze_last,
        other_corpora: other_corpora(&utterances, &split),
    };
    let unrounded = design.logits(&network, &dataset, &split.test, &Device::flex());
    let unrounded_accuracy = loss_and_accuracy(&unrounded, &dataset.labels_of(&split.test)).1;

    // Metrics are those of the shipped weights: a fine-tuned encoder is quantized, and the clips are embedded anew.
    let tuned = run.join("encoder");
    let (dataset, encoder) = match (&design.tuning, &network.layers) {
        (Some(tuning), Some(layers)) => {
            manifest.front_end = tuning.save(layers, &tuned)?;
            let tensors = read_encoder(&manifest.front_end, Some(&tuned))?;
            let extraction = Extraction {
                front_end: &manifest.front_end,
                extractor: &Extractor::new(&manifest.front_end, tensors, &Device::flex())?,
                waveform: None,
                ..extraction
            };
            let evaluated = [&split.validation[..], &split.test].concat();
            let mut dataset = Dataset::extract(&utterances, &evaluated, &[], &extraction, watcher)?;
            dataset.normalise(&manifest.normalise);
            (dataset, Some(tuned.as_path()))
        }
        _ => (dataset, encoder),
    };
    let classifier = as_saved(&network.classifier, &manifest, &Device::flex())?;
    let shipped = Network { classifier, layers: None };
    let score = |indices: &[usize], calibration: &Calibration| -> Vec<ScoredClip> {
        let logits = design.logits(&shipped, &dataset, indices, &Device::flex());
        let clips = logits.into_iter().zip(indices).map(|(logits, &index)| {
            let map = &dataset.maps[index][0];
            let output = Output { logits, distance: distance(map, map.len() / dataset.rows) };
            ScoredClip {
                corpus: utterances[index].speaker.corpus,
                acted: utterances[index].emotion,
                output,
                prediction: calibration.predict(&output),
            }
        });
        clips.collect()
    };
    manifest.calibration = calibrate(&score(&split.validation, &manifest.calibration), &[]);
    manifest.metrics = metrics(&score(&split.test, &manifest.calibration));
    Ok(Trained { manifest: save(manifest, &network.classifier, encoder, &job.output)?, unrounded_accuracy })
}

/// The tensors of the encoder in `folder`, if the features need one.
pub fn read_encoder(features: &Features, folder: Option<&Path>) -> Result<StoredParameters, TrainError> {
    Ok(match (features.encoder(), folder) {
        (Some(encoder), Some(folder)) => encoder.read_tensors(folder)?,
        _ => StoredParameters::new(),
    })
}

/// Names of the corpora that are trained on or chosen by, but for the paper's four.
fn other_corpora(utterances: &[Utterance], split: &Split) -> Vec<String> {
    let known = split.train.iter().chain(&split.validation).map(|&index| utterances[index].speaker.corpus);
    let others: BTreeSet<Corpus> = known.filter(|corpus| !corpus.is_in_paper()).collect();
    others.into_iter().map(|corpus| corpus.name().to_owned()).collect()
}

pub fn optimizer(recipe: &Recipe) -> ModuleOptimizer {
    // Keras' epsilon; burn's own is a hundred times as large.
    match recipe.optimizer {
        Optimizer::Adam => AdamConfig::new().with_epsilon(1e-7).init(),
        Optimizer::AdamW => {
            AdamWConfig::new().with_epsilon(1e-7).with_weight_decay(recipe.weight_decay).init()
        }
    }
}

fn is_finished(epochs: &[Epoch], recipe: &Recipe) -> bool {
    let waited = epochs.len() - best(epochs).map_or(0, |best| best.epoch);
    epochs.len() >= recipe.epochs || (recipe.stop_after > 0 && waited >= recipe.stop_after)
}

/// The log, a JSON object per line, and the learning curve. Both are made anew from all epochs, so that a run that was
/// resumed has them whole.
fn write_log(run: &Path, epochs: &[Epoch]) -> Result<(), TrainError> {
    let lines: String =
        epochs.iter().map(|epoch| serde_json::to_string(epoch).expect("plain data") + "\n").collect();
    for (name, text) in [("log.jsonl", lines), ("curve.svg", figures::learning_curve(epochs))] {
        let path = run.join(name);
        write_atomically(&path, text.as_bytes()).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}
