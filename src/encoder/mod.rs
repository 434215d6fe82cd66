//! Pretrained speech encoders as a user meets them: a folder with a description and weights, as `sottovoce encoder
//! import` writes it, or as Hugging Face publishes it.
//!
//! Tensors have the names and layouts of transformers in both. Ours lie in shards that a page can fetch one by one,
//! most of them rounded to eight bits.

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
pub use hugging_face::{import, import_for_inference, published, read_config};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use hugging_face::{last_layers, of_encoder, with_last_layers};
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
    /// A description is not what it should be.
    #[error("{file} cannot be used: {detail}")]
    Description {
        /// The file's name.
        file: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// It describes a network that is not here.
    #[error("{0}; what can be imported are wav2vec 2.0, HuBERT and Whisper")]
    Unsupported(String),
    /// The tensors are not those that the configuration asks for; named as transformers names them.
    #[error(transparent)]
    Mismatch(#[from] ParameterMismatch),
    /// A file of weights is damaged.
    #[error("the encoder's {0}; import it again")]
    Weights(#[from] WeightsError),
    /// The front-end settings are out of range.
    #[error(transparent)]
    FrontEnd(#[from] FrontEndError),
    /// The GPU does not take it.
    #[cfg(target_arch = "wasm32")]
    #[error(transparent)]
    Gpu(#[from] crate::nn::encoders::GpuError),
    /// A file could not be read or written.
    #[error("{path}: {detail}")]
    File {
        /// The file.
        path: String,
        /// What the system says, or what to do.
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

/// An encoder with its weights, and everything needed to feed it, on the CPU. Copies share the weights.
#[derive(Clone)]
pub struct SpeechEncoder {
    input: Preparation,
    network: Inference,
    /// Samples that make one frame.
    shortest: usize,
    device: Device,
}

/// What makes the network's input of samples.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // A program holds one.
enum Preparation {
    Samples { normalise: bool },
    Map(FrontEnd),
}

impl SpeechEncoder {
    /// Puts an encoder together from its description and tensors under the names of transformers. What it hears is put
    /// on `device`.
    ///
    /// # Errors
    /// [`EncoderError`] when the two do not belong together.
    pub fn new(
        description: &Description,
        tensors: StoredParameters,
        device: &Device,
    ) -> Result<Self, EncoderError> {
        description
            .check()
            .map_err(|detail| EncoderError::Description { file: Description::FILE, detail })?;
        let Description { network: config, input, .. } = description;
        let (input, shortest) = match (config, input) {
            (EncoderConfig::Wav2Vec2(config), &Input::Samples { normalise }) => {
                (Preparation::Samples { normalise }, config.shortest())
            }
            (EncoderConfig::Whisper(_), Input::Map { front_end }) => {
                (Preparation::Map(FrontEnd::new(front_end)?), front_end.hop_length)
            }
            _ => unreachable!("checked above"),
        };
        let network = import_for_inference(config, tensors)?;
        Ok(Self { input, network, shortest, device: device.clone() })
    }

    /// Encodes mono samples at 16 kHz, without telling who looked at whom. What is shorter than one frame is filled up
    /// with silence.
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

    /// The same, telling who looked at whom.
    pub fn attend(&mut self, samples: &[f32]) -> Encoded {
        let input = self.prepare(samples);
        self.network.forward(&input, true, &self.device)
    }

    /// What the network takes, of mono samples at 16 kHz.
    pub fn prepare(&mut self, samples: &[f32]) -> Vec<f32> {
        let mut samples = samples.to_vec();
        samples.resize(samples.len().max(self.shortest), 0.0);
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

/// Zero mean and unit variance, as transformers' `Wav2Vec2FeatureExtractor`.
pub(crate) fn to_unit_variance(samples: &mut [f32]) {
    let count = samples.len().max(1) as f64;
    let mean = samples.iter().map(|&sample| f64::from(sample)).sum::<f64>() / count;
    let variance = samples.iter().map(|&sample| (f64::from(sample) - mean).powi(2)).sum::<f64>() / count;
    let scale = (variance + 1e-7).sqrt().recip();
    samples.iter_mut().for_each(|sample| *sample = ((f64::from(*sample) - mean) * scale) as f32);
}
