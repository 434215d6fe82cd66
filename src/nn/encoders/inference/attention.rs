//! Multi-head self-attention over the frames of a clip.

use super::Buffers;
use super::backend::Backend;
use super::weights::{DenseWeights, Part, Weights};
use crate::nn::quant::Epilogue;

pub struct Attention<B: Backend> {
    /// Queries, keys and values, concatenated.
    project: B::Dense,
    output: B::Dense,
    width: usize,
    heads: usize,
}

impl<B: Backend> Attention<B> {
    pub fn load(backend: &B, weights: Weights, path: &str, width: usize, heads: usize) -> Self {
        let mut part = |name: &str| Part::load(weights, &format!("{path}.{name}"));
        let [mut queries, keys, values, output] = ["q_proj", "k_proj", "v_proj", "out_proj"].map(&mut part);
        queries.scale = ((width / heads) as f32).sqrt().recip();
        Self {
            project: backend.dense(vec![DenseWeights::concat([queries, keys, values])]),
            output: backend.dense(vec![DenseWeights::concat([output])]),
            width,
            heads,
        }
    }

    /// Adds to each frame of `x` the output of attention over `buffers.normed`. Writes the attention weights of each head to
    /// `attention_weights`.
    pub fn forward(
        &self,
        backend: &mut B,
        x: &mut B::Values,
        buffers: &mut Buffers<B>,
        attention_weights: Option<&mut B::Values>,
    ) {
        let Buffers { normed, projected, context, .. } = buffers;
        backend.linear(&self.project, normed, self.width, Epilogue::None, projected);
        backend.attention(projected, self.width, self.heads, context, attention_weights);
        backend.linear(&self.output, context, self.width, Epilogue::Accumulate, x);
    }
}
