//! The CPU backend, on plain slices.

mod dense;
mod norm;

use self::dense::Dense;
use self::norm::Norm;
use super::backend::{Backend, NormAxis};
use super::weights::{DenseWeights, NormWeights};
use crate::nn::activation::{gelu, softmax};
use crate::nn::matmul::{Matrix, PackedMatrix};
use crate::nn::quant::{Activations, Epilogue, Windows};

/// Number of frames in a block of the feed-forward layers, so that the hidden values stay in the cache.
const BLOCK: usize = 64;

/// Scratch memory of the operations, reused between calls.
#[derive(Default)]
pub struct Cpu {
    quantized: Activations,
    /// Attention weights of one head.
    head_weights: Vec<f32>,
    /// The keys of a head, then its values.
    packed: PackedMatrix,
    head_context: Vec<f32>,
    group_out: Vec<f32>,
}

/// Copies have scratch memory of their own.
impl Clone for Cpu {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Backend for Cpu {
    type Values = Vec<f32>;
    /// A layer for each group of channels.
    type Dense = Vec<Dense>;
    type Norm = Norm;

    fn dense(&self, groups: Vec<DenseWeights>) -> Vec<Dense> {
        groups.into_iter().map(Dense::new).collect()
    }

    fn norm(&self, weights: NormWeights) -> Norm {
        Norm(weights)
    }

    fn load(&mut self, values: &mut Vec<f32>, from: &[f32]) {
        values.clear();
        values.extend_from_slice(from);
    }

    fn len(values: &Vec<f32>) -> usize {
        values.len()
    }

    fn copy(&mut self, x: &Vec<f32>, out: &mut Vec<f32>) {
        self.load(out, x);
    }

    fn add(&mut self, x: &mut Vec<f32>, y: &Vec<f32>) {
        x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
    }

    fn pad(
        &mut self,
        x: &Vec<f32>,
        width: usize,
        groups: usize,
        [before, after]: [usize; 2],
        out: &mut Vec<f32>,
    ) {
        let (frames, channels) = (x.len() / width, width / groups);
        let group_length = (before + frames + after) * channels;
        out.clear();
        out.resize(groups * group_length, 0.0);
        for (group, out) in out.chunks_exact_mut(group_length).enumerate() {
            let unpadded = out[before * channels..].chunks_exact_mut(channels);
            for (out, frame) in unpadded.zip(x.chunks_exact(width)) {
                out.copy_from_slice(&frame[group * channels..][..channels]);
            }
        }
    }

    fn linear(
        &mut self,
        layers: &Vec<Dense>,
        x: &Vec<f32>,
        stride: usize,
        epilogue: Epilogue,
        out: &mut Vec<f32>,
    ) {
        let Self { quantized, group_out, .. } = self;
        let [layer] = &layers[..] else {
            let (group_length, channels) = (x.len() / layers.len(), layers[0].outputs());
            let width = layers.len() * channels;
            for (group, (layer, x)) in layers.iter().zip(x.chunks_exact(group_length)).enumerate() {
                let windows = Windows::sliding(x, layer.inputs(), stride);
                group_out.resize(windows.count * channels, 0.0);
                out.resize(windows.count * width, 0.0);
                layer.forward(windows, epilogue, quantized, group_out);
                for (out, group_out) in out.chunks_exact_mut(width).zip(group_out.chunks_exact(channels)) {
                    out[group * channels..][..channels].copy_from_slice(group_out);
                }
            }
            return;
        };
        let windows = Windows::sliding(x, layer.inputs(), stride);
        out.resize(windows.count * layer.outputs(), 0.0);
        layer.forward(windows, epilogue, quantized, out);
    }

    fn feed_forward(
        &mut self,
        [intermediate, output]: [&Vec<Dense>; 2],
        normed: &Vec<f32>,
        hidden: &mut Vec<f32>,
        x: &mut Vec<f32>,
    ) {
        let ([intermediate], [output]) = (&intermediate[..], &output[..]) else {
            unreachable!("these layers have no groups")
        };
        let (width, hidden_width) = (intermediate.inputs(), intermediate.outputs());
        for (normed, x) in normed.chunks(BLOCK * width).zip(x.chunks_mut(BLOCK * width)) {
            hidden.resize(normed.len() / width * hidden_width, 0.0);
            intermediate.forward(Windows::rows(normed, width), Epilogue::Gelu, &mut self.quantized, hidden);
            output.forward(Windows::rows(hidden, hidden_width), Epilogue::Accumulate, &mut self.quantized, x);
        }
    }

    fn normalise(&mut self, norm: &Norm, axis: NormAxis, epilogue: Epilogue, x: &mut Vec<f32>) {
        match axis {
            NormAxis::Channels => norm.over_channels(x),
            NormAxis::Time => norm.over_time(x),
        }
        if epilogue == Epilogue::Gelu {
            gelu(x);
        }
    }

    fn attention(
        &mut self,
        projected: &Vec<f32>,
        width: usize,
        heads: usize,
        context: &mut Vec<f32>,
        mut attention_weights: Option<&mut Vec<f32>>,
    ) {
        let Self { head_weights, packed, head_context, .. } = self;
        let frames = projected.len() / (3 * width);
        let size = width / heads;
        head_weights.resize(frames * frames, 0.0);
        head_context.resize(frames * size, 0.0);
        context.resize(frames * width, 0.0);
        for head in 0..heads {
            let part = |number: usize| Matrix {
                row_stride: 3 * width,
                ..Matrix::new(&projected[number * width + head * size..], frames, size)
            };
            packed.pack(part(1).transposed());
            packed.multiply(part(0), head_weights, |weight, _, sum| *weight = sum);
            softmax(head_weights, frames);
            packed.pack(part(2));
            packed.multiply(Matrix::new(head_weights, frames, frames), head_context, |context, _, sum| {
                *context = sum
            });
            for (context, head_context) in
                context.chunks_exact_mut(width).zip(head_context.chunks_exact(size))
            {
                context[head * size..][..size].copy_from_slice(head_context);
            }
            if let Some(attention_weights) = &mut attention_weights {
                attention_weights.extend_from_slice(head_weights);
            }
        }
    }
}
