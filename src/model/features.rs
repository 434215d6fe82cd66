//! The features of a clip: a feature map, or hidden states of a speech encoder.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::audio::ClipSettings;
use crate::encoder::Description;
use crate::features::FrontEndSettings;

/// Which features are extracted, with all settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)] // A program holds a few.
pub enum Features {
    /// A feature map.
    Map(FrontEndSettings),
    /// Statistics of an encoder's hidden states.
    Embedding(Embedding),
}

/// For each of some hidden states of a speech encoder, statistics of every value over time.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// The encoder.
    pub encoder: Description,
    /// Which hidden states: 0 is the input of the first layer, 1 its output.
    pub states: Vec<usize>,
    /// Which statistics of each.
    #[serde(default)]
    pub statistics: Statistics,
}

/// Statistics of a hidden state over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// The mean of every value.
    Mean,
    /// The mean of every value, then the standard deviation of each.
    #[default]
    MeanAndDeviation,
}

impl Features {
    /// Checks that every setting is in its range, as the methods for sizes require.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Map(front_end) => front_end.check().map_err(|error| error.to_string()),
            Self::Embedding(embedding) => {
                embedding.encoder.check()?;
                if embedding.is_consistent() {
                    Ok(())
                } else {
                    Err("the encoder must have the states that are used".to_owned())
                }
            }
        }
    }

    /// Rows of the map; an embedding is one column.
    pub fn rows(&self) -> usize {
        match self {
            Self::Map(front_end) => front_end.rows(),
            Self::Embedding(embedding) => embedding.rows(),
        }
    }

    /// Rows and columns of the map; none if they depend on the length of the clip.
    pub fn size(&self, clip: &ClipSettings) -> Option<[usize; 2]> {
        let columns = match self {
            Self::Map(front_end) => front_end.columns(clip.fixed_len()?),
            Self::Embedding(_) => 1,
        };
        Some([self.rows(), columns])
    }

    /// The encoder, if there is one.
    pub fn encoder(&self) -> Option<&Description> {
        match self {
            Self::Map(_) => None,
            Self::Embedding(Embedding { encoder, .. }) => Some(encoder),
        }
    }
}

impl Embedding {
    /// Whether there are states, at most as many as the encoder has, and it has them all.
    pub fn is_consistent(&self) -> bool {
        !self.states.is_empty()
            && self.states.len() <= self.encoder.network.layers() + 1
            && self.states.iter().all(|&state| state <= self.encoder.network.layers())
    }

    /// Values of the embedding.
    pub fn rows(&self) -> usize {
        let statistics = match self.statistics {
            Statistics::Mean => 1,
            Statistics::MeanAndDeviation => 2,
        };
        statistics * self.states.len() * self.encoder.network.width()
    }

    /// Pools hidden states, given by number, over time.
    ///
    /// # Shapes
    /// - states: `[batch, frames, width]`
    /// - output: `[batch, rows]`
    pub fn pool(&self, state: impl Fn(usize) -> Tensor<3>) -> Tensor<2> {
        let of_state = match self.statistics {
            Statistics::Mean => |state: Tensor<3>| state.mean_dim(1).squeeze_dim(1),
            Statistics::MeanAndDeviation => mean_and_deviation,
        };
        Tensor::cat(self.states.iter().map(|&number| of_state(state(number))).collect(), 1)
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
    // The square root has no gradient at 0.
    Tensor::cat(vec![mean, (variance + 1e-8).sqrt()], 2).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn an_embedding_is_the_mean_and_the_deviation_of_each_value_over_time() {
        let state = [[[1.0, 5.0], [3.0, 5.0], [5.0, 5.0]], [[0.0, -1.0], [0.0, 0.0], [0.0, 1.0]]];
        let pooled = mean_and_deviation(Tensor::from_data(state, &Device::flex())).into_data();
        let deviation = (8.0_f32 / 3.0).sqrt();
        let expected = [[3.0, 5.0, deviation, 0.0], [0.0, 0.0, 0.0, (2.0_f32 / 3.0).sqrt()]];
        pooled.assert_approx_eq::<f32>(&expected.into(), burn::tensor::Tolerance::absolute(2e-4));
    }
}
