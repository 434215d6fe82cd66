//! A transformer layer.

use super::Buffers;
use super::attention::Attention;
use super::backend::{Backend, NormAxis};
use super::weights::{DenseWeights, NormWeights, Weights};
use crate::nn::encoders::transformer::LayerConfig;
use crate::nn::quant::Epilogue;

pub struct Layer<B: Backend> {
    attention: Attention<B>,
    layer_norm: B::Norm,
    intermediate: B::Dense,
    output: B::Dense,
    final_layer_norm: B::Norm,
    norm_first: bool,
}

impl<B: Backend> Layer<B> {
    pub fn load(backend: &B, weights: Weights, path: &str, config: LayerConfig) -> Self {
        let LayerConfig { width, heads, norm_first, epsilon, .. } = config;
        let attention = Attention::load(backend, weights, &format!("{path}.attention"), width, heads);
        let mut norm =
            |name: &str| backend.norm(NormWeights::load(weights, &format!("{path}.{name}"), epsilon));
        let [layer_norm, final_layer_norm] = ["layer_norm", "final_layer_norm"].map(&mut norm);
        let mut dense = |name: &str| {
            backend.dense(vec![DenseWeights::load(weights, &format!("{path}.feed_forward.{name}"))])
        };
        let [intermediate, output] = ["intermediate_dense", "output_dense"].map(&mut dense);
        Self { attention, layer_norm, intermediate, output, final_layer_norm, norm_first }
    }

    /// Applies the layer to the frames `x` in place. Writes the attention weights of each head to `attention_weights`.
    pub fn forward(
        &self,
        backend: &mut B,
        x: &mut B::Values,
        buffers: &mut Buffers<B>,
        attention_weights: Option<&mut B::Values>,
    ) {
        let norm = |backend: &mut B, norm: &B::Norm, x: &mut B::Values| {
            backend.normalise(norm, NormAxis::Channels, Epilogue::None, x);
        };
        backend.copy(x, &mut buffers.normed);
        if self.norm_first {
            norm(backend, &self.layer_norm, &mut buffers.normed);
        }
        self.attention.forward(backend, x, buffers, attention_weights);
        if !self.norm_first {
            norm(backend, &self.layer_norm, x);
        }
        backend.copy(x, &mut buffers.normed);
        if self.norm_first {
            norm(backend, &self.final_layer_norm, &mut buffers.normed);
        }
        let Buffers { normed, hidden, .. } = buffers;
        backend.feed_forward([&self.intermediate, &self.output], normed, hidden, x);
        if !self.norm_first {
            norm(backend, &self.final_layer_norm, x);
        }
    }
}
