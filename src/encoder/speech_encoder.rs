//! An encoder with its preprocessing.

use burn::tensor::Device;

use super::{Description, EncoderError, Input, import_for_inference};
use crate::features::FrontEnd;
use crate::nn::encoders::{Encoded, EncoderConfig, Inference};
use crate::nn::weights::StoredParameters;

/// An encoder with its weights and preprocessing, for inference on the CPU. Copies share the weights.
#[derive(Clone)]
pub struct SpeechEncoder {
    input: Preparation,
    network: Inference,
    /// Minimum number of samples, which gives one frame.
    min_samples: usize,
    device: Device,
}

/// The preprocessing of samples.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // A program holds one.
enum Preparation {
    Samples { normalise: bool },
    Map(FrontEnd),
}

impl SpeechEncoder {
    /// Loads an encoder from its description and tensors with the names of transformers. Its output is on `device`.
    ///
    /// # Errors
    /// [`EncoderError`] if the two do not match.
    pub fn new(
        description: &Description,
        tensors: StoredParameters,
        device: &Device,
    ) -> Result<Self, EncoderError> {
        description
            .check()
            .map_err(|detail| EncoderError::Description { file: Description::FILE, detail })?;
        let Description { network: config, input, .. } = description;
        let (input, min_samples) = match (config, input) {
            (EncoderConfig::Wav2Vec2(config), &Input::Samples { normalise }) => {
                (Preparation::Samples { normalise }, config.receptive_field())
            }
            (EncoderConfig::Whisper(_), Input::Map { front_end }) => {
                (Preparation::Map(FrontEnd::new(front_end)?), front_end.hop_length)
            }
            _ => unreachable!("checked above"),
        };
        let network = import_for_inference(config, tensors)?;
        Ok(Self { input, network, min_samples, device: device.clone() })
    }

    /// Encodes mono samples at 16 kHz, without attention weights. Fewer samples than one frame are padded with zeros.
    pub fn encode(&mut self, samples: &[f32]) -> Encoded {
        let input = self.prepare(samples);
        self.encode_input(&input)
    }

    /// Encodes what [`prepare`](Self::prepare) gives.
    pub fn encode_input(&mut self, input: &[f32]) -> Encoded {
        self.network.forward(input, false, &self.device)
    }

    /// Rows of what [`prepare`](Self::prepare) gives: bands of a map; 1 where the network takes samples.
    pub fn input_rows(&self) -> usize {
        match &self.input {
            Preparation::Map(front_end) => front_end.settings().rows(),
            Preparation::Samples { .. } => 1,
        }
    }

    /// Encodes mono samples at 16 kHz, with attention weights.
    pub fn encode_with_attention(&mut self, samples: &[f32]) -> Encoded {
        let input = self.prepare(samples);
        self.network.forward(&input, true, &self.device)
    }

    /// Preprocesses mono samples at 16 kHz: returns the input of the network.
    pub fn prepare(&mut self, samples: &[f32]) -> Vec<f32> {
        let mut samples = samples.to_vec();
        samples.resize(samples.len().max(self.min_samples), 0.0);
        match &mut self.input {
            Preparation::Map(front_end) => front_end.extract(&samples).into_values(),
            Preparation::Samples { normalise } => {
                if *normalise {
                    to_unit_variance(&mut samples);
                }
                samples
            }
        }
    }
}

/// Normalises to zero mean and unit variance, as transformers' `Wav2Vec2FeatureExtractor`.
pub(crate) fn to_unit_variance(samples: &mut [f32]) {
    let count = samples.len().max(1) as f64;
    let mean = samples.iter().map(|&sample| f64::from(sample)).sum::<f64>() / count;
    let variance = samples.iter().map(|&sample| (f64::from(sample) - mean).powi(2)).sum::<f64>() / count;
    let scale = (variance + 1e-7).sqrt().recip();
    samples.iter_mut().for_each(|sample| *sample = ((f64::from(*sample) - mean) * scale) as f32);
}
