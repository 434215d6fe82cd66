//! The paper's network on HuBERT's hidden states.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{leaky_relu, relu, softmax};
use burn::tensor::{Device, Tensor};

use crate::nn::dropout::Dropout;

/// Negative slope of the leaky ReLU: Keras' default.
const NEGATIVE_SLOPE: f64 = 0.3;

/// Sizes of an [`AttentiveMlp`]. The defaults are the paper's.
#[derive(Config, Debug)]
pub struct AttentiveMlpConfig {
    /// Rows and columns of the input, which is flattened.
    pub input: [usize; 2],
    /// Units of the first hidden layer and of the residual layer.
    #[config(default = 512)]
    pub width: usize,
    /// Number of groups of neighbouring units that attend to each other.
    #[config(default = 8)]
    pub groups: usize,
    /// Units of the two layers after the attention.
    #[config(default = "[128, 64]")]
    pub hidden: [usize; 2],
    /// Dropout after the first hidden layer and the residual layer, then after each of the layers that follow attention.
    #[config(default = "[0.4, 0.4, 0.3]")]
    pub dropout: [f64; 3],
    /// L2 penalty on the weights of the first hidden layer.
    #[config(default = 1e-4)]
    pub l2: f64,
    /// Number of classes.
    #[config(default = 7)]
    pub classes: usize,
}

impl AttentiveMlpConfig {
    /// Initializes the network with random weights.
    ///
    /// # Panics
    /// If `groups` does not divide `width`.
    pub fn init(&self, device: &Device) -> AttentiveMlp {
        assert!(self.width.is_multiple_of(self.groups), "the groups must divide the width");
        let dense = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        let dropout = self.dropout.map(Dropout::new);
        let group = self.width / self.groups;
        let [first, second] = self.hidden;
        let [hidden_dropout, first_dropout, second_dropout] = dropout;
        AttentiveMlp {
            hidden: dense(self.input[0] * self.input[1], self.width),
            hidden_norm: BatchNormConfig::new(self.width).init(device),
            hidden_dropout,
            residual: dense(self.width, self.width),
            queries: dense(group, group),
            keys: dense(group, group),
            values: dense(group, group),
            first: dense(self.width, first),
            first_dropout,
            second: dense(first, second),
            second_dropout,
            output: dense(second, self.classes),
            groups: self.groups,
            l2: self.l2,
        }
    }
}

/// A dense layer with batch normalisation and leaky ReLU, a residual dense layer, self-attention, two dense layers with
/// ReLU, and an output layer with one logit per class; dropout after each hidden layer.
///
/// Attention needs a sequence, and there is one vector per clip: its groups of neighbouring units are the sequence.
#[derive(Module, Debug)]
pub struct AttentiveMlp {
    hidden: Linear,
    hidden_norm: BatchNorm,
    hidden_dropout: Dropout,
    residual: Linear,
    queries: Linear,
    keys: Linear,
    values: Linear,
    first: Linear,
    first_dropout: Dropout,
    second: Linear,
    second_dropout: Dropout,
    output: Linear,
    groups: usize,
    l2: f64,
}

impl AttentiveMlp {
    /// Returns the embedding: the output of self-attention.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, width]`
    pub fn embed(&self, maps: Tensor<3>) -> Tensor<2> {
        let x = self.hidden_norm.forward(self.hidden.forward(maps.flatten::<2>(1, 2)));
        let x = self.hidden_dropout.forward(leaky_relu(x, NEGATIVE_SLOPE));
        let x = x.clone() + self.hidden_dropout.forward(leaky_relu(self.residual.forward(x), NEGATIVE_SLOPE));
        self.self_attention(x)
    }

    /// Returns the logits for an embedding from [`embed`](Self::embed).
    ///
    /// # Shapes
    /// - input: `[batch, width]`
    /// - output: `[batch, classes]`
    pub fn classify(&self, embedding: Tensor<2>) -> Tensor<2> {
        let x = self.first_dropout.forward(relu(self.first.forward(embedding)));
        let x = self.second_dropout.forward(relu(self.second.forward(x)));
        self.output.forward(x)
    }

    /// `[batch, width]` to the same shape.
    fn self_attention(&self, x: Tensor<2>) -> Tensor<2> {
        let [batch, width] = x.dims();
        let group = width / self.groups;
        let x = x.reshape([batch, self.groups, group]);
        let scale = (group as f32).powf(-0.5);
        let queries = self.queries.forward(x.clone()) * scale;
        let weights = softmax(queries.matmul(self.keys.forward(x.clone()).swap_dims(1, 2)), 2);
        (x.clone() + weights.matmul(self.values.forward(x))).reshape([batch, width])
    }

    /// Returns `l2` times the sum of the first layer's squared weights, as Keras' `l2` regularizer.
    pub fn weight_penalty(&self) -> Tensor<1> {
        self.hidden.weight.val().square().sum().mul_scalar(self.l2)
    }
}
