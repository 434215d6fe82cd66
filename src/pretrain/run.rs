//! The loop: crops in, steps of the optimizer, checkpoints, and an encoder at the end.

use std::fs;
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
use super::crops::{Crops, allowed};
use super::student::{Batch, Figures, Student, Told};
use super::teacher::Teacher;
use super::{Kind, Objective, PretrainError, Recipe};
use crate::corpus::Utterance;
use crate::encoder::{Description, Input, Precision, Source, export, save, to_unit_variance};
use crate::files::{fill_folder, write_atomically};
use crate::nn::encoders::{Encoder, EncoderConfig};
use crate::nn::parameters;
use crate::nn::weights::as_stored;
use crate::train::{TrainError, failed};

/// Steps whose figures make a line of the log.
const LOGGED: usize = 20;
/// Steps from one checkpoint to the next.
const KEPT: usize = 100;

/// An encoder to train.
pub struct Job {
    /// How it learns.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// The clips of the corpora; of these it hears what trains on both splits.
    pub utterances: Vec<Utterance>,
    /// How to train.
    pub recipe: Recipe,
    /// The folder of a stronger encoder, if the recipe needs one.
    pub teacher: Option<PathBuf>,
    /// The folder of an encoder whose weights it begins with, as far as it has the same parts; of Whisper these are the
    /// layers.
    pub begin: Option<PathBuf>,
    /// Seed of the splits, the weights, the crops and the masks.
    pub seed: u64,
    /// Where it is trained.
    pub device: Device,
    /// Where the run keeps its checkpoints, from which it is resumed, its log, and the encoder at the end.
    pub run: PathBuf,
}

/// What a run tells whoever watches it.
pub trait Watcher: Sync {
    /// A recording is read, of `total`.
    fn read(&self, total: usize);
    /// A recording cannot be read and is left out.
    fn unreadable(&self, path: &Path, reason: &str);
    /// The run begins with, or goes on with, recordings of so many seconds in all.
    fn begins(&self, seconds: f32);
    /// So many of all steps are done; `loss` is of the last one.
    fn stepped(&self, step: usize, steps: usize, loss: f32);
    /// A line of the log is written.
    fn logged(&self, step: &Step);
}

/// Means over some steps: a line of a run's `log.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The last of the steps, counted from 1.
    pub step: usize,
    /// What is to fall.
    pub loss: f32,
    /// How well the crops were understood.
    #[serde(flatten)]
    pub figures: Figures,
    /// At the last step.
    pub learning_rate: f64,
    /// How long the steps took.
    pub seconds: f32,
}

/// What a run is: two runs with the same plan on the same recordings end with the same weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Plan {
    kind: Kind,
    recipe: Recipe,
    seed: u64,
    begins: Option<String>,
    recordings: usize,
}

#[derive(Serialize, Deserialize)]
struct Progress {
    plan: Plan,
    steps: usize,
    log: Vec<Step>,
}

struct State {
    student: Student,
    optimizer: ModuleOptimizer,
}

/// What the steps of a run have in common.
struct Session<'a> {
    recipe: &'a Recipe,
    crops: Crops,
    teacher: Option<Teacher>,
    clusters: Option<Clusters>,
    frames: usize,
    seed: u64,
    device: Device,
}

/// Trains an encoder and writes it into the run's folder `encoder`, in 32 bits; returns what stands in its description.
///
/// A run that was interrupted goes on after its last checkpoint, to the same weights.
///
/// # Errors
/// [`PretrainError`] when the recipe cannot be used, there is nothing to hear, the teacher is not what the recipe needs, or files cannot be read or
/// written.
pub fn pretrain(job: Job, watcher: &dyn Watcher) -> Result<Description, PretrainError> {
    let Job { kind, name, utterances, recipe, teacher, begin, seed, device: plain, run } = job;
    // Whoever made the job may have changed what was read from a file.
    recipe.check(kind)?;
    if teacher.is_some() && !recipe.needs_teacher() {
        return Err(PretrainError::Teacher("this recipe needs no stronger encoder; leave --teacher out"));
    }
    let indices = allowed(&utterances, seed);
    let crops = Crops::read(&utterances, &indices, recipe.crop_s, &recipe.changes, watcher)?;
    let config = recipe.network.config();
    let frames = config.frames(crops.length());
    // Of what a frame of the student sees.
    let middle = config.receptive_field() / 2;
    let mut listening = Teacher::open(&recipe.objective, teacher.as_deref(), [frames, middle])?;
    let clusters = match (&mut listening, &recipe.objective) {
        (Some(teacher), Objective::Units { clusters, .. }) => {
            let heard = teacher.survey(&crops, seed);
            Some(Clusters::find(&heard, *clusters, &mut StdRng::seed_from_u64(seed)))
        }
        (Some(teacher), _) => {
            teacher.survey(&crops, seed);
            None
        }
        (None, _) => None,
    };
    let device = plain.autodiff();
    let width = listening.as_ref().map_or(0, |teacher| teacher.standards()[0].mean.len());
    device.seed(seed);
    let student = Student::new(&recipe, width, &device);
    let student = match &begin {
        Some(folder) => begun_as(student, folder)?,
        None => student,
    };
    let optimizer = AdamWConfig::new()
        .with_beta_2(0.98)
        .with_epsilon(1e-6)
        .with_weight_decay(recipe.weight_decay)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
        .init();
    let begins = begin.map(|folder| folder.display().to_string());
    let plan = Plan { kind, recipe: recipe.clone(), seed, begins, recordings: indices.len() };
    let checkpoints = run.join("checkpoints");
    fs::create_dir_all(&checkpoints).map_err(|error| failed(&checkpoints, &error))?;
    let (mut progress, mut state) = resume(&checkpoints, plan, State { student, optimizer })?;
    watcher.begins(crops.seconds());

    let session = Session { recipe: &recipe, crops, teacher: listening, clusters, frames, seed, device };
    let mut teachers = vec![session.teacher.clone(); recipe.shards];
    let mut window: Vec<(f32, Figures)> = Vec::new();
    let mut start = Instant::now();
    while progress.steps < recipe.steps {
        let learning_rate = recipe.learning_rate_at(progress.steps);
        let (loss, figures) = session.step(&mut state, &mut teachers, progress.steps, learning_rate);
        progress.steps += 1;
        window.push((loss, figures));
        watcher.stepped(progress.steps, recipe.steps, loss);
        let is_last = progress.steps == recipe.steps;
        if window.len() == LOGGED || is_last {
            let step = mean(&window, progress.steps, learning_rate, start.elapsed().as_secs_f32());
            watcher.logged(&step);
            progress.log.push(step);
            write_log(&run, &progress.log)?;
            window.clear();
            start = Instant::now();
        }
        if progress.steps.is_multiple_of(KEPT) || is_last {
            keep(&checkpoints, &progress, &state)?;
        }
    }
    let network = EncoderConfig::Wav2Vec2(config);
    let encoder = Encoder::Wav2Vec2(state.student.encoder.valid());
    let tensors = as_stored(export(&network, &encoder));
    let input = Input::Samples { normalise: recipe.network.normalise };
    let description = Description { name, input, network, shards: Vec::new() };
    Ok(save(Source { description, tensors }, Precision::F32, &run.join("encoder"))?)
}

impl Session<'_> {
    /// Numbers that follow from the seed, the step and the shard alone, so that a resumed run sees what an unbroken one
    /// would.
    fn rng(&self, step: usize, shard: usize) -> StdRng {
        StdRng::seed_from_u64([step + 1, shard].into_iter().fold(self.seed, |seed, number| {
            (seed ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        }))
    }

    /// One step: the shards of a batch side by side, then the optimizer.
    fn step(
        &self,
        state: &mut State,
        teachers: &mut [Option<Teacher>],
        step: usize,
        learning_rate: f64,
    ) -> (f32, Figures) {
        let count = teachers.len();
        let mut sum = GradientsAccumulator::<Student>::new();
        let mut outcomes = Vec::with_capacity(count);
        thread::scope(|scope| {
            let running: Vec<_> = teachers
                .iter_mut()
                .enumerate()
                .map(|(shard, teacher)| {
                    // Leaves of its own: burn locks all graphs that share one, and shards would wait for each other.
                    let student =
                        state.student.clone().within_reach(&self.recipe.objective).fork(&self.device);
                    let size = self.recipe.batch * (shard + 1) / count - self.recipe.batch * shard / count;
                    scope.spawn(move || self.shard(&student, teacher.as_mut(), size, step, shard))
                })
                .collect();
            for shard in running {
                let (gradients, loss, figures) = shard.join().expect("a shard does not panic");
                sum.accumulate(&state.student, gradients);
                outcomes.push((loss, figures));
            }
        });
        let student = state.student.clone();
        state.student = state.optimizer.step(learning_rate, student, sum.grads());
        let Step { loss, figures, .. } = mean(&outcomes, step, learning_rate, 0.0);
        (loss, figures)
    }

    fn shard(
        &self,
        student: &Student,
        teacher: Option<&mut Teacher>,
        size: usize,
        step: usize,
        shard: usize,
    ) -> (GradientsParams, f32, Figures) {
        let mut rng = self.rng(step, shard);
        let batch = self.draw(teacher, size, &mut rng);
        let progress = step as f32 / self.recipe.steps as f32;
        let standards = self.teacher.as_ref().map_or(&[][..], Teacher::standards);
        let outcome = student.learn(&batch, &self.recipe.objective, standards, progress, &mut rng);
        let loss: f32 = outcome.loss.clone().into_scalar();
        let part = size as f32 / self.recipe.batch as f32;
        let slopes = (outcome.loss * part).backward();
        (GradientsParams::from_grads(slopes, student), loss, outcome.figures)
    }

    fn draw(&self, mut teacher: Option<&mut Teacher>, size: usize, rng: &mut StdRng) -> Batch {
        let mut heard = Vec::with_capacity(size * self.crops.length());
        let mut mask = Vec::with_capacity(size * self.frames);
        let mut states: Vec<Vec<f32>> = Vec::new();
        for _ in 0..size {
            let mut crop = self.crops.draw(rng);
            if self.recipe.network.normalise {
                to_unit_variance(&mut crop.heard);
            }
            heard.extend_from_slice(&crop.heard);
            mask.extend(self.recipe.mask.draw(self.frames, rng));
            let told = teacher.as_mut().map_or_else(Vec::new, |teacher| teacher.tell(&crop.clean));
            states.resize(told.len(), Vec::new());
            states.iter_mut().zip(told).for_each(|(states, told)| states.extend(told));
        }
        let told = match (&self.clusters, states.len()) {
            (_, 0) => Told::Nothing,
            (None, _) => Told::States(states),
            (Some(clusters), _) => {
                let rows = size * self.frames;
                let width = states[0].len() / rows;
                let frames = TensorData::new(states.swap_remove(0), [rows, width]);
                Told::Units(clusters.nearest(Tensor::from_data(frames, &Device::flex())))
            }
        };
        let heard = TensorData::new(heard, [size, self.crops.length()]);
        Batch { heard: Tensor::from_data(heard, &self.device), mask, told }
    }
}

fn mean(window: &[(f32, Figures)], step: usize, learning_rate: f64, seconds: f32) -> Step {
    let count = window.len().max(1) as f32;
    let of = |value: fn(&(f32, Figures)) -> f32| window.iter().map(value).sum::<f32>() / count;
    Step {
        step,
        loss: of(|(loss, _)| *loss),
        figures: Figures {
            found: of(|(_, figures)| figures.found),
            chance: of(|(_, figures)| figures.chance),
            used: of(|(_, figures)| figures.used),
        },
        learning_rate,
        seconds,
    }
}

/// A student with what it has in common with the encoder in `folder`.
fn begun_as(student: Student, folder: &Path) -> Result<Student, PretrainError> {
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
                    "the network cannot begin as the encoder of --begin: it must be as wide, with as many heads and values between its dense layers, and have no more layers",
                ));
            }
        }
    }
    Ok(parameters::apply(student, own).expect("its own names and shapes"))
}

fn write_log(run: &Path, log: &[Step]) -> Result<(), TrainError> {
    let lines: String =
        log.iter().map(|step| serde_json::to_string(step).expect("plain data") + "\n").collect();
    let path = run.join("log.jsonl");
    write_atomically(&path, lines.as_bytes()).map_err(|error| failed(&path, &error))
}

/// Saves the state under the number of its step, then deletes what was saved before.
fn keep(folder: &Path, progress: &Progress, state: &State) -> Result<(), TrainError> {
    let done = folder.join(format!("step-{:06}", progress.steps));
    fill_folder(&done, |partial| {
        let record = state.student.clone().into_record();
        record.save(partial.join("student.bpk")).map_err(|error| error.to_string())?;
        state.optimizer.save(partial.join("optimizer.bpk")).map_err(|error| error.to_string())?;
        let text = serde_json::to_string_pretty(progress).expect("plain data");
        fs::write(partial.join("progress.json"), text).map_err(|error| error.to_string())
    })
    .map_err(|detail| failed(&done, &detail))?;
    for older in kept(folder).into_iter().filter(|path| *path != done) {
        let _ = fs::remove_dir_all(older);
    }
    Ok(())
}

fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_step =
        |path: &PathBuf| path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("step-"));
    entries.map(|entry| entry.path()).filter(is_step).collect()
}

/// The state after the last checkpoint, or `fresh` where there is none. Another run's checkpoints are refused.
fn resume(folder: &Path, plan: Plan, fresh: State) -> Result<(Progress, State), TrainError> {
    let Some(last) = kept(folder).into_iter().max() else {
        return Ok((Progress { plan, steps: 0, log: Vec::new() }, fresh));
    };
    let other = || TrainError::OtherRun { path: folder.display().to_string() };
    let text = fs::read_to_string(last.join("progress.json")).map_err(|error| failed(&last, &error))?;
    let progress: Progress = serde_json::from_str(&text).map_err(|_| other())?;
    if progress.plan != plan {
        return Err(other());
    }
    let record = ModuleRecord::load(last.join("student.bpk")).map_err(|error| failed(&last, &error))?;
    let student = fresh.student.try_load_record(record).map_err(|error| failed(&last, &error))?;
    let optimizer =
        fresh.optimizer.load(last.join("optimizer.bpk")).map_err(|error| failed(&last, &error))?;
    Ok((progress, State { student, optimizer }))
}
