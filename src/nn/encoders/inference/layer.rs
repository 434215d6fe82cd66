//! A transformer layer.

use super::Buffers;
use super::attention::Attention;
use super::dense::Dense;
use super::norm::Norm;
use crate::nn::encoders::transformer::LayerConfig;
use crate::nn::quant::{Then, Windows};

/// Frames that go through both dense layers at once, so that what is between them stays in the cache.
const BLOCK: usize = 64;

pub struct Layer {
    attention: Attention,
    layer_norm: Norm,
    intermediate: Dense,
    output: Dense,
    final_layer_norm: Norm,
    norm_first: bool,
}

impl Layer {
    pub fn take(weights: super::Weights, path: &str, config: LayerConfig) -> Self {
        let LayerConfig { width, heads, norm_first, epsilon, .. } = config;
        Self {
            attention: Attention::take(weights, &format!("{path}.attention"), width, heads),
            layer_norm: Norm::take(weights, &format!("{path}.layer_norm"), epsilon),
            intermediate: Dense::take(weights, &format!("{path}.feed_forward.intermediate_dense")),
            output: Dense::take(weights, &format!("{path}.feed_forward.output_dense")),
            final_layer_norm: Norm::take(weights, &format!("{path}.final_layer_norm"), epsilon),
            norm_first,
        }
    }

    /// Changes the frames `x` in place. How much each looks at each other is kept in `looks`, head by head.
    pub fn forward(&self, x: &mut [f32], buffers: &mut Buffers, looks: Option<&mut Vec<f32>>) {
        copy(x, &mut buffers.normed);
        if self.norm_first {
            self.layer_norm.over_channels(&mut buffers.normed);
        }
        self.attention.forward(x, buffers, looks);
        if !self.norm_first {
            self.layer_norm.over_channels(x);
        }
        copy(x, &mut buffers.normed);
        if self.norm_first {
            self.final_layer_norm.over_channels(&mut buffers.normed);
        }
        self.feed_forward(x, buffers);
        if !self.norm_first {
            self.final_layer_norm.over_channels(x);
        }
    }

    /// Adds to each frame what the dense layers make of its copy in `buffers.normed`.
    fn feed_forward(&self, x: &mut [f32], buffers: &mut Buffers) {
        let Buffers { rounded, normed, hidden, .. } = buffers;
        let (width, between) = (self.intermediate.inputs(), self.intermediate.outputs());
        for (normed, x) in normed.chunks(BLOCK * width).zip(x.chunks_mut(BLOCK * width)) {
            hidden.resize(normed.len() / width * between, 0.0);
            self.intermediate.forward(Windows::rows(normed, width), Then::Gelu, rounded, hidden);
            self.output.forward(Windows::rows(hidden, between), Then::Add, rounded, x);
        }
    }
}

fn copy(from: &[f32], to: &mut Vec<f32>) {
    to.clear();
    to.extend_from_slice(from);
}
