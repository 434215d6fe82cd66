//! Pretrained speech encoders on disk: a folder with a description and weights, as written by `sottovoce encoder import` or
//! in the format of Hugging Face.
//!
//! Tensors have the names and layouts of transformers in both. Ours are in shards that a page can fetch one by one, most of
//! them quantized to eight bits.

mod description;
#[cfg(not(target_arch = "wasm32"))]
mod files;
mod hugging_face;
mod shards;
mod source;

pub use description::{Description, Input};
#[cfg(not(target_arch = "wasm32"))]
pub use files::save;
#[cfg(target_arch = "wasm32")]
pub use hugging_face::import_for_gpu;
#[cfg(feature = "train")]
pub(crate) use hugging_face::{encoder_tensors, last_layers, with_last_layers};
pub use hugging_face::{export, import, import_for_inference, read_config};
pub use shards::{Precision, pack};
pub use source::{Source, read_weights, weights_among};

use burn::tensor::Device;

use crate::features::{FrontEnd, FrontEndError};
use crate::nn::encoders::{Encoded, EncoderConfig, Inference};
use crate::nn::parameters::ParameterMismatch;
use crate::nn::weights::{StoredParameters, WeightsError};

/// Why an encoder could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// A description is invalid.
    #[error("{file} cannot be used: {detail}")]
    Description {
        /// The file's name.
        file: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// It describes an unsupported network.
    #[error("{0}; what can be imported are wav2vec 2.0, HuBERT and Whisper")]
    Unsupported(String),
    /// The tensors do not match the configuration; with the names of transformers.
    #[error(transparent)]
    Mismatch(#[from] ParameterMismatch),
    /// A file of weights is damaged.
    #[error("the encoder's {0}; import it again")]
    Weights(#[from] WeightsError),
    /// The front-end settings are out of range.
    #[error(transparent)]
    FrontEnd(#[from] FrontEndError),
    /// The GPU cannot run it.
    #[cfg(target_arch = "wasm32")]
    #[error(transparent)]
    Gpu(#[from] crate::nn::encoders::GpuError),
    /// A file could not be read or written.
    #[error("{path}: {detail}")]
    File {
        /// The file.
        path: String,
        /// The error of the system, or what to do.
        detail: String,
    },
}

impl EncoderError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Description { .. } | Self::Unsupported(_) | Self::FrontEnd(_) => "encoder-description",
            Self::Mismatch(_) | Self::Weights(_) => "encoder-weights",
            #[cfg(target_arch = "wasm32")]
            Self::Gpu(error) => error.code(),
            Self::File { .. } => "encoder-file",
        }
    }
}

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
