//! Norms over channels and over time.

use crate::nn::activation::{inverse_square_root, sum};
use crate::nn::encoders::inference::weights::NormWeights;

/// Number of parallel partial sums over time, each of every fourth frame.
const LANES: usize = 4;

pub struct Norm(pub NormWeights);

impl Norm {
    /// Layer norm in place: over the channels of each frame.
    pub fn over_channels(&self, x: &mut [f32]) {
        let NormWeights { gamma, beta, epsilon } = &self.0;
        let inverse_count = 1.0 / gamma.len() as f32;
        for row in x.chunks_exact_mut(gamma.len()) {
            let mean = sum(row, |value| value) * inverse_count;
            row.iter_mut().for_each(|value| *value -= mean);
            let variance = sum(row, |value| value * value) * inverse_count;
            let scale = inverse_square_root(variance + epsilon);
            for ((value, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
                *value = *value * scale * gamma + beta;
            }
        }
    }

    /// Group norm with one channel per group, in place: over the frames of each channel.
    pub fn over_time(&self, x: &mut [f32]) {
        let NormWeights { gamma, beta, epsilon } = &self.0;
        let width = gamma.len();
        let inverse_count = 1.0 / (x.len() / width) as f32;
        let mean = mean_over_time(x, width, inverse_count, |value, _| value);
        let variance = mean_over_time(x, width, inverse_count, |value, channel| {
            (value - mean[channel]) * (value - mean[channel])
        });
        let scale: Vec<f32> =
            variance.iter().map(|variance| inverse_square_root(variance + epsilon)).collect();
        for row in x.chunks_exact_mut(width) {
            for (channel, value) in row.iter_mut().enumerate() {
                *value = (*value - mean[channel]) * scale[channel] * gamma[channel] + beta[channel];
            }
        }
    }
}

/// The mean of `f` over the values of each channel; `inverse_count` is the reciprocal of their number.
fn mean_over_time(x: &[f32], width: usize, inverse_count: f32, f: impl Fn(f32, usize) -> f32) -> Vec<f32> {
    let mut lanes: [Vec<f32>; LANES] = std::array::from_fn(|_| vec![0.0; width]);
    for (row, values) in x.chunks_exact(width).enumerate() {
        for (channel, (sum, &value)) in lanes[row % LANES].iter_mut().zip(values).enumerate() {
            *sum += f(value, channel);
        }
    }
    let [first, second, third, fourth] = lanes;
    (0..width).map(|n| ((first[n] + third[n]) + (second[n] + fourth[n])) * inverse_count).collect()
}
