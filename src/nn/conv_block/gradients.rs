//! Gradients of a convolution block on the CPU, on plain slices.

use std::ops::Range;

use super::kernels::{
    Sizes, for_each_output_row, for_each_patch_row, for_each_window_row, gather_patches, overlap,
};
use crate::nn::matmul::{Matrix, multiply};

/// Mean and (biased) variance of each channel.
pub fn statistics(activation: &[f32], sizes: &Sizes) -> (Vec<f32>, Vec<f32>) {
    let count = (sizes.batch * sizes.pixels()) as f64;
    (0..sizes.out_channels)
        .map(|channel| {
            let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
            for clip in activation.chunks_exact(sizes.out_channels * sizes.pixels()) {
                for part in clip[channel * sizes.pixels()..][..sizes.pixels()].chunks(1024) {
                    let (mut lanes, mut square_lanes) = ([0.0_f32; 16], [0.0_f32; 16]);
                    let (whole, rest) = part.as_chunks::<16>();
                    for values in whole {
                        for lane in 0..16 {
                            lanes[lane] += values[lane];
                            square_lanes[lane] += values[lane] * values[lane];
                        }
                    }
                    for &value in rest {
                        lanes[0] += value;
                        square_lanes[0] += value * value;
                    }
                    sum += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
                    squares += square_lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
                }
            }
            let mean = sum / count;
            (mean as f32, (squares / count - mean * mean).max(0.0) as f32)
        })
        .unzip()
}

/// The adjoint of [`gather_patches`] (col2im): adds every patch to the pixels it was gathered from.
fn scatter_patches(patches: &[f32], sizes: &Sizes, lines: &Range<usize>, x: &mut [f32]) {
    for_each_patch_row(sizes, lines, |from, shift, to| {
        let Some(from) = from else { return };
        let row = &patches[to];
        let (source, target) = overlap(shift, row.len());
        for (pixel, value) in x[from..from + row.len()][source].iter_mut().zip(&row[target]) {
            *pixel += value;
        }
    });
}

/// Updates the maximum of `scale * activation` in each window, and its index in `argmax`, by `line`, one line of pixels of
/// the windows that begins at `start`.
fn update_max_and_argmax<const WIDTH: usize>(
    line: &[f32],
    scale: f32,
    start: usize,
    largest: &mut [f32],
    argmax: &mut [u32],
) {
    let windows = largest.iter_mut().zip(argmax).zip(line.as_chunks::<WIDTH>().0);
    for (window, ((largest, index), pixels)) in windows.enumerate() {
        for (pixel, activation) in pixels.iter().enumerate() {
            let value = scale * activation;
            let is_better = value > *largest;
            *largest = if is_better { value } else { *largest };
            *index = if is_better { (start + window * WIDTH + pixel) as u32 } else { *index };
        }
    }
}

/// Gradients of a block's inputs and parameters.
pub struct Gradients {
    pub x: Option<Vec<f32>>,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
}

/// Tensors saved by the forward pass for the backward pass.
pub struct Saved<'a> {
    pub x: &'a [f32],
    pub weight: &'a [f32],
    pub gamma: &'a [f32],
    /// After ReLU, before normalisation.
    pub activation: &'a [f32],
    pub mean: &'a [f32],
    pub inverse_deviation: &'a [f32],
}

/// Computes all gradients from that of the pooled maps.
pub fn backward(pooled: &[f32], saved: &Saved, sizes: &Sizes, needs_x: bool) -> Gradients {
    let (gradient, gamma, beta) = normalisation_backward(pooled, saved, sizes);
    let patch = sizes.patch();
    let weight = Matrix::new(saved.weight, sizes.out_channels, patch).transposed();
    let mut weight_gradient = vec![0.0; sizes.out_channels * patch];
    let mut bias_gradient = vec![0.0; sizes.out_channels];
    let mut x_gradient = needs_x.then(|| vec![0.0; saved.x.len()]);
    let (mut patches, mut tile) = (Vec::new(), Vec::new());
    for lines in sizes.tiles() {
        let width = lines.len() * sizes.columns;
        patches.resize(patch * width, 0.0);
        tile.resize(sizes.out_channels * width, 0.0);
        for_each_output_row(sizes, &lines, |channel, map, part| {
            tile[part.clone()].copy_from_slice(&gradient[map]);
            bias_gradient[channel] += tile[part].iter().sum::<f32>();
        });
        let tile = Matrix::new(&tile, sizes.out_channels, width);
        gather_patches(saved.x, sizes, &lines, &mut patches);
        multiply(tile, Matrix::new(&patches, patch, width).transposed(), &mut weight_gradient, true);
        if let Some(x_gradient) = &mut x_gradient {
            multiply(weight, tile, &mut patches, false);
            scatter_patches(&patches, sizes, &lines, x_gradient);
        }
    }
    Gradients { x: x_gradient, weight: weight_gradient, bias: bias_gradient, gamma, beta }
}

/// The gradient with respect to the pre-activations of the convolution, then those of gamma and beta.
///
/// With the normalised activation `n` and the gradient `g` of each normalised pixel, summed over the `m` pixels of a channel,
/// the gradient of the activation is `gamma / deviation * (g - sum(g) / m - n * sum(g * n) / m)` (Ioffe and Szegedy, 2015).
fn normalisation_backward(pooled: &[f32], saved: &Saved, sizes: &Sizes) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let scale: Vec<f32> = saved.gamma.iter().zip(saved.inverse_deviation).map(|(a, b)| a * b).collect();
    let mut sums = vec![0.0_f64; sizes.out_channels];
    let mut products = vec![0.0_f64; sizes.out_channels];
    let mut argmax = vec![0_u32; pooled.len()];
    let update_max_and_argmax = match sizes.pool[1] {
        1 => update_max_and_argmax::<1>,
        2 => update_max_and_argmax::<2>,
        4 => update_max_and_argmax::<4>,
        width => panic!("windows are 1, 2 or 4 columns wide, not {width}"),
    };
    let mut largest = Vec::new();
    for_each_window_row(sizes, |channel, from, first| {
        let (argmax, pooled, scale) = (&mut argmax[from.clone()], &pooled[from], scale[channel]);
        largest.clear();
        largest.resize(argmax.len(), f32::NEG_INFINITY);
        for row in 0..sizes.pool[0] {
            let start = first + row * sizes.columns;
            update_max_and_argmax(
                &saved.activation[start..][..sizes.columns],
                scale,
                start,
                &mut largest,
                argmax,
            );
        }
        let (mut sum, mut product) = (0.0, 0.0);
        for (gradient, index) in pooled.iter().zip(argmax) {
            sum += gradient;
            product += gradient * (saved.activation[*index as usize] - saved.mean[channel]);
        }
        sums[channel] += f64::from(sum);
        products[channel] += f64::from(product * saved.inverse_deviation[channel]);
    });
    let count = (sizes.batch * sizes.pixels()) as f32;
    let mut gradient = vec![0.0; saved.activation.len()];
    let maps = gradient.chunks_exact_mut(sizes.pixels()).zip(saved.activation.chunks_exact(sizes.pixels()));
    for (map, (gradients, activations)) in maps.enumerate() {
        let channel = map % sizes.out_channels;
        let slope = -scale[channel] * products[channel] as f32 / count * saved.inverse_deviation[channel];
        let offset = -scale[channel] * sums[channel] as f32 / count - slope * saved.mean[channel];
        for (gradient, activation) in gradients.iter_mut().zip(activations) {
            let value = slope * activation + offset;
            *gradient = if *activation > 0.0 { value } else { 0.0 };
        }
    }
    for_each_window_row(sizes, |channel, from, _| {
        for (index, pooled) in argmax[from.clone()].iter().zip(&pooled[from]) {
            let index = *index as usize;
            if saved.activation[index] > 0.0 {
                gradient[index] += scale[channel] * pooled;
            }
        }
    });
    let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
    (gradient, narrow(products), narrow(sums))
}
