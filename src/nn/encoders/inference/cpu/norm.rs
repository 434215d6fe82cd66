//! Norms over frames and over time.

use crate::nn::activation::{inverse_square_root, sum};
use crate::nn::encoders::inference::weights::NormWeights;

/// Sums that are taken side by side over time: of every fourth frame.
const LANES: usize = 4;

pub struct Norm(pub NormWeights);

impl Norm {
    /// Brings every frame to mean 0 and variance 1 over its channels, in place (layer norm).
    pub fn over_channels(&self, x: &mut [f32]) {
        let NormWeights { gamma, beta, epsilon } = &self.0;
        let share = 1.0 / gamma.len() as f32;
        for row in x.chunks_exact_mut(gamma.len()) {
            let mean = sum(row, |value| value) * share;
            row.iter_mut().for_each(|value| *value -= mean);
            let variance = sum(row, |value| value * value) * share;
            let scale = inverse_square_root(variance + epsilon);
            for ((value, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
                *value = *value * scale * gamma + beta;
            }
        }
    }

    /// Brings every channel to mean 0 and variance 1 over time, in place (group norm with one channel a group).
    pub fn over_time(&self, x: &mut [f32]) {
        let NormWeights { gamma, beta, epsilon } = &self.0;
        let width = gamma.len();
        let share = 1.0 / (x.len() / width) as f32;
        let mean = mean_over_time(x, width, share, |value, _| value);
        let variance = mean_over_time(x, width, share, |value, channel| {
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

/// The mean of what `of` makes of each channel's values; `share` is one divided by their number.
fn mean_over_time(x: &[f32], width: usize, share: f32, of: impl Fn(f32, usize) -> f32) -> Vec<f32> {
    let mut lanes: [Vec<f32>; LANES] = std::array::from_fn(|_| vec![0.0; width]);
    for (row, values) in x.chunks_exact(width).enumerate() {
        for (channel, (sum, &value)) in lanes[row % LANES].iter_mut().zip(values).enumerate() {
            *sum += of(value, channel);
        }
    }
    let [first, second, third, fourth] = lanes;
    (0..width).map(|n| ((first[n] + third[n]) + (second[n] + fourth[n])) * share).collect()
}
