//! What a classifier is given of a clip: a picture of the sound, or what a speech encoder makes of it.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::ModelError;
use crate::audio::ClipSettings;
use crate::encoder::{Description, SpeechEncoder};
use crate::features::{FeatureMap, FrontEnd, FrontEndSettings};
use crate::nn::parameters::Parameters;
use crate::nn::weights::WeightsFile;

/// What is made of a clip, with everything that decides its numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)] // A program holds a few.
pub enum Features {
    /// A feature map.
    Map(FrontEndSettings),
    /// Statistics of what an encoder hears.
    Embedding(Embedding),
}

/// For each of some hidden states of a speech encoder, the mean of every value over time, then its standard deviation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// The encoder.
    pub encoder: Description,
    /// Which hidden states: 0 is what goes into the first layer, 1 what comes out of it.
    pub states: Vec<usize>,
}

impl Features {
    /// Rows of the map; an embedding stands in one column.
    pub fn rows(&self) -> usize {
        match self {
            Self::Map(front_end) => front_end.rows(),
            Self::Embedding(embedding) => 2 * embedding.states.len() * embedding.encoder.network.width(),
        }
    }

    /// Rows and columns of the map; none if clips differ in length and their maps would, too.
    pub fn size(&self, clip: &ClipSettings) -> Option<[usize; 2]> {
        let columns = match self {
            Self::Map(front_end) => front_end.columns(clip.fixed_len()?),
            Self::Embedding(_) => 1,
        };
        Some([self.rows(), columns])
    }

    /// The files of the encoder, if there is one.
    pub fn shards(&self) -> &[WeightsFile] {
        match self {
            Self::Map(_) => &[],
            Self::Embedding(embedding) => &embedding.encoder.shards,
        }
    }
}

impl Embedding {
    /// Whether there are states, and the encoder has them all.
    pub fn is_consistent(&self) -> bool {
        !self.states.is_empty() && self.states.iter().all(|&state| state <= self.encoder.network.layers())
    }
}

/// Makes [`Features`] of clips. Copies share the encoder's weights.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // A program holds a few.
pub enum Extractor {
    /// Of feature maps.
    Map(FrontEnd),
    /// Of embeddings.
    Embedding {
        /// What hears the clip.
        encoder: SpeechEncoder,
        /// Which of its hidden states are summed up.
        states: Vec<usize>,
    },
}

impl Extractor {
    /// Plans the work; an encoder's tensors are needed for embeddings alone.
    ///
    /// # Errors
    /// [`ModelError`] when a setting is out of its range, or the tensors are not those of the encoder.
    pub fn new(features: &Features, tensors: Parameters, device: &Device) -> Result<Self, ModelError> {
        Ok(match features {
            Features::Map(front_end) => Self::Map(FrontEnd::new(front_end)?),
            Features::Embedding(Embedding { encoder, states }) => Self::Embedding {
                encoder: SpeechEncoder::new(encoder, tensors, device)?,
                states: states.clone(),
            },
        })
    }

    /// The features of mono samples at 16 kHz.
    pub fn extract(&mut self, samples: &[f32]) -> FeatureMap {
        match self {
            Self::Map(front_end) => front_end.extract(samples),
            Self::Embedding { encoder, states } => {
                let heard = encoder.encode(samples).hidden_states;
                let parts = states.iter().map(|&state| mean_and_deviation(heard[state].clone())).collect();
                let values: Vec<f32> =
                    Tensor::cat(parts, 1).into_data().try_to_vec().expect("states are f32");
                let rows = values.len();
                FeatureMap::new(values, rows)
            }
        }
    }
}

/// Mean and standard deviation over time.
///
/// # Shapes
/// - input: `[batch, frames, width]`
/// - output: `[batch, 2 * width]`
fn mean_and_deviation(state: Tensor<3>) -> Tensor<2> {
    let mean = state.clone().mean_dim(1);
    let variance = (state - mean.clone()).square().mean_dim(1);
    // Its square root has no slope at 0.
    Tensor::cat(vec![mean, (variance + 1e-8).sqrt()], 2).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedding_is_the_mean_and_the_deviation_of_each_value_over_time() {
        let state = [[[1.0, 5.0], [3.0, 5.0], [5.0, 5.0]], [[0.0, -1.0], [0.0, 0.0], [0.0, 1.0]]];
        let summary = mean_and_deviation(Tensor::from_data(state, &Device::flex())).into_data();
        let deviation = (8.0_f32 / 3.0).sqrt();
        let expected = [[3.0, 5.0, deviation, 0.0], [0.0, 0.0, 0.0, (2.0_f32 / 3.0).sqrt()]];
        summary.assert_approx_eq::<f32>(&expected.into(), burn::tensor::Tolerance::absolute(2e-4));
    }
}
