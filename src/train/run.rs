//! The training loop.

use std::path::PathBuf;
use std::thread;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::augment::{Loudness, augment, shuffled};
use super::calibrate::fit_temperature;
use super::checkpoint::{Checkpoints, Progress};
use super::{Dataset, Recipe, TrainError};
use crate::corpus::{Split, Utterance, random_split};
use crate::evaluate::{Judged, metrics};
use crate::model::{Calibration, Emotion, Manifest, Normalisation, Prediction, as_saved, save};
use crate::nn::classifiers::Classifier;
use crate::nn::parameters;

/// Clips judged at once.
const JUDGE_BATCH: usize = 32;

/// A model to train.
pub struct Job {
    /// What the model is; its normalisation, calibration, weights and metrics are filled in by training.
    pub manifest: Manifest,
    /// The clips of the corpora.
    pub utterances: Vec<Utterance>,
    /// How to train.
    pub recipe: Recipe,
    /// Where checkpoints go, and where an interrupted run is resumed from.
    pub checkpoints: PathBuf,
    /// The folder that the finished model is written to.
    pub output: PathBuf,
}

/// What a run tells whoever watches it.
pub trait Watcher: Sync {
    /// One recording has been decoded, of `total`.
    fn extracted(&self, total: usize);
    /// A step is done, of `steps` in this epoch; `loss` is a running mean.
    fn stepped(&self, epoch: usize, step: usize, steps: usize, loss: f32);
    /// An epoch is done.
    fn epoch(&self, epoch: usize, loss: f32, accuracy: f32, best: bool);
}

/// Trains, keeps the epoch that does best on the validation clips, quantises it, and writes the model.
///
/// A run that was interrupted goes on after its last whole epoch.
///
/// # Errors
/// [`TrainError`] when a recording, a checkpoint or the output cannot be read or written.
pub fn train(job: Job, watcher: &dyn Watcher) -> Result<Manifest, TrainError> {
    let Job { mut manifest, utterances, recipe, checkpoints, output } = job;
    let split = random_split(&utterances, recipe.seed);
    if split.train.len() < recipe.batch || split.validation.is_empty() {
        return Err(TrainError::TooFew { train: split.train.len(), validation: split.validation.len() });
    }
    let checkpoints = Checkpoints::open(&checkpoints)?;
    let total = utterances.len();
    let mut dataset = Dataset::extract(&utterances, &manifest.clip, &manifest.front_end, &|| {
        watcher.extracted(total);
    })?;
    manifest.normalise = dataset.normalisation(&split.train);
    dataset.normalise(&manifest.normalise);

    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let architecture = &manifest.architecture;
    let optimizer = AdamConfig::new().with_epsilon(1e-7).init();
    let resumed = checkpoints.resume(&recipe, architecture, optimizer.clone(), &device)?;
    let (mut progress, mut network, mut optimizer) = resumed.unwrap_or_else(|| {
        device.seed(recipe.seed);
        let progress = Progress { recipe: recipe.clone(), epochs_done: 0, best_accuracy: 0.0, best_epoch: 0 };
        (progress, architecture.init(&device), optimizer)
    });

    let trainer = Trainer {
        loudness: loudness(&manifest.normalise, manifest.front_end.n_mels),
        dataset: &dataset,
        recipe: &recipe,
        device: &device,
    };
    while progress.epochs_done < recipe.epochs {
        let epoch = progress.epochs_done + 1;
        let loss;
        (network, loss) = trainer.epoch(epoch, network, &mut optimizer, &split, watcher);
        let judge = network.valid();
        let scores = judge_all(&judge, &dataset, &split.validation, &plain);
        let accuracy = accuracy(&scores, &dataset, &split.validation);
        progress.epochs_done = epoch;
        let best = accuracy > progress.best_accuracy;
        if best {
            progress.best_accuracy = accuracy;
            progress.best_epoch = epoch;
        }
        checkpoints.save(&progress, &network, &optimizer)?;
        watcher.epoch(epoch, loss, accuracy, best);
    }

    let best = checkpoints.parameters(progress.best_epoch, architecture, &plain)?;
    let network =
        parameters::apply(architecture.init(&plain), best).map_err(crate::model::ModelError::from)?;
    // The figures belong to the weights that are shipped.
    let shipped = as_saved(&network, &manifest, &plain)?;
    let scores = judge_all(&shipped, &dataset, &split.validation, &plain);
    let labels: Vec<Emotion> = split.validation.iter().map(|&i| dataset.labels[i]).collect();
    manifest.calibration = Calibration { temperature: fit_temperature(&scores, &labels) };
    manifest.metrics = measure(&scores, &manifest, &utterances, &split, recipe.seed);
    Ok(save(manifest, &network, &output)?)
}

fn measure(
    scores: &[[f32; 7]],
    manifest: &Manifest,
    utterances: &[Utterance],
    split: &Split,
    seed: u64,
) -> crate::model::Metrics {
    let temperature = manifest.calibration.temperature;
    let judged: Vec<Judged> = scores
        .iter()
        .zip(&split.validation)
        .map(|(scores, &index)| Judged {
            corpus: utterances[index].speaker.corpus,
            acted: utterances[index].emotion,
            prediction: Prediction::from_scores(&scores.map(|score| score / temperature)),
        })
        .collect();
    metrics(&judged, "random 80/20, stratified by emotion", seed)
}

/// A gain of `g` dB adds `g` to every mel band, so `g * sqrt(bands)` to the first orthonormal coefficient.
fn loudness(normalise: &Normalisation, n_mels: usize) -> Loudness {
    let last = normalise.mean.len() - 1;
    Loudness {
        first_coefficient: (n_mels as f32).sqrt() / normalise.std[0],
        rms_mean: normalise.mean[last],
        rms_std: normalise.std[last],
    }
}

struct Trainer<'a> {
    dataset: &'a Dataset,
    recipe: &'a Recipe,
    loudness: Loudness,
    device: &'a Device,
}

impl Trainer<'_> {
    fn epoch(
        &self,
        epoch: usize,
        mut network: Classifier,
        optimizer: &mut ModuleOptimizer,
        split: &Split,
        watcher: &dyn Watcher,
    ) -> (Classifier, f32) {
        // Seeded anew each epoch, so that a resumed run sees what an unbroken one would.
        let seed = self.recipe.seed.wrapping_mul(1_000_003).wrapping_add(epoch as u64);
        let mut rng = StdRng::seed_from_u64(seed);
        self.device.seed(seed);
        let order = shuffled(split.train.clone(), &mut rng);
        let steps = order.len() / self.recipe.batch;
        let mut running_loss = 0.0;
        for (step, batch) in order.chunks_exact(self.recipe.batch).enumerate() {
            let progress = (epoch - 1) as f64 + (step + 1) as f64 / steps as f64;
            let learning_rate = self.recipe.learning_rate_at(progress);
            let (gradients, loss) = self.gradients(&network, batch, &mut rng);
            network = optimizer.step(learning_rate, network, gradients);
            // Batch normalisation keeps running statistics a thread and averages them only when a module leaves
            // training; left to itself, it would do so once an epoch, since every step has threads of its own.
            drop(network.valid());
            running_loss += (loss - running_loss) / (step + 1) as f32;
            watcher.stepped(epoch, step + 1, steps, running_loss);
        }
        (network, running_loss)
    }

    /// Mean gradients of a batch, its shards computed side by side, with the mean cross-entropy.
    fn gradients(&self, network: &Classifier, batch: &[usize], rng: &mut StdRng) -> (GradientsParams, f32) {
        let shards: Vec<(Tensor<3>, Tensor<2>)> = batch
            .chunks(batch.len().div_ceil(self.recipe.shards))
            .map(|indices| self.tensors(indices, rng))
            .collect();
        let count = shards.len() as f32;
        let mut sum = GradientsAccumulator::new();
        let mut loss = 0.0;
        thread::scope(|scope| {
            let running: Vec<_> = shards
                .into_iter()
                .map(|(maps, targets)| {
                    // Leaves of its own: burn locks all graphs that share one, and shards would wait for each other.
                    let network = network.clone().fork(self.device);
                    scope.spawn(move || {
                        let scores = network.forward(maps);
                        let share = targets.dims()[0] as f32 * count;
                        let entropy = (log_softmax(scores, 1) * targets).sum().neg() / share;
                        let loss: f32 = entropy.clone().into_scalar();
                        let total = entropy + network.weight_penalty() / count;
                        (GradientsParams::from_grads(total.backward(), &network), loss)
                    })
                })
                .collect();
            for shard in running {
                let (gradients, shard_loss) = shard.join().expect("a shard does not panic");
                sum.accumulate(network, gradients);
                loss += shard_loss;
            }
        });
        (sum.grads(), loss)
    }

    /// Augmented maps and smoothed labels of some clips.
    fn tensors(&self, indices: &[usize], rng: &mut StdRng) -> (Tensor<3>, Tensor<2>) {
        let [rows, columns] = self.dataset.size;
        let smoothing = self.recipe.label_smoothing;
        let mut maps = Vec::with_capacity(indices.len() * rows * columns);
        let mut targets = Vec::with_capacity(indices.len() * Emotion::ALL.len());
        for &index in indices {
            augment(&self.dataset.maps[index], columns, &self.loudness, rng, &mut maps);
            let label = self.dataset.labels[index];
            targets.extend(Emotion::ALL.map(|emotion| {
                let right = if emotion == label { 1.0 - smoothing } else { 0.0 };
                right + smoothing / Emotion::ALL.len() as f32
            }));
        }
        let maps = TensorData::new(maps, [indices.len(), rows, columns]);
        let targets = TensorData::new(targets, [indices.len(), Emotion::ALL.len()]);
        (Tensor::from_data(maps, self.device), Tensor::from_data(targets, self.device))
    }
}

/// Scores before softmax of the clips at `indices`.
fn judge_all(network: &Classifier, dataset: &Dataset, indices: &[usize], device: &Device) -> Vec<[f32; 7]> {
    let [rows, columns] = dataset.size;
    let judge = |indices: &[usize]| {
        let mut scores = Vec::with_capacity(indices.len());
        for batch in indices.chunks(JUDGE_BATCH) {
            let maps: Vec<f32> = batch.iter().flat_map(|&i| &dataset.maps[i]).copied().collect();
            let maps = TensorData::new(maps, [batch.len(), rows, columns]);
            let output = network.forward(Tensor::from_data(maps, device)).into_data();
            let output: Vec<f32> = output.try_to_vec().expect("scores are f32");
            scores.extend_from_slice(output.as_chunks::<7>().0);
        }
        scores
    };
    let (first, second) = indices.split_at(indices.len() / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| judge(second));
        let mut scores = judge(first);
        scores.extend(other.join().expect("judging does not panic"));
        scores
    })
}

fn accuracy(scores: &[[f32; 7]], dataset: &Dataset, indices: &[usize]) -> f32 {
    let right = scores
        .iter()
        .zip(indices)
        .filter(|(scores, index)| Prediction::from_scores(&scores[..]).label() == dataset.labels[**index])
        .count();
    right as f32 / indices.len() as f32
}
