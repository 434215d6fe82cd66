//! The end of an encoder apart from the rest of it, as fine-tuning changes it.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::EncoderConfig;
use super::transformer::{self, Layer};

/// The transformer layers of an encoder from some layer on, without the norm after the last.
#[derive(Module, Debug)]
pub struct LastLayers {
    layers: Vec<Layer>,
}

impl EncoderConfig {
    /// Makes the layers after the first `before` with fresh random weights.
    pub fn last_layers(&self, before: usize, device: &Device) -> LastLayers {
        let layer = match self {
            Self::Wav2Vec2(config) => config.layer(),
            Self::Whisper(config) => config.layer(),
        };
        LastLayers { layers: (before..self.layers()).map(|_| layer.init(device)).collect() }
    }
}

impl LastLayers {
    /// What goes into the first of them, then what comes out of each.
    ///
    /// # Shapes
    /// - input: `[batch, frames, width]`
    /// - output: as the input, each
    pub fn forward(&self, state: Tensor<3>) -> Vec<Tensor<3>> {
        transformer::run(&self.layers, state).0
    }

    /// Lets the last `count` layers learn and holds the others still.
    pub fn unfreeze_last(self, count: usize) -> Self {
        let held = self.layers.len().saturating_sub(count);
        let layers = self.layers.into_iter().enumerate();
        Self {
            layers: layers.map(|(place, layer)| if place < held { layer.no_grad() } else { layer }).collect(),
        }
    }
}
