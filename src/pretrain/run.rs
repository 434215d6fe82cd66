//! The training loop: crops in, optimizer steps, checkpoints, and an encoder at the end.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::clusters::Clusters;
use super::crops::{Crops, train_set};
use super::objective::{Batch, LossMetrics, LossOutput, Targets};
use super::student::Student;
use super::teacher::Teacher;
use super::{EncoderKind, ObjectiveSettings, PretrainError, PretrainRecipe};
use crate::corpus::Utterance;
use crate::encoder::{Description, Input, Precision, Source, export, save, to_unit_variance};
use crate::nn::encoders::{Encoder, EncoderConfig};
use crate::nn::parameters;
use crate::nn::weights::as_stored;
use crate::run::{Checkpoints, Progress, RunError, derive_seed, failed, write_log};

/// Steps that are averaged into a line of the log.
const LOG_INTERVAL: usize = 20;
/// Steps from one checkpoint to the next.
const CHECKPOINT_INTERVAL: usize = 100;

/// An encoder to train.
pub struct PretrainJob {
    /// Which objectives it may have.
    pub kind: EncoderKind,
    /// Its name.
    pub name: String,
    /// The clips of the corpora; those in the train set of both splits are used.
    pub utterances: Vec<Utterance>,
    /// How to train.
    pub recipe: PretrainRecipe,
    /// The folder of a stronger encoder, if the recipe needs one.
    pub teacher: Option<PathBuf>,
    /// The folder of an encoder to initialize the weights from, as far as both have the same parts; of Whisper these
    /// are the layers.
    pub init_from: Option<PathBuf>,
    /// Seed of the splits, the weights, the crops and the masks.
    pub seed: u64,
    /// The device that trains it.
    pub device: Device,
    /// The run's folder, with its checkpoints, from which it is resumed, its log, and the finished encoder.
    pub run: PathBuf,
}

/// Gets the progress of a run.
pub trait PretrainWatcher: Sync {
    /// One of `total` recordings was read.
    fn read(&self, total: usize);
    /// A recording cannot be read and is left out.
    fn unreadable(&self, path: &Path, reason: &str);
    /// The run starts or resumes, on so many seconds of recordings.
    fn started(&self, seconds: f32);
    /// `step` of `steps` steps are done; `loss` is of the last one.
    fn stepped(&self, step: usize, steps: usize, loss: f32);
    /// A line of the log was written.
    fn logged(&self, step: &Step);
}

/// Means over some steps: a line of a run's `log.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The last of the steps; steps count from 1.
    pub step: usize,
    /// The loss.
    pub loss: f32,
    /// Other metrics.
    #[serde(flatten)]
    pub metrics: LossMetrics,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// How long the steps took.
    pub seconds: f32,
}

/// What determines a run: the same plan on the same recordings gives the same weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PretrainPlan {
    kind: EncoderKind,
    recipe: PretrainRecipe,
    seed: u64,
    #[serde(rename = "begins")]
    init_from: Option<String>,
    recordings: usize,
}

#[derive(Serialize, Deserialize)]
struct PretrainProgress {
    plan: PretrainPlan,
    steps: usize,
    log: Vec<Step>,
}

impl Progress for PretrainProgress {
    type Plan = PretrainPlan;

    fn plan(&self) -> &PretrainPlan {
        &self.plan
    }

    fn done(&self) -> usize {
        self.steps
    }
}

struct PretrainState {
    student: Student,
    optimizer: ModuleOptimizer,
}

impl PretrainState {
    fn save(&self, folder: &Path) -> Result<(), String> {
        let record = self.student.clone().into_record();
        record.save(folder.join("student.bpk")).map_err(|error| error.to_string())?;
        self.optimizer.save(folder.join("optimizer.bpk")).map_err(|error| error.to_string())
    }

    /// The state in the folder of a checkpoint.
    fn load(self, folder: &Path) -> Result<Self, RunError> {
        let record =
            ModuleRecord::load(folder.join("student.bpk")).map_err(|error| failed(folder, &error))?;
        let student = self.student.try_load_record(record).map_err(|error| failed(folder, &error))?;
        let optimizer =
            self.optimizer.load(folder.join("optimizer.bpk")).map_err(|error| failed(folder, &error))?;
        Ok(Self { student, optimizer })
    }
}

/// What the steps of a run share.
struct Session<'a> {
    recipe: &'a PretrainRecipe,
    crops: Crops,
    teacher: Option<Teacher>,
    clusters: Option<Clusters>,
    frames: usize,
    seed: u64,
    device: Device,
}

/// Trains an encoder, writes it into the folder `encoder` of the run, in 32 bits, and returns its description.
///
/// An interrupted run resumes from its last checkpoint and ends with the same weights.
///
/// # Errors
/// [`PretrainError`] when the recipe cannot be used, there are no recordings, the teacher is not what the recipe needs,
/// or files cannot be read or written.
pub fn pretrain(job: PretrainJob, watcher: &dyn PretrainWatcher) -> Result<Description, PretrainError> {
    let PretrainJob { kind, name, utterances, recipe, teacher, init_from, seed, device, run } = job;
    // The caller may have changed the recipe after it was read.
    recipe.check(kind)?;
    if teacher.is_some() && !recipe.needs_teacher() {
        return Err(PretrainError::Teacher("this recipe needs no stronger encoder; leave --teacher out"));
    }
    let indices = train_set(&utterances, seed);
    let crops = Crops::read(&utterances, &indices, recipe.crop_s, &recipe.augmentation, watcher)?;
    let config = recipe.network.config();
    let frames = config.frames(crops.length());
    // Of the student's receptive field.
    let middle = config.receptive_field() / 2;
    let mut teacher = Teacher::open(&recipe.objective, teacher.as_deref(), [frames, middle])?;
    let clusters = match (&mut teacher, &recipe.objective) {
        (Some(teacher), ObjectiveSettings::Units { clusters, .. }) => {
            let frames = teacher.fit(&crops, seed);
            Some(Clusters::fit(&frames, *clusters, &mut StdRng::seed_from_u64(seed)))
        }
        (Some(teacher), _) => {
            teacher.fit(&crops, seed);
            None
        }
        (None, _) => None,
    };
    let device = device.autodiff();
    device.seed(seed);
    let student = Student::new(&recipe, teacher.as_ref().map_or(&[], Teacher::standardizations), &device);
    let student = match &init_from {
        Some(folder) => initialized_from(student, folder)?,
        None => student,
    };
    let optimizer = AdamWConfig::new()
        .with_beta_2(0.98)
        .with_epsilon(1e-6)
        .with_weight_decay(recipe.weight_decay)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
        .init();
    let init_from = init_from.map(|folder| folder.display().to_string());
    let plan = PretrainPlan { kind, recipe: recipe.clone(), seed, init_from, recordings: indices.len() };
    let checkpoints = Checkpoints::open(&run, "step")?;
    let fresh = PretrainState { student, optimizer };
    let (mut progress, mut state) = match checkpoints.last::<PretrainProgress>(&plan)? {
        Some((progress, folder)) => (progress, fresh.load(&folder)?),
        None => (PretrainProgress { plan, steps: 0, log: Vec::new() }, fresh),
    };
    watcher.started(crops.seconds());

    let session = Session { recipe: &recipe, crops, teacher, clusters, frames, seed, device };
    let mut teachers = vec![session.teacher.clone(); recipe.shards];
    let mut window: Vec<(f32, LossMetrics)> = Vec::new();
    let mut start = Instant::now();
    while progress.steps < recipe.steps {
        let learning_rate = recipe.learning_rate_at(progress.steps);
        let (loss, metrics) = session.step(&mut state, &mut teachers, progress.steps, learning_rate);
        progress.steps += 1;
        window.push((loss, metrics));
        watcher.stepped(progress.steps, recipe.steps, loss);
        let is_last = progress.steps == recipe.steps;
        if window.len() == LOG_INTERVAL || is_last {
            let step = mean(&window, progress.steps, learning_rate, start.elapsed().as_secs_f32());
            watcher.logged(&step);
            progress.log.push(step);
            write_log(&run, &progress.log)?;
            window.clear();
            start = Instant::now();
        }
        if progress.steps.is_multiple_of(CHECKPOINT_INTERVAL) || is_last {
            checkpoints.save(&progress, None, |folder| state.save(folder))?;
        }
    }
    let network = EncoderConfig::Wav2Vec2(config);
    let encoder = Encoder::Wav2Vec2(state.student.encoder.valid());
    let tensors = as_stored(export(&network, &encoder));
    let input = Input::Samples { normalise: recipe.network.normalize };
    let description = Description { name, input, network, shards: Vec::new() };
    Ok(save(Source { description, tensors }, Precision::F32, &run.join("encoder"))?)
}

impl Session<'_> {
    /// One step: the shards of a batch in parallel, then the optimizer.
    fn step(
        &self,
        state: &mut PretrainState,
        teachers: &mut [Option<Teacher>],
        step: usize,
        learning_rate: f64,
    ) -> (f32, LossMetrics) {
        let count = teachers.len();
        let mut sum = GradientsAccumulator::<Student>::new();
        let mut outputs = Vec::with_capacity(count);
        thread::scope(|scope| {
            let running: Vec<_> = teachers
                .iter_mut()
                .enumerate()
                .map(|(shard, teacher)| {
                    // Leaves of its own: burn locks all graphs that share one, and shards would wait for each other.
                    let student = state.student.clone().freeze_unused().fork(&self.device);
                    let size = self.recipe.batch * (shard + 1) / count - self.recipe.batch * shard / count;
                    scope.spawn(move || self.shard(&student, teacher.as_mut(), size, step, shard))
                })
                .collect();
            for shard in running {
                let (gradients, loss, metrics) = shard.join().expect("a shard does not panic");
                sum.accumulate(&state.student, gradients);
                outputs.push((loss, metrics));
            }
        });
        let student = state.student.clone();
        state.student = state.optimizer.step(learning_rate, student, sum.grads());
        let Step { loss, metrics, .. } = mean(&outputs, step, learning_rate, 0.0);
        (loss, metrics)
    }

    fn shard(
        &self,
        student: &Student,
        teacher: Option<&mut Teacher>,
        size: usize,
        step: usize,
        shard: usize,
    ) -> (GradientsParams, f32, LossMetrics) {
        let mut rng = StdRng::seed_from_u64(derive_seed(self.seed, &[step + 1, shard]));
        let progress = step as f32 / self.recipe.steps as f32;
        let batch = self.draw(teacher, size, progress, &mut rng);
        let LossOutput { loss, metrics } = student.forward(&batch, &mut rng);
        let value: f32 = loss.clone().into_scalar();
        let share = size as f32 / self.recipe.batch as f32;
        let gradients = (loss * share).backward();
        (GradientsParams::from_grads(gradients, student), value, metrics)
    }

    fn draw(&self, mut teacher: Option<&mut Teacher>, size: usize, progress: f32, rng: &mut StdRng) -> Batch {
        let mut augmented = Vec::with_capacity(size * self.crops.length());
        let mut mask = Vec::with_capacity(size * self.frames);
        let mut states: Vec<Vec<f32>> = Vec::new();
        for _ in 0..size {
            let mut crop = self.crops.draw(rng);
            if self.recipe.network.normalize {
                to_unit_variance(&mut crop.augmented);
            }
            augmented.extend_from_slice(&crop.augmented);
            mask.extend(self.recipe.mask.draw(self.frames, rng));
            let targets = teacher.as_mut().map_or_else(Vec::new, |teacher| teacher.targets(&crop.clean));
            states.resize(targets.len(), Vec::new());
            states.iter_mut().zip(targets).for_each(|(states, targets)| states.extend(targets));
        }
        let targets = match (&self.clusters, states.len()) {
            (_, 0) => Targets::None,
            (None, _) => Targets::States(states),
            (Some(clusters), _) => {
                let rows = size * self.frames;
                let width = states[0].len() / rows;
                let frames = TensorData::new(states.swap_remove(0), [rows, width]);
                Targets::Units(clusters.predict(Tensor::from_data(frames, &Device::flex())))
            }
        };
        let augmented = TensorData::new(augmented, [size, self.crops.length()]);
        Batch { augmented: Tensor::from_data(augmented, &self.device), mask, targets, progress }
    }
}

fn mean(window: &[(f32, LossMetrics)], step: usize, learning_rate: f64, seconds: f32) -> Step {
    let count = window.len().max(1) as f32;
    let of = |value: fn(&(f32, LossMetrics)) -> f32| window.iter().map(value).sum::<f32>() / count;
    Step {
        step,
        loss: of(|(loss, _)| *loss),
        metrics: LossMetrics {
            accuracy: of(|(_, metrics)| metrics.accuracy),
            chance: of(|(_, metrics)| metrics.chance),
            used: of(|(_, metrics)| metrics.used),
        },
        learning_rate,
        seconds,
    }
}

/// Initializes a student from the encoder in `folder`, as far as both have the same parts.
fn initialized_from(student: Student, folder: &Path) -> Result<Student, PretrainError> {
    let Source { description, tensors } = Source::open(folder)?;
    let other = crate::encoder::import(&description.network, tensors, &Device::flex())?;
    let is_whisper = matches!(description.network, EncoderConfig::Whisper(_));
    let other = parameters::collect(&other);
    let mut own = parameters::collect(&student);
    for (name, parameter) in &mut own {
        let Some(path) = name.strip_prefix("encoder.") else { continue };
        let theirs = if is_whisper {
            path.strip_prefix("encoder.layers.").map(|rest| format!("layers.{rest}"))
        } else {
            Some(path.to_owned())
        };
        let Some(theirs) = theirs else { continue };
        match other.get(&theirs) {
            Some(theirs) if theirs.shape == parameter.shape => parameter.clone_from(theirs),
            // Whisper's keys have no bias.
            None if path.ends_with("k_proj.bias") => parameter.values.fill(0.0),
            _ => {
                return Err(PretrainError::Teacher(
                    "the network cannot be initialized from the encoder of --begin: it must be as wide, with as many heads and values between its dense layers, and have no more layers",
                ));
            }
        }
    }
    Ok(parameters::apply(student, own).expect("its own names and shapes"))
}
