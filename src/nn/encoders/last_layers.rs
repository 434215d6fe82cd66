//! The last layers of an encoder, for fine-tuning.

use burn::module::{Module, ParamGroup};
use burn::tensor::{Device, Tensor};

use super::EncoderConfig;
use super::transformer::{self, Layer};

/// The transformer layers of an encoder from some layer on, without the final norm.
#[derive(Module, Debug)]
pub struct LastLayers {
    layers: Vec<Layer>,
}

impl EncoderConfig {
    /// Initializes the layers after the first `before` with random weights.
    pub fn last_layers(&self, before: usize, device: &Device) -> LastLayers {
        let layer = match self {
            Self::Wav2Vec2(config) => config.layer(),
            Self::Whisper(config) => config.layer(),
        };
        LastLayers { layers: (before..self.layers()).map(|_| layer.init(device)).collect() }
    }
}

impl LastLayers {
    /// Returns the hidden states: the input of the first of these layers, then the output of each.
    ///
    /// # Shapes
    /// - input: `[batch, frames, width]`
    /// - output: each as the input
    pub fn forward(&self, state: Tensor<3>) -> Vec<Tensor<3>> {
        transformer::run_layers(&self.layers, state).0
    }

    /// Freezes all but the last `count` layers.
    pub fn unfreeze_last(self, count: usize) -> Self {
        let frozen = self.layers.len().saturating_sub(count);
        let layers = self.layers.into_iter().enumerate();
        Self {
            layers: layers
                .map(|(place, layer)| if place < frozen { layer.no_grad() } else { layer })
                .collect(),
        }
    }

    /// The parameters of each layer.
    pub fn parameter_groups(&self) -> Vec<ParamGroup> {
        self.layers.iter().map(|layer| ParamGroup::ids_from_module(layer.clone())).collect()
    }
}
