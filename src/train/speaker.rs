//! Training the speaker head of a finished model.
//!
//! Its logits are mixed with the model's own as in a prediction, by the weight n / (n + 4) of a reference of n clips, so that it learns
//! what the model lacks. References are drawn anew for each clip of each batch: n from 1 to 24, mostly at random, some
//! four-in-five neutral and some of one emotion.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::weighted::WeightedIndex;

use super::dataset::Extraction;
use super::fit::optimizer;
use super::inputs::{InputExtractor, Inputs};
use super::network::drawn;
use super::prepare::read_encoder;
use super::trainer::average;
use super::{Dataset, Recipe, TrainError, Watcher};
use crate::corpus::{Corpus, ReferencePool, Speech, Split, SplitSettings, Utterance};
use crate::model::{Conditioning, Emotion, Model, ReferenceDraw};
use crate::nn::classifiers::{Mlp, SpeakerNetwork, SpeakerNetworkConfig};
use crate::nn::{dropout, parameters};
use crate::parallel;

/// Clips of a reference, at most.
const MOST_CLIPS: usize = 24;
/// How often references are drawn each way.
const DRAWS: [(ReferenceDraw, f32); 3] =
    [(ReferenceDraw::Random, 0.6), (ReferenceDraw::OneSession, 0.25), (ReferenceDraw::OneSided, 0.15)];
/// Corpora are drawn in proportion to their clips to the power of this, so that small ones count for more than they hold.
const BALANCE: f64 = 0.5;
/// An emotion counts for at least this share in its corpus.
const LEAST_SHARE: f32 = 0.01;
const CLASSES: usize = Emotion::ALL.len();

/// What to train.
pub struct SpeakerJob<'a> {
    /// The finished model, with its split.
    pub model: &'a Model,
    /// Its folder, with the files of its encoder.
    pub folder: &'a Path,
    /// The clips of the corpora.
    pub utterances: &'a [Utterance],
    /// Whether networks are trained without each of the corpora outside the paper's four, too.
    pub leave_one_out: bool,
    /// Sizes of the networks.
    pub architecture: SpeakerNetworkConfig,
    /// How to train them.
    pub recipe: &'a Recipe,
    /// Where features are cached from run to run.
    pub cache: &'a Path,
}

/// What comes of it.
pub struct SpeakerNetworks {
    /// Trained on all corpora.
    pub network: SpeakerNetwork,
    /// The same, each trained without one of the corpora outside the paper's four, to be evaluated on it.
    pub without: BTreeMap<Corpus, SpeakerNetwork>,
}

/// One network to train.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// On embedding - reference: clips of all corpora but one, drawn by corpus. Logits are adjusted by how common each emotion is in a
    /// clip's corpus (Menon et al., "Long-tail Learning via Logit Adjustment", 2021), so that corpora teach no such shares.
    Relative { without: Option<Corpus> },
    /// On embedding - reference, then the reference: clips of the paper's four corpora, as they are.
    Full,
}

/// Trains the speaker networks of a model. `progress` is called with the number of steps done and their total.
///
/// # Errors
/// [`TrainError`] when the recipe cannot be used, there are too few clips, or the cache cannot be written.
pub fn train_speaker(
    job: &SpeakerJob,
    watcher: &dyn Watcher,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<SpeakerNetworks, TrainError> {
    let SpeakerJob { model, utterances, recipe, .. } = job;
    recipe.check()?;
    let training = &model.manifest().training;
    let kind = training.split.parse().expect("a manifest names a split");
    let split = SplitSettings { kind, seed: training.seed }.divide(utterances);
    let dataset = extract(job, &split, watcher)?;
    let train: Vec<usize> = dataset
        .readable(&split.train)
        .into_iter()
        .filter(|&index| {
            let speaker = &utterances[index].speaker;
            speaker.is_known() && speaker.corpus.entry().speech != Speech::Plain
        })
        .collect();
    if train.len() < recipe.batch {
        let [validation, test] = [&split.validation, &split.test].map(Vec::len);
        return Err(TrainError::TooFew { train: train.len(), validation, test });
    }
    let mut others: Vec<Corpus> = train.iter().map(|&index| utterances[index].speaker.corpus).collect();
    others.sort_unstable();
    others.dedup();
    others.retain(|corpus| job.leave_one_out && !corpus.is_in_paper());
    let lacking = others.iter().map(|&corpus| Part::Relative { without: Some(corpus) });
    let parts: Vec<Part> =
        [Part::Full, Part::Relative { without: None }].into_iter().chain(lacking).collect();
    let pool = ReferencePool::new(train.iter().map(|&index| &utterances[index]));
    let clips = Clips { job, dataset: &dataset, train: &train, pool, seed: training.seed };
    let (done, steps) = (AtomicUsize::new(0), clips.steps());
    let step = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, steps * parts.len());
    let mut networks: Vec<Mlp> =
        parallel::map(&parts, vec![(); parallel::cores()], |(), &part| clips.fit(part, steps, &step));
    let without = networks.split_off(2);
    let [full, relative] = networks.try_into().expect("the first two parts");
    let with = |relative: Mlp| SpeakerNetwork { relative, full: full.clone() };
    Ok(SpeakerNetworks {
        without: others.into_iter().zip(without.into_iter().map(with)).collect(),
        network: with(relative),
    })
}

/// The normalised embeddings of the clips that train.
fn extract(job: &SpeakerJob, split: &Split, watcher: &dyn Watcher) -> Result<Dataset, TrainError> {
    let manifest = job.model.manifest();
    let tensors = read_encoder(&manifest.front_end, Some(job.folder))?;
    let inputs = Inputs::Features(manifest.front_end.clone());
    let extraction = Extraction {
        clip: &manifest.clip,
        inputs: &inputs,
        extractor: &InputExtractor::new(&inputs, tensors, &Device::flex())?,
        waveform: job.recipe.waveform.as_ref(),
        cache: job.cache,
    };
    let mut dataset = Dataset::extract(job.utterances, &split.train, &split.train, &extraction, watcher)?;
    dataset.normalise(&manifest.normalise);
    Ok(dataset)
}

/// The clips that train, by their places among them, with what references are drawn from.
struct Clips<'a> {
    job: &'a SpeakerJob<'a>,
    dataset: &'a Dataset,
    /// Of each, its index in the dataset.
    train: &'a [usize],
    pool: ReferencePool,
    seed: u64,
}

/// A corpus that clips are drawn from.
struct Source {
    clips: Vec<usize>,
    /// It is drawn in proportion to this.
    weight: f64,
    /// What is added to the logits of its clips before the loss.
    adjustment: [f32; CLASSES],
}

/// Tensors of a batch.
struct Batch {
    /// `[clips, rows, 1]`
    embeddings: Tensor<3>,
    /// `[clips, rows, 1]`
    references: Tensor<3>,
    /// `[clips, 1]`
    weights: Tensor<2>,
    /// What is added to the logits before the loss, `[clips, classes]`.
    adjustment: Tensor<2>,
    /// `[clips, classes]`
    targets: Tensor<2>,
}

impl Clips<'_> {
    /// As many steps as passes over the clips of the paper's corpora take.
    fn steps(&self) -> usize {
        let papers = (0..self.train.len()).filter(|&clip| self.corpus(clip).is_in_paper()).count();
        self.job.recipe.epochs * (papers / self.job.recipe.batch).max(1)
    }

    fn corpus(&self, clip: usize) -> Corpus {
        self.job.utterances[self.train[clip]].speaker.corpus
    }

    fn label(&self, clip: usize) -> Emotion {
        self.dataset.labels[self.train[clip]]
    }

    /// Its own map, then those of changed copies.
    fn maps(&self, clip: usize) -> &[Vec<f32>] {
        &self.dataset.maps[self.train[clip]]
    }

    /// Trains one network on one thread; its random draws depend on the seed alone.
    fn fit(&self, part: Part, steps: usize, progress: &dyn Fn()) -> Mlp {
        let SpeakerJob { model, recipe, architecture, .. } = self.job;
        let (device, plain) = (Device::flex().autodiff(), Device::flex());
        let config = match part {
            Part::Relative { .. } => architecture.relative(),
            Part::Full => architecture.full(),
        };
        let sources = self.sources(part);
        let mut network = drawn(self.seed, &device, |cpu| config.init(cpu));
        let mut averaged = parameters::collect(&network.valid());
        let mut optimizer = optimizer(recipe);
        let mut rng = StdRng::seed_from_u64(self.seed);
        dropout::seed(self.seed);
        for step in 1..=steps {
            let Batch { embeddings, references, weights, adjustment, targets } =
                self.draw(&sources, &mut rng, &plain);
            let alone = model.network().forward(embeddings.clone());
            let alone = alone * (weights.clone().neg() + 1.0) + adjustment;
            let difference = embeddings - references.clone();
            let inputs = match part {
                Part::Relative { .. } => difference,
                Part::Full => Tensor::cat(vec![difference, references], 1),
            };
            let logits = network.forward(inputs.autodiff()) * weights.autodiff() + alone.autodiff();
            let loss = (log_softmax(logits, 1) * targets.autodiff()).sum().neg() / recipe.batch as f32;
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            let progress_in_epochs = recipe.epochs as f64 * step as f64 / steps as f64;
            network = optimizer.step(recipe.learning_rate_at(progress_in_epochs, &[]), network, gradients);
            let kept = recipe.averaging.min((1 + step) as f32 / (10 + step) as f32);
            average(&mut averaged, parameters::collect(&network.valid()), kept);
            progress();
        }
        parameters::apply(config.init(&plain), averaged).expect("its own parameters")
    }

    /// The corpora that train a part.
    fn sources(&self, part: Part) -> Vec<Source> {
        let mut by_corpus: BTreeMap<Corpus, Vec<usize>> = BTreeMap::new();
        for clip in 0..self.train.len() {
            let corpus = self.corpus(clip);
            let is_wanted = match part {
                Part::Relative { without } => Some(corpus) != without,
                Part::Full => corpus.is_in_paper(),
            };
            if is_wanted {
                by_corpus.entry(corpus).or_default().push(clip);
            }
        }
        let source = |clips: Vec<usize>| {
            let (balance, adjustment) = match part {
                Part::Relative { .. } => (BALANCE, self.log_shares(&clips)),
                Part::Full => (1.0, [0.0; CLASSES]),
            };
            Source { weight: (clips.len() as f64).powf(balance), adjustment, clips }
        };
        by_corpus.into_values().map(source).collect()
    }

    fn draw(&self, sources: &[Source], rng: &mut StdRng, device: &Device) -> Batch {
        let source_weights =
            WeightedIndex::new(sources.iter().map(|source| source.weight)).expect("one source at least");
        let draw_weights = WeightedIndex::new(DRAWS.map(|(_, share)| share)).expect("shares above 0");
        let (rows, count) = (self.dataset.rows, self.job.recipe.batch);
        let (mut embeddings, mut references) = (Vec::new(), Vec::new());
        let (mut weights, mut adjustment, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            let source = &sources[rng.sample(&source_weights)];
            let clip = source.clips[rng.random_range(0..source.clips.len())];
            embeddings.extend_from_slice(self.map(clip, rng));
            let count_of_reference = rng.random_range(1..=MOST_CLIPS);
            let (kind, _) = DRAWS[rng.sample(&draw_weights)];
            // A speaker's clips come through one microphone: all as they are, or all changed.
            let as_they_are: bool = rng.random();
            let others: Vec<&[f32]> = self
                .pool
                .draw(clip, count_of_reference, kind, rng)
                .into_iter()
                .map(|other| if as_they_are { &self.maps(other)[0][..] } else { self.map(other, rng) })
                .collect();
            if others.is_empty() {
                references.extend(std::iter::repeat_n(0.0, rows));
                weights.push(0.0);
            } else {
                let Conditioning { reference, weight } = Conditioning::of_embeddings(others);
                references.extend(reference);
                weights.push(weight);
            }
            adjustment.extend(source.adjustment);
            let smoothing = self.job.recipe.label_smoothing;
            targets.extend(Emotion::ALL.map(|emotion| {
                let right = if emotion == self.label(clip) { 1.0 - smoothing } else { 0.0 };
                right + smoothing / CLASSES as f32
            }));
        }
        Batch {
            embeddings: Tensor::from_data(TensorData::new(embeddings, [count, rows, 1]), device),
            references: Tensor::from_data(TensorData::new(references, [count, rows, 1]), device),
            weights: Tensor::from_data(TensorData::new(weights, [count, 1]), device),
            adjustment: Tensor::from_data(TensorData::new(adjustment, [count, CLASSES]), device),
            targets: Tensor::from_data(TensorData::new(targets, [count, CLASSES]), device),
        }
    }

    /// One of the maps of a clip: its own or that of a changed copy.
    fn map(&self, clip: usize, rng: &mut StdRng) -> &[f32] {
        let maps = self.maps(clip);
        &maps[rng.random_range(0..maps.len())]
    }

    /// The logarithm of each emotion's share of the clips.
    fn log_shares(&self, clips: &[usize]) -> [f32; CLASSES] {
        let mut counts = [0_usize; CLASSES];
        clips.iter().for_each(|&clip| counts[self.label(clip).index()] += 1);
        counts.map(|count| (count as f32 / clips.len() as f32).max(LEAST_SHARE).ln())
    }
}
