//! Attention among the frames of one clip.

use super::Buffers;
use super::backend::Backend;
use super::weights::{DenseWeights, Part, Weights};
use crate::nn::quant::Then;

pub struct Attention<B: Backend> {
    /// Queries, keys and values, side by side.
    project: B::Dense,
    output: B::Dense,
    width: usize,
    heads: usize,
}

impl<B: Backend> Attention<B> {
    pub fn take(backend: &B, weights: Weights, path: &str, width: usize, heads: usize) -> Self {
        let mut part = |name: &str| Part::take(weights, &format!("{path}.{name}"));
        let [mut queries, keys, values, output] = ["q_proj", "k_proj", "v_proj", "out_proj"].map(&mut part);
        queries.scale = ((width / heads) as f32).sqrt().recip();
        Self {
            project: backend.dense(vec![DenseWeights::beside([queries, keys, values])]),
            output: backend.dense(vec![DenseWeights::beside([output])]),
            width,
            heads,
        }
    }

    /// Adds to each frame of `x` what it hears of the others, after a look at `buffers.normed`. How much each looks at
    /// each other is kept in `looks`, head by head.
    pub fn forward(
        &self,
        backend: &mut B,
        x: &mut B::Values,
        buffers: &mut Buffers<B>,
        looks: Option<&mut B::Values>,
    ) {
        let Buffers { normed, projected, heard, .. } = buffers;
        backend.product(&self.project, normed, self.width, Then::Keep, projected);
        backend.attend(projected, self.width, self.heads, heard, looks);
        backend.product(&self.output, heard, self.width, Then::Add, x);
    }
}
