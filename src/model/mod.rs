//! A trained model: its description, `model.json`, and its weights.
//!
//! `models/shipped/<name>/` on disk holds `model.json`, `model.safetensors` and a `CARD.md` for people. All settings that turn
//! a recording into the network's input (clip, front end, normalisation) are in `model.json`, none in the code.

mod accelerator;
mod calibration;
mod emotion;
#[cfg(feature = "cpu")]
mod extractor;
mod features;
#[cfg(not(target_arch = "wasm32"))]
mod files;
#[cfg(feature = "cpu")]
mod loaded;
mod manifest;
#[cfg(feature = "webgpu")]
mod on_gpu;
mod prediction;
mod speaker_reference;
mod voices;

pub use accelerator::{Accelerator, Classified};
#[cfg(feature = "cpu")]
pub(crate) use calibration::distance;
pub use calibration::{Calibration, Output};
pub use emotion::Emotion;
#[cfg(feature = "cpu")]
pub use extractor::Extractor;
pub use features::{Embedding, Features, Statistics};
#[cfg(not(target_arch = "wasm32"))]
pub use files::{QuantizedSpeakerNetwork, save_speaker_head};
#[cfg(feature = "train")]
pub(crate) use files::{as_saved, save};
#[cfg(feature = "cpu")]
pub use loaded::Model;
pub use manifest::{
    Manifest, Metrics, Normalisation, ReferenceDraw, ReferenceScore, SpeakerHead, Training, UnseenCorpus,
};
#[cfg(feature = "webgpu")]
pub use on_gpu::GpuModel;
pub use prediction::Prediction;
#[cfg(test)]
pub(crate) use speaker_reference::test_reference;
pub use speaker_reference::{Conditioning, SpeakerReference, SpeakerReferenceError};
pub use voices::{VoiceDimensions, separation, two_voices_from};

use crate::encoder::EncoderError;
use crate::features::FrontEndError;
use crate::nn::gpu::GpuError;
use crate::nn::parameters;
use crate::nn::weights::WeightsError;

/// Why a model could not be loaded or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// `model.json` cannot be used.
    #[error("the model description (model.json) cannot be used: {0}")]
    Manifest(String),
    /// The weights are not the file that `model.json` describes.
    #[error("the model's {0}; load the model again")]
    Weights(#[from] WeightsError),
    /// The weights do not fit the architecture.
    #[error(transparent)]
    Mismatch(#[from] parameters::ParameterMismatch),
    /// The front-end settings are out of range.
    #[error(transparent)]
    FrontEnd(#[from] FrontEndError),
    /// The encoder that it needs cannot be used.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// No GPU can be used.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
}

impl ModelError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) | Self::FrontEnd(_) => "model-description",
            Self::Weights(_) | Self::Mismatch(_) => "model-weights",
            Self::Encoder(error) => error.code(),
            Self::Gpu(error) => error.code(),
            Self::File { .. } => "model-file",
        }
    }
}
