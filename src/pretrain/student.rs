//! The encoder that learns, with what it learns by.

use std::f32::consts::TAU;

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::contrast::ContrastHead;
use super::states::StateHead;
use super::teacher::Standard;
use super::units::UnitHead;
use super::{Objective, Recipe};
use crate::audio::SAMPLE_RATE_HZ;
use crate::features::{hz_to_mel, mel_to_hz};
use crate::nn::encoders::Wav2Vec2;
use crate::nn::parameters;

/// The middle of the first and of the last band that the first convolution may begin with.
const LOWEST_AND_HIGHEST_HZ: [f64; 2] = [80.0, 7_500.0];
/// Brings what these bands say of speech of unit variance to about 1.
const GAIN: f32 = 8.0;

/// An encoder, what stands in the place of masked frames, and the end that its objective asks for.
#[derive(Module, Debug)]
pub struct Student {
    /// What is kept of it all.
    pub encoder: Wav2Vec2,
    mask: Param<Tensor<1>>,
    head: Head,
}

#[derive(Module, Debug)]
enum Head {
    Units(UnitHead),
    Contrast(ContrastHead),
    States(StateHead),
}

/// Crops of a step, with what is to be found in them.
pub struct Batch {
    /// `[batch, samples]`.
    pub heard: Tensor<2>,
    /// Which frames are masked, crop by crop.
    pub mask: Vec<bool>,
    /// What the teacher says.
    pub told: Told,
}

/// What the teacher says of a batch, frame by frame.
pub enum Told {
    /// Nothing: there is no teacher.
    Nothing,
    /// Clusters.
    Units(Vec<usize>),
    /// Standardised states.
    States(Vec<Vec<f32>>),
}

/// What came of a batch.
pub struct Outcome {
    /// What is to fall.
    pub loss: Tensor<1>,
    /// What people can read.
    pub figures: Figures,
}

/// How well a batch was understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Share of the masked frames whose unit was named, or which were told apart from the others; of distillation, the share
    /// of the teacher's variance that the student explains.
    pub found: f32,
    /// The same by chance.
    pub chance: f32,
    /// Share of the units, or of the codebooks' entries, that the batch uses.
    pub used: f32,
}

impl Student {
    /// A student with random weights. `teacher` is the width of the teacher's states.
    pub fn new(recipe: &Recipe, teacher: usize, device: &Device) -> Self {
        let width = recipe.network.width;
        let channels = *recipe.network.conv_channels.last().expect("checked by the recipe");
        let head = match &recipe.objective {
            Objective::Units { clusters, .. } => Head::Units(UnitHead::new(width, *clusters, device)),
            Objective::Contrast { groups, entries, width: compared, .. } => {
                Head::Contrast(ContrastHead::new(channels, width, [*groups, *entries, *compared], device))
            }
            Objective::States { states } => {
                Head::States(StateHead::new(states.len(), [width, teacher], device))
            }
        };
        let student = Self {
            encoder: recipe.network.config().init(device),
            mask: Initializer::Uniform { min: 0.0, max: 1.0 }.init([width], device),
            head,
        };
        if recipe.network.begins_with_bands { with_bands(student) } else { student }
    }

    /// The same with transformer layers that do not learn.
    pub fn hold_layers(self) -> Self {
        Self { encoder: self.encoder.hold_layers(), ..self }
    }

    /// Hears a batch.
    pub fn learn(
        &self,
        batch: &Batch,
        objective: &Objective,
        standards: &[Standard],
        progress: f32,
        rng: &mut StdRng,
    ) -> Outcome {
        let (features, frames) = self.encoder.hear(batch.heard.clone());
        let encoded = self.encoder.attend(self.masked(frames, &batch.mask));
        match (&self.head, &batch.told, objective) {
            (Head::Units(head), Told::Units(units), Objective::Units { unmasked, .. }) => {
                head.loss(encoded.last, units, &batch.mask, *unmasked)
            }
            (Head::Contrast(head), _, Objective::Contrast { diversity, .. }) => {
                head.loss(features, encoded.last, &batch.mask, *diversity, progress, rng)
            }
            (Head::States(head), Told::States(told), _) => head.loss(&encoded.hidden_states, told, standards),
            _ => unreachable!("the head, the teacher and the objective are of one recipe"),
        }
    }

    fn masked(&self, frames: Tensor<3>, mask: &[bool]) -> Tensor<3> {
        if !mask.contains(&true) {
            return frames;
        }
        let [batch, count, _] = frames.dims();
        let mask: Vec<f32> = mask.iter().map(|&masked| f32::from(u8::from(masked))).collect();
        let mask = Tensor::<3>::from_data(TensorData::new(mask, [batch, count, 1]), &frames.device());
        frames * (mask.clone().neg() + 1.0) + self.mask.val().unsqueeze::<3>() * mask
    }
}

/// The student with a first convolution that hears mel bands: windowed waves in four phases, which after the
/// rectifier behind them say how strong a band is wherever its wave stands.
fn with_bands(student: Student) -> Student {
    const PHASES: usize = 4;
    let mut own = parameters::collect(&student);
    let kernels = own.get_mut("encoder.feature_extractor.conv_layers.0.conv.weight").expect("there is one");
    let [channels, _, length] = kernels.shape[..] else { unreachable!("kernels have three dimensions") };
    let bands = channels.div_ceil(PHASES);
    let [low, high] = LOWEST_AND_HIGHEST_HZ.map(hz_to_mel);
    for (channel, kernel) in kernels.values.chunks_exact_mut(length).enumerate() {
        let place = (channel / PHASES) as f64 / (bands - 1).max(1) as f64;
        let pitch_hz = mel_to_hz(low + (high - low) * place) as f32;
        let phase = (channel % PHASES) as f32 / PHASES as f32;
        for (n, value) in kernel.iter_mut().enumerate() {
            let window = 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / length as f32).cos();
            let wave = (TAU * (pitch_hz * n as f32 / SAMPLE_RATE_HZ as f32 + phase)).cos();
            *value = GAIN * window * wave / length as f32;
        }
    }
    parameters::apply(student, own).expect("its own names and shapes")
}

/// Rows of length 1.
pub fn to_unit_length(rows: Tensor<2>) -> Tensor<2> {
    let lengths = (rows.clone().square().sum_dim(1) + 1e-8).sqrt();
    rows / lengths
}
