//! Augmentation of recordings that keeps words and emotion; native only. Shared by training, pretraining and evaluation.
//!
//! Samples are mono at 16 kHz; whatever is random is drawn from a generator that is handed in.

mod equalizer;
mod noise;
mod opus;
mod phase_vocoder;
mod reverberation;
mod spec_augment;
mod spectrum;
mod speed;
mod telephone;
mod waveform;

pub use equalizer::equalize;
pub use noise::{NoiseColor, add_colored_noise, add_noise, mix_at_snr};
pub use opus::through_opus;
pub use phase_vocoder::{shift_pitch, stretch};
pub use reverberation::reverberate;
pub use spec_augment::SpecAugment;
pub use speed::change_speed;
pub use telephone::through_telephone;
pub use waveform::{RoomSettings, WaveformSettings};

use rand::{Rng, RngExt};

/// Mean square of the samples; 0 if there are none.
pub(crate) fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32
}

/// A number drawn uniformly from a range.
pub(crate) fn between([low, high]: [f32; 2], rng: &mut impl Rng) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

#[cfg(test)]
mod tests {
    use crate::audio::SAMPLE_RATE_HZ;

    pub fn tone(frequency_hz: f32, samples: usize) -> Vec<f32> {
        let step = std::f32::consts::TAU * frequency_hz / SAMPLE_RATE_HZ as f32;
        (0..samples).map(|n| 0.5 * (step * n as f32).sin()).collect()
    }
}
