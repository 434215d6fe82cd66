//! The layer that all encoders are stacks of: attention among frames, then two dense layers on each frame (Vaswani et
//! al., "Attention Is All You Need", 2017).

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use crate::nn::gelu::gelu;

/// Sizes and order of a layer.
#[derive(Debug, Clone, Copy)]
pub struct LayerConfig {
    pub width: usize,
    pub heads: usize,
    pub hidden: usize,
    /// Whether keys have a bias; Whisper's do not.
    pub key_bias: bool,
    /// Whether each half is normed before it, and not after it together with what it is added to.
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

/// One layer; the names of its parts are those of wav2vec 2.0 in transformers.
#[derive(Module, Debug)]
pub struct Layer {
    attention: Attention,
    layer_norm: LayerNorm,
    feed_forward: FeedForward,
    final_layer_norm: LayerNorm,
    norm_first: bool,
}

impl Layer {
    /// Returns the frames, `[batch, frames, width]` as they came, and how much each looked at each other,
    /// `[batch, heads, frames, frames]`.
    pub fn forward(&self, x: Tensor<3>) -> (Tensor<3>, Tensor<4>) {
        if self.norm_first {
            let (heard, weights) = self.attention.forward(self.layer_norm.forward(x.clone()));
            let x = x + heard;
            (x.clone() + self.feed_forward.forward(self.final_layer_norm.forward(x)), weights)
        } else {
            let (heard, weights) = self.attention.forward(x.clone());
            let x = self.layer_norm.forward(x + heard);
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
        let of_heads =
            |x: Tensor<3>| x.reshape([batch, frames, self.heads, width / self.heads]).swap_dims(1, 2);
        let scale = ((width / self.heads) as f32).powf(-0.5);
        let queries = of_heads(self.q_proj.forward(x.clone()) * scale);
        let keys = of_heads(self.k_proj.forward(x.clone()));
        let values = of_heads(self.v_proj.forward(x));
        let weights = softmax(queries.matmul(keys.swap_dims(2, 3)), 3);
        let heard = weights.clone().matmul(values).swap_dims(1, 2).reshape([batch, frames, width]);
        (self.out_proj.forward(heard), weights)
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

/// Frames after a norm, where there is one.
pub fn normed(x: Tensor<3>, norm: &Option<LayerNorm>) -> Tensor<3> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
}

/// Sends frames through layers, one after the other; returns what goes in and what comes out of each, and the weights
/// of their attention.
pub fn run(layers: &[Layer], x: Tensor<3>) -> (Vec<Tensor<3>>, Vec<Tensor<4>>) {
    let (mut states, mut attentions) = (vec![x], Vec::new());
    for layer in layers {
        let (state, weights) = layer.forward(states[states.len() - 1].clone());
        states.push(state);
        attentions.push(weights);
    }
    (states, attentions)
}
