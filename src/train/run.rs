//! The training loop.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamConfig, AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::batch::{Batches, shuffled};
use super::calibrate::calibrate;
use super::checkpoint::{Checkpoints, Plan, Progress, State};
use super::dataset::Extraction;
use super::history::{Epoch, best};
use super::recipe::Optimizer;
use super::spectrogram::Gain;
use super::{Dataset, Recipe, TrainError, failed};
use crate::corpus::{Split, SplitSettings, Utterance};
use crate::evaluate::{Judged, metrics};
use crate::figures;
use crate::files::write_atomically;
use crate::model::{Emotion, Extractor, Features, Manifest, Prediction, Training, as_saved, save};
use crate::nn::classifiers::Classifier;
use crate::nn::dropout;
use crate::nn::parameters::{self, Parameters};

/// Clips judged at once.
const JUDGE_BATCH: usize = 32;

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
    /// The folder of the encoder that the model listens through, if it does.
    pub encoder: Option<PathBuf>,
    /// Where features are kept from run to run.
    pub cache: PathBuf,
    /// Where the run keeps its checkpoints, from which it is resumed, its log, its curve and its split.
    pub run: PathBuf,
    /// The folder that the finished model is written to.
    pub output: PathBuf,
}

/// What a run tells whoever watches it.
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
    /// What stands in its `model.json`.
    pub manifest: Manifest,
    /// Accuracy on the same clips before the weights were rounded.
    pub unrounded_accuracy: f32,
}

/// Trains, keeps the epoch that does best on the validation clips, quantises and calibrates it, judges it on the test
/// clips and writes the model.
///
/// A run that was interrupted goes on after its last whole epoch, to the same weights.
///
/// # Errors
/// [`TrainError`] when there are too few clips, or when a checkpoint or the output cannot be read or written.
pub fn train(job: Job, watcher: &dyn Watcher) -> Result<Trained, TrainError> {
    let Job { mut manifest, utterances, split: settings, recipe, device: plain, run, .. } = job;
    let checkpoints = Checkpoints::open(&run.join("checkpoints"))?;
    let split = settings.divide(&utterances);
    split.write(settings, &utterances, &run.join("split.json"))?;
    let extractor = extractor(&manifest.front_end, job.encoder.as_deref())?;
    let extraction = Extraction {
        clip: &manifest.clip,
        front_end: &manifest.front_end,
        extractor: &extractor,
        waveform: recipe.waveform.as_ref(),
        cache: &job.cache,
    };
    let mut dataset = Dataset::extract(&utterances, &split.train, &extraction, watcher)?;
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
    manifest.normalise = dataset.normalisation(&split.train);
    dataset.normalise(&manifest.normalise);

    let device = plain.clone().autodiff();
    let architecture = &manifest.architecture;
    let plan = Plan {
        model: manifest.name.clone(),
        recipe: recipe.clone(),
        split: settings,
        clips: split.train.len(),
    };
    let optimizer = optimizer(&recipe);
    let (mut progress, mut state) =
        checkpoints.resume(&plan, architecture, &optimizer, &device)?.unwrap_or_else(|| {
            device.seed(settings.seed);
            let network = architecture.init(&device);
            let judged = parameters::collect(&network.valid());
            (Progress { plan, epochs: Vec::new() }, State { network, optimizer, judged })
        });

    let gain = Gain::new(&manifest.front_end, &manifest.normalise);
    let batches = Batches::new(&dataset, &recipe, gain, &split.train);
    let trainer = Trainer { batches: &batches, recipe: &recipe, seed: settings.seed, device: &device };
    while !is_finished(&progress.epochs, &recipe) {
        let start = Instant::now();
        let number = progress.epochs.len() + 1;
        let (loss, learning_rate) =
            trainer.epoch(number, &mut state, &progress.epochs, &split.train, watcher);
        let judged = parameters::apply(architecture.init(&plain), state.judged.clone());
        let judged = judged.map_err(crate::model::ModelError::from)?;
        let scores = judge_all(&judged, &dataset, &split.validation, &plain);
        let (validation_loss, validation_accuracy) = loss_and_accuracy(&scores, &dataset, &split.validation);
        let seconds = start.elapsed().as_secs_f32();
        progress.epochs.push(Epoch {
            epoch: number,
            loss,
            learning_rate,
            validation_loss,
            validation_accuracy,
            seconds,
        });
        checkpoints.save(&progress, &state, architecture)?;
        write_log(&run, &progress.epochs)?;
        let is_best = best(&progress.epochs).is_some_and(|best| best.epoch == number);
        watcher.epoch(&progress.epochs[number - 1], is_best);
    }

    let epoch = best(&progress.epochs).expect("at least one epoch").epoch;
    let flex = Device::flex();
    let network = parameters::apply(architecture.init(&flex), checkpoints.judged(epoch, architecture)?)
        .map_err(crate::model::ModelError::from)?;
    // The figures belong to the weights that are shipped.
    let shipped = as_saved(&network, &manifest, &flex)?;
    let labels: Vec<Emotion> = split.validation.iter().map(|&i| dataset.labels[i]).collect();
    manifest.calibration = calibrate(&judge_all(&shipped, &dataset, &split.validation, &flex), &labels);
    let scores = judge_all(&shipped, &dataset, &split.test, &flex);
    manifest.metrics = metrics(&judged(&scores, manifest.calibration.temperature, &utterances, &split.test));
    let unrounded = judge_all(&network, &dataset, &split.test, &flex);
    manifest.training = Training {
        recipe: job.recipe_name,
        split: settings.kind.to_string(),
        seed: settings.seed,
        keep_defects: job.keep_defects,
        epochs: epoch,
        clips: split.train.len(),
    };
    Ok(Trained {
        manifest: save(manifest, &network, job.encoder.as_deref(), &job.output)?,
        unrounded_accuracy: loss_and_accuracy(&unrounded, &dataset, &split.test).1,
    })
}

/// What makes a model's features, with the weights of the encoder in `folder` if it needs one.
fn extractor(features: &Features, folder: Option<&Path>) -> Result<Extractor, TrainError> {
    let tensors = match (features, folder) {
        (Features::Embedding(embedding), Some(folder)) => embedding.encoder.read_tensors(folder)?,
        _ => Parameters::new(),
    };
    Ok(Extractor::new(features, tensors, &Device::flex())?)
}

fn optimizer(recipe: &Recipe) -> ModuleOptimizer {
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

/// The log, a JSON object a line, and the learning curve. Both are made anew from all epochs, so that a run that was
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

fn judged(scores: &[[f32; 7]], temperature: f32, utterances: &[Utterance], indices: &[usize]) -> Vec<Judged> {
    let clips = scores.iter().zip(indices);
    clips
        .map(|(scores, &index)| Judged {
            corpus: utterances[index].speaker.corpus,
            acted: utterances[index].emotion,
            prediction: Prediction::from_scores(&scores.map(|score| score / temperature)),
        })
        .collect()
}

struct Trainer<'a> {
    batches: &'a Batches<'a>,
    recipe: &'a Recipe,
    seed: u64,
    device: &'a Device,
}

impl Trainer<'_> {
    /// Numbers that follow from the seed, the epoch, the step and the shard alone, so that a resumed run sees what an
    /// unbroken one would, and one shard what it would without the other.
    fn draws(&self, epoch: usize, step: usize, shard: usize) -> u64 {
        [epoch, step, shard].into_iter().fold(self.seed, |seed, number| {
            (seed ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        })
    }

    /// One pass over the clips at `train`; returns the mean loss and the last learning rate.
    fn epoch(
        &self,
        epoch: usize,
        state: &mut State,
        before: &[Epoch],
        train: &[usize],
        watcher: &dyn Watcher,
    ) -> (f32, f64) {
        let losses: Vec<f32> = before.iter().map(|epoch| epoch.validation_loss).collect();
        let order = shuffled(train.to_vec(), &mut StdRng::seed_from_u64(self.draws(epoch, 0, 0)));
        let steps = order.len() / self.recipe.batch;
        let (mut running_loss, mut learning_rate) = (0.0, 0.0);
        for (step, batch) in order.chunks_exact(self.recipe.batch).enumerate() {
            let taken = (epoch - 1) * steps + step + 1;
            learning_rate = self.recipe.learning_rate_at(taken as f64 / steps as f64, &losses);
            let (gradients, loss) = self.gradients(&state.network, batch, epoch, step + 1);
            state.network = state.optimizer.step(learning_rate, state.network.clone(), gradients);
            // Batch normalisation keeps running statistics a thread and averages them only when a module leaves
            // training; left to itself, it would do so once an epoch, since every step has threads of its own.
            let now = state.network.valid();
            // At the start an average over many steps would be one over random weights.
            let kept = self.recipe.averaging.min((1 + taken) as f32 / (10 + taken) as f32);
            if self.recipe.averaging > 0.0 {
                average(&mut state.judged, parameters::collect(&now), kept);
            } else if step + 1 == steps {
                state.judged = parameters::collect(&now);
            }
            running_loss += (loss - running_loss) / (step + 1) as f32;
            watcher.stepped(epoch, step + 1, steps, running_loss);
        }
        (running_loss, learning_rate)
    }

    /// Mean gradients of a batch, its shards computed side by side, with the mean cross-entropy.
    fn gradients(
        &self,
        network: &Classifier,
        batch: &[usize],
        epoch: usize,
        step: usize,
    ) -> (GradientsParams, f32) {
        let shards: Vec<&[usize]> = batch.chunks(batch.len().div_ceil(self.recipe.shards)).collect();
        let count = shards.len() as f32;
        let mut sum = GradientsAccumulator::new();
        let mut loss = 0.0;
        thread::scope(|scope| {
            let running: Vec<_> = shards
                .into_iter()
                .enumerate()
                .map(|(shard, indices)| {
                    // Leaves of its own: burn locks all graphs that share one, and shards would wait for each other.
                    let network = network.clone().fork(self.device);
                    let draws = self.draws(epoch, step, shard + 1);
                    scope.spawn(move || {
                        dropout::seed(draws);
                        let batch =
                            self.batches.draw(indices, &mut StdRng::seed_from_u64(draws), self.device);
                        let scores = network.forward(batch.maps);
                        let share = indices.len() as f32 * count;
                        let entropy = (log_softmax(scores, 1) * batch.targets).sum().neg() / share;
                        let loss: f32 = entropy.clone().into_scalar();
                        let total = match network.weight_penalty() {
                            Some(penalty) => entropy + penalty / count,
                            None => entropy,
                        };
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
}

/// Moves `average` towards `now`, of which it keeps `kept`.
fn average(average: &mut Parameters, now: Parameters, kept: f32) {
    for (average, now) in average.values_mut().zip(now.into_values()) {
        for (average, now) in average.values.iter_mut().zip(now.values) {
            *average = kept * *average + (1.0 - kept) * now;
        }
    }
}

/// Scores before softmax of the clips at `indices`.
fn judge_all(network: &Classifier, dataset: &Dataset, indices: &[usize], device: &Device) -> Vec<[f32; 7]> {
    let [rows, columns] = dataset.size;
    let judge = |indices: &[usize]| {
        let mut scores = Vec::with_capacity(indices.len());
        for batch in indices.chunks(JUDGE_BATCH) {
            let maps: Vec<f32> = batch.iter().flat_map(|&i| &dataset.maps[i][0]).copied().collect();
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

fn loss_and_accuracy(scores: &[[f32; 7]], dataset: &Dataset, indices: &[usize]) -> (f32, f32) {
    let (mut loss, mut right) = (0.0, 0);
    for (scores, &index) in scores.iter().zip(indices) {
        let prediction = Prediction::from_scores(scores);
        loss -= prediction.of(dataset.labels[index]).max(1e-12).ln();
        right += usize::from(prediction.label() == dataset.labels[index]);
    }
    (loss / indices.len() as f32, right as f32 / indices.len() as f32)
}
