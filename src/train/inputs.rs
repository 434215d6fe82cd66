//! What is extracted from clips for training: a model's features, or frames that fine-tuning feeds to further layers.

use burn::tensor::Device;
use serde::Serialize;

use crate::encoder::{Description, SpeechEncoder};
use crate::features::FeatureMap;
use crate::model::{Extractor, Features, ModelError};
use crate::nn::weights::StoredParameters;

/// Which inputs are extracted, with all settings.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)] // A program holds a few.
pub enum Inputs {
    /// The features of the finished model.
    Features(Features),
    /// The last hidden state of an encoder, a column per frame.
    Frames {
        /// The encoder.
        frames_of: Description,
    },
}

impl Inputs {
    /// Rows of a clip's map.
    pub fn rows(&self) -> usize {
        match self {
            Self::Features(features) => features.rows(),
            Self::Frames { frames_of } => frames_of.network.width(),
        }
    }
}

/// Extracts [`Inputs`] from clips. Copies share the encoder's weights.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // A program holds a few.
pub enum InputExtractor {
    /// Of features.
    Features(Extractor),
    /// Of frames.
    Frames(SpeechEncoder),
}

impl InputExtractor {
    /// An extractor; only embeddings and frames need an encoder's `tensors`.
    ///
    /// # Errors
    /// [`ModelError`] when a setting is out of its range, or the tensors are not those of the encoder.
    pub fn new(inputs: &Inputs, tensors: StoredParameters, device: &Device) -> Result<Self, ModelError> {
        Ok(match inputs {
            Inputs::Features(features) => Self::Features(Extractor::new(features, tensors, device)?),
            Inputs::Frames { frames_of } => Self::Frames(SpeechEncoder::new(frames_of, tensors, device)?),
        })
    }

    /// The map of mono samples at 16 kHz; `augment` may change an encoder's input, and gets it row by row, with the
    /// number of rows.
    pub fn extract(&mut self, samples: &[f32], augment: impl FnOnce(&mut [f32], usize)) -> FeatureMap {
        match self {
            Self::Features(extractor) => extractor.extract_with(samples, augment),
            Self::Frames(encoder) => {
                let mut input = encoder.prepare(samples);
                augment(&mut input, encoder.input_rows());
                let states = encoder.encode_input(&input).hidden_states;
                // `[1, frames, width]`
                let last = states[states.len() - 1].clone().squeeze_dim::<2>(0).swap_dims(0, 1);
                let [rows, _] = last.dims();
                FeatureMap::new(last.into_data().try_to_vec().expect("states are f32"), rows)
            }
        }
    }
}
