//! The paper's baseline: a one-dimensional CNN, as in the notebooks on these corpora that it is taken from.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::convolutional::Convolutional;
use crate::nn::conv_block::{ConvBlock, ConvBlockConfig};

/// Sizes of a [`Baseline`].
#[derive(Config, Debug)]
pub struct BaselineConfig {
    /// Rows and columns of the feature map.
    pub input: [usize; 2],
    /// Number of output channels of each of the three pairs of convolutions.
    #[config(default = "[256, 128, 64]")]
    pub channels: [usize; 3],
    /// Kernel size, odd.
    #[config(default = 5)]
    pub kernel: usize,
    /// Dropout after each pair.
    #[config(default = 0.2)]
    pub dropout: f64,
    /// Number of classes.
    #[config(default = 7)]
    pub classes: usize,
}

impl BaselineConfig {
    /// Initializes the network with random weights.
    ///
    /// # Panics
    /// If the input has fewer than eight rows.
    pub fn init(&self, device: &Device) -> Baseline {
        let length = self.input[0] >> self.channels.len();
        assert!(length > 0, "the input must have at least 8 rows");
        let mut blocks = Vec::new();
        let mut inputs = 1;
        for outputs in self.channels {
            let block = |inputs| ConvBlockConfig::new(inputs, outputs).with_kernel([1, self.kernel]);
            blocks.push(block(inputs).with_pool([1, 1]).init(device));
            blocks.push(block(outputs).with_pool([1, 2]).with_dropout(self.dropout).init(device));
            inputs = outputs;
        }
        Baseline { blocks, output: LinearConfig::new(inputs * length, self.classes).init(device) }
    }
}

/// The mean of each row over time; three pairs of one-dimensional convolutions over these means, each with ReLU and batch
/// normalisation, with max pooling by 2 after every pair; an output layer with one logit per class.
#[derive(Module, Debug)]
pub struct Baseline {
    blocks: Vec<ConvBlock>,
    output: Linear,
}

impl Convolutional for Baseline {
    fn blocks(&self) -> &[ConvBlock] {
        &self.blocks
    }

    fn to_channels(&self, maps: Tensor<3>) -> Tensor<4> {
        let [batch, rows, _] = maps.dims();
        maps.mean_dim(2).reshape([batch, 1, 1, rows])
    }

    fn embed_activation(&self, maps: Tensor<4>) -> Tensor<2> {
        maps.flatten(1, 3)
    }
}

impl Baseline {
    /// Returns the logits for an embedding.
    ///
    /// # Shapes
    /// - input: `[batch, embedding]`
    /// - output: `[batch, classes]`
    pub fn classify(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.output.forward(embedding)
    }
}
