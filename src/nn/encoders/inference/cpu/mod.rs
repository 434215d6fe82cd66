//! On the CPU, with plain slices.

mod dense;
mod norm;

use self::dense::Dense;
use self::norm::Norm;
use super::backend::{Backend, Over};
use super::weights::{DenseWeights, NormWeights};
use crate::nn::activation::{gelu, softmax};
use crate::nn::product::{Matrix, Panels};
use crate::nn::quant::{Activations, Then, Windows};

/// Frames that go through both dense layers at once, so that what is between them stays in the cache.
const BLOCK: usize = 64;

/// What operations need in between, used again each time.
#[derive(Default)]
pub struct Cpu {
    rounded: Activations,
    /// How much each frame looks at each other, in one head.
    looks: Vec<f32>,
    /// The keys of a head, then its values.
    panels: Panels,
    of_head: Vec<f32>,
    of_group: Vec<f32>,
}

/// Its memory is no part of what a copy shares.
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
            let inside = out[before * channels..].chunks_exact_mut(channels);
            for (out, frame) in inside.zip(x.chunks_exact(width)) {
                out.copy_from_slice(&frame[group * channels..][..channels]);
            }
        }
    }

    fn product(&mut self, layers: &Vec<Dense>, x: &Vec<f32>, stride: usize, then: Then, out: &mut Vec<f32>) {
        let Self { rounded, of_group, .. } = self;
        let [layer] = &layers[..] else {
            let (of_x, channels) = (x.len() / layers.len(), layers[0].outputs());
            let width = layers.len() * channels;
            for (group, (layer, x)) in layers.iter().zip(x.chunks_exact(of_x)).enumerate() {
                let windows = Windows::sliding(x, layer.inputs(), stride);
                of_group.resize(windows.count * channels, 0.0);
                out.resize(windows.count * width, 0.0);
                layer.forward(windows, then, rounded, of_group);
                for (out, of_group) in out.chunks_exact_mut(width).zip(of_group.chunks_exact(channels)) {
                    out[group * channels..][..channels].copy_from_slice(of_group);
                }
            }
            return;
        };
        let windows = Windows::sliding(x, layer.inputs(), stride);
        out.resize(windows.count * layer.outputs(), 0.0);
        layer.forward(windows, then, rounded, out);
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
        let (width, between) = (intermediate.inputs(), intermediate.outputs());
        for (normed, x) in normed.chunks(BLOCK * width).zip(x.chunks_mut(BLOCK * width)) {
            hidden.resize(normed.len() / width * between, 0.0);
            intermediate.forward(Windows::rows(normed, width), Then::Gelu, &mut self.rounded, hidden);
            output.forward(Windows::rows(hidden, between), Then::Add, &mut self.rounded, x);
        }
    }

    fn normalise(&mut self, norm: &Norm, over: Over, then: Then, x: &mut Vec<f32>) {
        match over {
            Over::Channels => norm.over_channels(x),
            Over::Time => norm.over_time(x),
        }
        if then == Then::Gelu {
            gelu(x);
        }
    }

    fn attend(
        &mut self,
        projected: &Vec<f32>,
        width: usize,
        heads: usize,
        heard: &mut Vec<f32>,
        mut kept: Option<&mut Vec<f32>>,
    ) {
        let Self { looks, panels, of_head, .. } = self;
        let frames = projected.len() / (3 * width);
        let size = width / heads;
        looks.resize(frames * frames, 0.0);
        of_head.resize(frames * size, 0.0);
        heard.resize(frames * width, 0.0);
        for head in 0..heads {
            let part = |number: usize| Matrix {
                row_stride: 3 * width,
                ..Matrix::new(&projected[number * width + head * size..], frames, size)
            };
            panels.lay_out(part(1).transposed());
            panels.multiply(part(0), looks, |look, _, sum| *look = sum);
            softmax(looks, frames);
            panels.lay_out(part(2));
            panels.multiply(Matrix::new(looks, frames, frames), of_head, |heard, _, sum| *heard = sum);
            for (heard, of_head) in heard.chunks_exact_mut(width).zip(of_head.chunks_exact(size)) {
                heard[head * size..][..size].copy_from_slice(of_head);
            }
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(looks);
            }
        }
    }
}
