//! Pretrained speech encoders on disk: a folder with a description and weights, as written by `sottovoce encoder import` or
//! in the format of Hugging Face.
//!
//! Tensors have the names and layouts of transformers in both. Ours are in shards that a page can fetch one by one, most of
//! them quantized to eight bits.

mod description;
#[cfg(all(feature = "import", not(target_arch = "wasm32")))]
mod files;
mod hugging_face;
#[cfg(feature = "import")]
mod shards;
#[cfg(feature = "import")]
mod source;
#[cfg(feature = "cpu")]
mod speech_encoder;

pub use description::{Description, Input};
#[cfg(all(feature = "import", not(target_arch = "wasm32")))]
pub use files::save;
#[cfg(feature = "webgpu")]
pub use hugging_face::import_for_gpu;
#[cfg(feature = "cpu")]
pub use hugging_face::import_for_inference;
#[cfg(feature = "train")]
pub(crate) use hugging_face::{encoder_tensors, last_layers, with_last_layers};
pub use hugging_face::{export, import, read_config};
#[cfg(feature = "import")]
pub use shards::{Precision, pack};
#[cfg(feature = "import")]
pub use source::{Source, read_weights, weights_among};
#[cfg(feature = "cpu")]
pub use speech_encoder::SpeechEncoder;
#[cfg(feature = "train")]
pub(crate) use speech_encoder::to_unit_variance;

use crate::features::FrontEndError;
use crate::nn::parameters::ParameterMismatch;
use crate::nn::weights::WeightsError;

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
            Self::File { .. } => "encoder-file",
        }
    }
}
