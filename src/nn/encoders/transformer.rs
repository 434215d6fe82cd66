//! The transformer layer: self-attention over frames, then a feed-forward network of two dense layers (Vaswani et al.,
//! "Attention Is All You Need", 2017).

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use crate::nn::gelu::gelu;

/// Sizes of a layer, and the position of its norms.
#[derive(Debug, Clone, Copy)]
pub struct LayerConfig {
    pub width: usize,
    pub heads: usize,
    pub hidden: usize,
    /// Whether the projection of keys has a bias; Whisper's has none.
    pub key_bias: bool,
    /// Pre-norm (before each sublayer) instead of post-norm (after each residual connection).
    pub norm_first: bool,
    pub epsilon: f64,
}

impl LayerConfig {
    pub fn init(&self, device: &Device) -> Layer {
        let dense = |inputs, outputs, bias| LinearConfig::new(inputs, outputs).with_bias(bias).init(device);
        let norm = || LayerNormConfig::new(self.width).with_epsilon(self.epsilon).init(device);
        Layer {
            attention: Attention {
                q_proj: dense(self.width, self.width, true),
                k_proj: dense(self.width, self.width, self.key_bias),
                v_proj: dense(self.width, self.width, true),
                out_proj: dense(self.width, self.width, true),
                heads: self.heads,
            },
            layer_norm: norm(),
            feed_forward: FeedForward {
                intermediate_dense: dense(self.width, self.hidden, true),
                output_dense: dense(self.hidden, self.width, true),
            },
            final_layer_norm: norm(),
            norm_first: self.norm_first,
        }
    }
}

/// A layer; its parts have the names of wav2vec 2.0 in transformers.
#[derive(Module, Debug)]
pub struct Layer {
    attention: Attention,
    layer_norm: LayerNorm,
    feed_forward: FeedForward,
    final_layer_norm: LayerNorm,
    norm_first: bool,
}

impl Layer {
    /// Returns the frames, `[batch, frames, width]` as the input, and the attention weights,
    /// `[batch, heads, frames, frames]`.
    pub fn forward(&self, x: Tensor<3>) -> (Tensor<3>, Tensor<4>) {
        if self.norm_first {
            let (context, weights) = self.attention.forward(self.layer_norm.forward(x.clone()));
            let x = x + context;
            (x.clone() + self.feed_forward.forward(self.final_layer_norm.forward(x)), weights)
        } else {
            let (context, weights) = self.attention.forward(x.clone());
            let x = self.layer_norm.forward(x + context);
            (self.final_layer_norm.forward(x.clone() + self.feed_forward.forward(x)), weights)
        }
    }
}

#[derive(Module, Debug)]
struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    heads: usize,
}

impl Attention {
    fn forward(&self, x: Tensor<3>) -> (Tensor<3>, Tensor<4>) {
        let [batch, frames, width] = x.dims();
        let split_heads =
            |x: Tensor<3>| x.reshape([batch, frames, self.heads, width / self.heads]).swap_dims(1, 2);
        let scale = ((width / self.heads) as f32).powf(-0.5);
        let queries = split_heads(self.q_proj.forward(x.clone()) * scale);
        let keys = split_heads(self.k_proj.forward(x.clone()));
        let values = split_heads(self.v_proj.forward(x));
        let weights = softmax(queries.matmul(keys.swap_dims(2, 3)), 3);
        let context = weights.clone().matmul(values).swap_dims(1, 2).reshape([batch, frames, width]);
        (self.out_proj.forward(context), weights)
    }
}

#[derive(Module, Debug)]
struct FeedForward {
    intermediate_dense: Linear,
    output_dense: Linear,
}

impl FeedForward {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.output_dense.forward(gelu(self.intermediate_dense.forward(x)))
    }
}

/// Applies a norm to frames, if there is one.
pub fn normed(x: Tensor<3>, norm: &Option<LayerNorm>) -> Tensor<3> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
}

/// Applies the layers in order; returns the hidden states (the input, then the output of each layer) and the attention
/// weights.
pub fn run_layers(layers: &[Layer], x: Tensor<3>) -> (Vec<Tensor<3>>, Vec<Tensor<4>>) {
    let (mut states, mut attentions) = (vec![x], Vec::new());
    for layer in layers {
        let (state, weights) = layer.forward(states[states.len() - 1].clone());
        states.push(state);
        attentions.push(weights);
    }
    (states, attentions)
}
