//! The paper's Deep CNN (its models MFCC1 and MS).

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::convolutional::Convolutional;
use crate::nn::conv_block::{ConvBlock, ConvBlockConfig};
use crate::nn::dropout::Dropout;

/// Sizes of a [`DeepCnn`]. The defaults are the paper's.
#[derive(Config, Debug)]
pub struct DeepCnnConfig {
    /// Rows and columns of the feature map.
    pub input: [usize; 2],
    /// Number of output channels of each of the four convolutions.
    #[config(default = "[32, 64, 128, 256]")]
    pub channels: [usize; 4],
    /// Dropout after each block.
    #[config(default = "[0.0, 0.0, 0.1, 0.2]")]
    pub dropout: [f64; 4],
    /// Units of the hidden dense layer.
    #[config(default = 256)]
    pub hidden: usize,
    /// Dropout after the hidden dense layer.
    #[config(default = 0.3)]
    pub hidden_dropout: f64,
    /// L2 penalty on the weights of the hidden dense layer.
    #[config(default = 1e-3)]
    pub hidden_l2: f64,
    /// Number of classes.
    #[config(default = 7)]
    pub classes: usize,
}

impl DeepCnnConfig {
    /// Initializes the network with random weights.
    ///
    /// # Panics
    /// If the input is too small to be halved four times.
    pub fn init(&self, device: &Device) -> DeepCnn {
        let [rows, columns] = self.input.map(|size| size >> self.channels.len());
        assert!(rows > 0 && columns > 0, "the input must have at least 16 rows and 16 columns");
        let inputs = [1, self.channels[0], self.channels[1], self.channels[2]];
        let blocks = (0..self.channels.len())
            .map(|i| {
                ConvBlockConfig::new(inputs[i], self.channels[i]).with_dropout(self.dropout[i]).init(device)
            })
            .collect();
        let flat = self.channels[3] * rows * columns;
        DeepCnn {
            blocks,
            hidden: LinearConfig::new(flat, self.hidden).init(device),
            dropout: Dropout::new(self.hidden_dropout),
            output: LinearConfig::new(self.hidden, self.classes).init(device),
            hidden_l2: self.hidden_l2,
        }
    }
}

/// Four blocks of 3 × 3 convolution, ReLU, batch normalisation, 2 × 2 max pooling and dropout; then a hidden dense
/// layer with ReLU and an output layer with one logit per class.
#[derive(Module, Debug)]
pub struct DeepCnn {
    blocks: Vec<ConvBlock>,
    hidden: Linear,
    dropout: Dropout,
    output: Linear,
    hidden_l2: f64,
}

impl Convolutional for DeepCnn {
    fn blocks(&self) -> &[ConvBlock] {
        &self.blocks
    }

    fn embed_activation(&self, maps: Tensor<4>) -> Tensor<2> {
        relu(self.hidden.forward(maps.flatten(1, 3)))
    }
}

impl DeepCnn {
    /// Returns the logits for an embedding.
    ///
    /// # Shapes
    /// - input: `[batch, embedding]`
    /// - output: `[batch, classes]`
    pub fn classify(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.output.forward(self.dropout.forward(embedding))
    }

    /// Returns `hidden_l2` times the sum of the hidden layer's squared weights, as Keras' `l2` regularizer.
    pub fn weight_penalty(&self) -> Tensor<1> {
        let weight = self.hidden.weight.val();
        (weight.clone() * weight).sum().mul_scalar(self.hidden_l2)
    }
}
