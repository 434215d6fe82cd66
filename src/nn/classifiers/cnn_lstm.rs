//! The paper's CNN with a bidirectional LSTM and attention (its model MFCC2).

use burn::config::Config;
use burn::module::Module;
use burn::nn::{BiLstm, BiLstmConfig, Linear, LinearConfig};
use burn::tensor::activation::{relu, softmax, tanh};
use burn::tensor::{Device, Tensor};

use super::convolutional::Convolutional;
use crate::nn::conv_block::{ConvBlock, ConvBlockConfig};
use crate::nn::dropout::Dropout;

/// Sizes of a [`CnnLstm`].
#[derive(Config, Debug)]
pub struct CnnLstmConfig {
    /// Rows and columns of the feature map.
    pub input: [usize; 2],
    /// Number of output channels of each of the three convolutions.
    #[config(default = "[32, 64, 128]")]
    pub channels: [usize; 3],
    /// Units of the LSTM in each direction.
    #[config(default = 128)]
    pub units: usize,
    /// Units of the hidden dense layer.
    #[config(default = 128)]
    pub hidden: usize,
    /// Dropout after the last convolution.
    #[config(default = 0.2)]
    pub conv_dropout: f64,
    /// Dropout before and after the hidden dense layer.
    #[config(default = 0.3)]
    pub hidden_dropout: f64,
    /// Number of classes.
    #[config(default = 7)]
    pub classes: usize,
}

impl CnnLstmConfig {
    /// Initializes the network with random weights.
    ///
    /// # Panics
    /// If the input has fewer than eight rows or columns.
    pub fn init(&self, device: &Device) -> CnnLstm {
        let [rows, columns] = self.input.map(|size| size >> self.channels.len());
        assert!(rows > 0 && columns > 0, "the input must have at least 8 rows and 8 columns");
        let [first, second, third] = self.channels;
        CnnLstm {
            blocks: vec![
                ConvBlockConfig::new(1, first).init(device),
                ConvBlockConfig::new(first, second).init(device),
                ConvBlockConfig::new(second, third).with_dropout(self.conv_dropout).init(device),
            ],
            lstm: BiLstmConfig::new(third * rows, self.units, true).init(device),
            attention: LinearConfig::new(2 * self.units, self.units).init(device),
            attention_score: LinearConfig::new(self.units, 1).with_bias(false).init(device),
            dropout: Dropout::new(self.hidden_dropout),
            hidden: LinearConfig::new(2 * self.units, self.hidden).init(device),
            output: LinearConfig::new(self.hidden, self.classes).init(device),
        }
    }
}

/// Three blocks of 3 × 3 convolution, ReLU, batch normalisation and 2 × 2 max pooling; a bidirectional LSTM over time;
/// additive attention over its outputs (Bahdanau et al., 2015); a hidden dense layer with ReLU and an output layer with
/// one logit per class.
#[derive(Module, Debug)]
pub struct CnnLstm {
    blocks: Vec<ConvBlock>,
    lstm: BiLstm,
    attention: Linear,
    attention_score: Linear,
    dropout: Dropout,
    hidden: Linear,
    output: Linear,
}

impl Convolutional for CnnLstm {
    fn blocks(&self) -> &[ConvBlock] {
        &self.blocks
    }

    fn embed_activation(&self, maps: Tensor<4>) -> Tensor<2> {
        // [batch, channels, rows, time] to [batch, time, channels × rows]
        let (outputs, _) = self.lstm.forward(maps.permute([0, 3, 1, 2]).flatten(2, 3), None);
        let weights = softmax(self.attention_score.forward(tanh(self.attention.forward(outputs.clone()))), 1);
        let summary = (outputs * weights).sum_dim(1).squeeze_dim(1);
        relu(self.hidden.forward(self.dropout.forward(summary)))
    }
}

impl CnnLstm {
    /// Returns the logits for an embedding.
    ///
    /// # Shapes
    /// - input: `[batch, embedding]`
    /// - output: `[batch, classes]`
    pub fn classify(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.output.forward(self.dropout.forward(embedding))
    }
}
