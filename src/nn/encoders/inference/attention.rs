//! Attention among the frames of one clip.

use super::Buffers;
use super::dense::{Dense, Part};
use crate::nn::activation::softmax;
use crate::nn::product::{Matrix, multiply};
use crate::nn::quant::{Then, Windows};

pub struct Attention {
    /// Queries, keys and values, side by side.
    project: Dense,
    output: Dense,
    heads: usize,
}

impl Attention {
    pub fn take(weights: super::Weights, path: &str, width: usize, heads: usize) -> Self {
        let mut part = |name: &str| Part::take(weights, &format!("{path}.{name}"));
        let [mut queries, keys, values, output] = ["q_proj", "k_proj", "v_proj", "out_proj"].map(&mut part);
        queries.scale = ((width / heads) as f32).powf(-0.5);
        Self { project: Dense::beside([queries, keys, values]), output: Dense::beside([output]), heads }
    }

    /// Adds to each frame of `x` what it hears of the others, after a look at `buffers.normed`. How much each looks at
    /// each other is kept in `kept`, head by head.
    pub fn forward(&self, x: &mut [f32], buffers: &mut Buffers, mut kept: Option<&mut Vec<f32>>) {
        let Buffers { rounded, normed, projected, looks, of_head, heard, .. } = buffers;
        let width = self.output.inputs();
        let frames = x.len() / width;
        let size = width / self.heads;
        projected.resize(frames * 3 * width, 0.0);
        self.project.forward(Windows::rows(normed, width), Then::Keep, rounded, projected);
        looks.resize(frames * frames, 0.0);
        of_head.resize(frames * size, 0.0);
        heard.resize(frames * width, 0.0);
        for head in 0..self.heads {
            let part = |number: usize| Matrix {
                row_stride: 3 * width,
                ..Matrix::new(&projected[number * width + head * size..], frames, size)
            };
            multiply(part(0), part(1).transposed(), looks, false);
            softmax(looks, frames);
            multiply(Matrix::new(looks, frames, frames), part(2), of_head, false);
            for (heard, of_head) in heard.chunks_exact_mut(width).zip(of_head.chunks_exact(size)) {
                heard[head * size..][..size].copy_from_slice(of_head);
            }
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(looks);
            }
        }
        self.output.forward(Windows::rows(heard, width), Then::Add, rounded, x);
    }
}
