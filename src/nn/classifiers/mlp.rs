//! A multilayer perceptron on the features of a speech encoder.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::nn::dropout::Dropout;

/// Sizes of an [`Mlp`].
#[derive(Config, Debug)]
pub struct MlpConfig {
    /// Rows and columns of the input, which is flattened.
    pub input: [usize; 2],
    /// Dropout of the input.
    #[config(default = 0.3)]
    pub input_dropout: f64,
    /// Units of the hidden layers.
    #[config(default = "[512, 256]")]
    pub hidden: [usize; 2],
    /// Dropout after each hidden layer.
    #[config(default = "[0.5, 0.4]")]
    pub dropout: [f64; 2],
    /// Number of classes.
    #[config(default = 7)]
    pub classes: usize,
}

impl MlpConfig {
    /// Initializes the network with random weights.
    pub fn init(&self, device: &Device) -> Mlp {
        let [first, second] = self.hidden;
        Mlp {
            input_dropout: Dropout::new(self.input_dropout),
            first: LinearConfig::new(self.input[0] * self.input[1], first).init(device),
            first_dropout: Dropout::new(self.dropout[0]),
            second: LinearConfig::new(first, second).init(device),
            second_dropout: Dropout::new(self.dropout[1]),
            output: LinearConfig::new(second, self.classes).init(device),
        }
    }
}

/// Dropout, then two hidden dense layers, each with ReLU and dropout, and an output layer with one logit per class.
#[derive(Module, Debug)]
pub struct Mlp {
    input_dropout: Dropout,
    first: Linear,
    first_dropout: Dropout,
    second: Linear,
    second_dropout: Dropout,
    output: Linear,
}

impl Mlp {
    /// Returns the logits.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, maps: Tensor<3>) -> Tensor<2> {
        self.classify(self.embed(maps))
    }

    /// Returns the embedding: the activation of the last hidden layer, after ReLU.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, embedding]`
    pub fn embed(&self, maps: Tensor<3>) -> Tensor<2> {
        let x = self.input_dropout.forward(maps.flatten(1, 2));
        let x = self.first_dropout.forward(relu(self.first.forward(x)));
        relu(self.second.forward(x))
    }

    /// Returns the logits for an embedding from [`embed`](Self::embed).
    ///
    /// # Shapes
    /// - input: `[batch, embedding]`
    /// - output: `[batch, classes]`
    pub fn classify(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.output.forward(self.second_dropout.forward(embedding))
    }
}
