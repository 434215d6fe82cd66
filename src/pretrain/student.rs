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
/// Brings what these bands say of sound of unit variance to about 1.
const GAIN: f32 = 8.0;
/// Above this pitch, speech grows weaker by about as much as its pitch rises, and bands are raised by as much: what is weaker
/// than other bands of its frame by 40 dB would not be heard behind their norm.
const FALLING_FROM_HZ: f32 = 500.0;
/// How loud recorded speech is, as a standard deviation.
const SPEECH: f32 = 0.05;

/// An encoder, what stands in the place of masked frames, and the end that its objective asks for.
#[derive(Module, Debug)]
pub struct Student {
    /// What is kept of it all.
    pub encoder: Wav2Vec2,
    mask: Param<Tensor<1>>,
    head: Head,
}

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // A student has one.
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
            Objective::FirstState {} => Head::States(StateHead::new(1, [width, teacher], device)),
            Objective::States { states } => {
                Head::States(StateHead::new(states.len(), [width, teacher], device))
            }
        };
        let student = Self {
            encoder: recipe.network.config().init(device),
            mask: Initializer::Uniform { min: 0.0, max: 1.0 }.init([width], device),
            head,
        };
        if !recipe.network.begins_with_bands {
            return student;
        }
        with_bands(student, if recipe.network.normalise { GAIN } else { GAIN / SPEECH })
    }

    /// The same, whose weights that an objective does not reach do not wait for slopes: burn would keep a graph for each of
    /// them for ever, and look through all graphs at every step.
    pub fn within_reach(self, objective: &Objective) -> Self {
        match objective {
            Objective::FirstState {} => Self { encoder: self.encoder.freeze_layers(), ..self },
            _ => self,
        }
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
        let (features, frames) = self.encoder.extract_features(batch.heard.clone());
        let frames = self.masked(frames, &batch.mask);
        if let (Head::States(head), Told::States(told), Objective::FirstState {}) =
            (&self.head, &batch.told, objective)
        {
            return head.loss(&[self.encoder.add_positions(frames)], told, standards);
        }
        let encoded = self.encoder.encode(frames);
        match (&self.head, &batch.told, objective) {
            (Head::Units(head), Told::Units(units), Objective::Units { unmasked, .. }) => {
                head.loss(encoded.last_hidden_state, units, &batch.mask, *unmasked)
            }
            (Head::Contrast(head), _, Objective::Contrast { diversity, .. }) => {
                head.loss(features, encoded.last_hidden_state, &batch.mask, *diversity, progress, rng)
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
fn with_bands(student: Student, gain: f32) -> Student {
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
            *value = gain * (pitch_hz / FALLING_FROM_HZ).max(1.0) * window * wave / length as f32;
        }
    }
    parameters::apply(student, own).expect("its own names and shapes")
}

/// Rows of length 1.
pub fn to_unit_length(rows: Tensor<2>) -> Tensor<2> {
    let lengths = (rows.clone().square().sum_dim(1) + 1e-8).sqrt();
    rows / lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretrain::Kind;

    const RECIPE: &str = "
        steps = 1\nbatch = 2\ncrop_s = 1.0\nlearning_rate = 1e-3\nrising = 0.0\nweight_decay = 0.0
        [network]
        conv_channels = [160, 32, 32]\nconv_kernels = [400, 3, 3]\nconv_strides = [160, 1, 2]\nbegins_with_bands = true
        width = 32\nlayers = 1\nheads = 4\nhidden = 64\nposition_kernel = 8\nposition_groups = 4
        [mask]\nstarts = 0.0\nlength = 4
        [changes]
        speed = [1.0, 1.0]\nmixed = 0.0\nmixed_snr_db = [0.0, 0.0]\nnoisy = 0.0\nnoisy_snr_db = [0.0, 0.0]
        roomy = 0.0\nroomy_s = [0.1, 0.1]
        [objective]\nkind = 'first_state'";

    #[test]
    fn a_student_that_begins_with_bands_hears_a_tone_in_the_band_of_its_pitch() {
        let device = Device::flex();
        let recipe = Recipe::parse(RECIPE, Kind::Wav2Vec2).expect("sound");
        let student = parameters::collect(&Student::new(&recipe, 8, &device));
        let kernels = &student["encoder.feature_extractor.conv_layers.0.conv.weight"];
        let [low, high] = LOWEST_AND_HIGHEST_HZ.map(hz_to_mel);
        for band in [3, 10, 20, 35] {
            let pitch_hz = mel_to_hz(low + (high - low) * f64::from(band) / 39.0) as f32;
            let tone = |n: usize| (TAU * pitch_hz * n as f32 / SAMPLE_RATE_HZ as f32).sin();
            let said = |kernel: &[f32]| kernel.iter().enumerate().map(|(n, k)| k * tone(n)).sum::<f32>();
            let strength: Vec<f32> = kernels
                .values
                .chunks_exact(400)
                .map(said)
                .collect::<Vec<_>>()
                .chunks_exact(4)
                .map(|phases| phases.iter().map(|said| said.max(0.0)).sum())
                .collect();
            let loudest = (0..40).max_by(|&a, &b| strength[a].total_cmp(&strength[b]));
            assert_eq!(loudest, Some(band as usize), "{strength:?}");
        }
    }
}
