//! Norms over frames and over time.

use crate::nn::activation::sum;
use crate::nn::encoders::inference::weights::NormWeights;

pub struct Norm(pub NormWeights);

impl Norm {
    /// Brings every frame to mean 0 and variance 1 over its channels, in place (layer norm).
    pub fn over_channels(&self, x: &mut [f32]) {
        let width = self.0.gamma.len();
        for row in x.chunks_exact_mut(width) {
            let mean = sum(row, |value| value) / width as f32;
            row.iter_mut().for_each(|value| *value -= mean);
            let variance = sum(row, |value| value * value) / width as f32;
            let scale = (variance + self.0.epsilon).sqrt().recip();
            for ((value, gamma), beta) in row.iter_mut().zip(&self.0.gamma).zip(&self.0.beta) {
                *value = *value * scale * gamma + beta;
            }
        }
    }

    /// Brings every channel to mean 0 and variance 1 over time, in place (group norm with one channel a group).
    pub fn over_time(&self, x: &mut [f32]) {
        let width = self.0.gamma.len();
        let frames = (x.len() / width) as f64;
        let mut mean = vec![0.0_f64; width];
        for row in x.chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        mean.iter_mut().for_each(|sum| *sum /= frames);
        let mut variance = vec![0.0_f64; width];
        for row in x.chunks_exact(width) {
            for ((sum, value), mean) in variance.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(*value) - mean).powi(2);
            }
        }
        let scale: Vec<f32> = variance
            .iter()
            .zip(&self.0.gamma)
            .map(|(sum, gamma)| gamma / (sum / frames + f64::from(self.0.epsilon)).sqrt() as f32)
            .collect();
        let shift: Vec<f32> = mean
            .iter()
            .zip(&scale)
            .zip(&self.0.beta)
            .map(|((mean, scale), beta)| beta - *mean as f32 * scale)
            .collect();
        for row in x.chunks_exact_mut(width) {
            for ((value, scale), shift) in row.iter_mut().zip(&scale).zip(&shift) {
                *value = *value * scale + shift;
            }
        }
    }
}
