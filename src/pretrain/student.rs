//! The encoder that is trained, with the head of its objective.

use std::f32::consts::TAU;

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};
use rand::rngs::StdRng;

use super::contrast::{ContrastHead, ContrastSettings};
use super::objective::{Batch, LossOutput, MaskedEncoder, Objective};
use super::states::StateHead;
use super::teacher::Standardization;
use super::units::UnitHead;
use super::{ObjectiveSettings, PretrainRecipe};
use crate::audio::SAMPLE_RATE_HZ;
use crate::features::{hz_to_mel, mel_to_hz};
use crate::nn::encoders::Wav2Vec2;
use crate::nn::parameters;

/// Centres of the lowest and the highest mel band that the first convolution may be initialized with.
const BAND_CENTERS_HZ: [f64; 2] = [80.0, 7_500.0];
/// Scales the output of these bands, for samples of unit variance, to about 1.
const GAIN: f32 = 8.0;
/// Above this frequency speech falls off about as fast as the frequency rises, and bands are boosted by as much:
/// otherwise what is 40 dB weaker than other bands of its frame would be lost in the norm that follows.
const BOOST_FROM_HZ: f32 = 500.0;
/// Standard deviation of the samples of recorded speech.
const SPEECH_STD: f32 = 0.05;

/// An encoder, the embedding that replaces masked frames, and the head of its objective.
#[derive(Module, Debug)]
pub struct Student {
    /// The encoder, which is all that is kept of a finished run.
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

impl Head {
    fn objective(&self) -> &dyn Objective {
        match self {
            Self::Units(head) => head,
            Self::Contrast(head) => head,
            Self::States(head) => head,
        }
    }
}

impl Student {
    /// A student with random weights. `standardizations` are the teacher's, if there is one.
    pub fn new(recipe: &PretrainRecipe, standardizations: &[Standardization], device: &Device) -> Self {
        let width = recipe.network.width;
        let channels = *recipe.network.conv_channels.last().expect("checked by the recipe");
        let head = match &recipe.objective {
            &ObjectiveSettings::Units { clusters, unmasked, .. } => {
                Head::Units(UnitHead::new(width, clusters, unmasked, device))
            }
            &ObjectiveSettings::Contrast { groups, entries, width: compared, diversity } => {
                let settings = ContrastSettings { groups, entries, width: compared, diversity };
                Head::Contrast(ContrastHead::new(channels, width, &settings, device))
            }
            ObjectiveSettings::FirstState {} => {
                Head::States(StateHead::for_input(width, standardizations, device))
            }
            ObjectiveSettings::States { .. } => Head::States(StateHead::new(width, standardizations, device)),
        };
        let student = Self {
            encoder: recipe.network.config().init(device),
            mask: Initializer::Uniform { min: 0.0, max: 1.0 }.init([width], device),
            head,
        };
        if !recipe.network.init_mel_bands {
            return student;
        }
        with_mel_bands(student, if recipe.network.normalize { GAIN } else { GAIN / SPEECH_STD })
    }

    /// Freezes the parameters that the loss does not depend on: burn would keep a graph for each of them, and scan all
    /// graphs at every step.
    pub fn freeze_unused(self) -> Self {
        if self.head.objective().uses_layers() {
            return self;
        }
        Self { encoder: self.encoder.freeze_layers(), ..self }
    }

    /// The loss of a batch.
    pub fn forward(&self, batch: &Batch, rng: &mut StdRng) -> LossOutput {
        let encoder = MaskedEncoder { encoder: &self.encoder, mask: &self.mask };
        self.head.objective().loss(&encoder, batch, rng)
    }
}

/// Initializes the first convolution as mel bands: windowed waves in four phases, so that after the rectification that
/// follows, their sum is the strength of a band whatever the phase of the input.
fn with_mel_bands(student: Student, gain: f32) -> Student {
    const PHASES: usize = 4;
    let mut parameters = parameters::collect(&student);
    let kernels =
        parameters.get_mut("encoder.feature_extractor.conv_layers.0.conv.weight").expect("there is one");
    let [channels, _, length] = kernels.shape[..] else { unreachable!("kernels have three dimensions") };
    let bands = channels.div_ceil(PHASES);
    let [low, high] = BAND_CENTERS_HZ.map(hz_to_mel);
    for (channel, kernel) in kernels.values.chunks_exact_mut(length).enumerate() {
        let position = (channel / PHASES) as f64 / (bands - 1).max(1) as f64;
        let center_hz = mel_to_hz(low + (high - low) * position) as f32;
        let phase = (channel % PHASES) as f32 / PHASES as f32;
        for (n, value) in kernel.iter_mut().enumerate() {
            let window = 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / length as f32).cos();
            let wave = (TAU * (center_hz * n as f32 / SAMPLE_RATE_HZ as f32 + phase)).cos();
            *value = gain * (center_hz / BOOST_FROM_HZ).max(1.0) * window * wave / length as f32;
        }
    }
    parameters::apply(student, parameters).expect("its own names and shapes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretrain::EncoderKind;

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
    fn initialized_as_mel_bands_the_first_convolution_responds_to_a_tone_in_its_band() {
        let device = Device::flex();
        let recipe = PretrainRecipe::parse(RECIPE, EncoderKind::Wav2Vec2).expect("sound");
        let student = parameters::collect(&Student::new(&recipe, &[], &device));
        let kernels = &student["encoder.feature_extractor.conv_layers.0.conv.weight"];
        let [low, high] = BAND_CENTERS_HZ.map(hz_to_mel);
        for band in [3, 10, 20, 35] {
            let tone_hz = mel_to_hz(low + (high - low) * f64::from(band) / 39.0) as f32;
            let tone = |n: usize| (TAU * tone_hz * n as f32 / SAMPLE_RATE_HZ as f32).sin();
            let response = |kernel: &[f32]| kernel.iter().enumerate().map(|(n, k)| k * tone(n)).sum::<f32>();
            let strength: Vec<f32> = kernels
                .values
                .chunks_exact(400)
                .map(response)
                .collect::<Vec<_>>()
                .chunks_exact(4)
                .map(|phases| phases.iter().map(|phase| phase.max(0.0)).sum())
                .collect();
            let loudest = (0..40).max_by(|&a, &b| strength[a].total_cmp(&strength[b]));
            assert_eq!(loudest, Some(band as usize), "{strength:?}");
        }
    }
}
