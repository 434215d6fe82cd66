//! Changes to what a student hears, so that it learns to hear through them: other voices, noise, rooms.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use realfft::RealFftPlanner;
use serde::{Deserialize, Serialize};

use crate::audio::{Resampler, SAMPLE_RATE_HZ};
use crate::train::add_noise;

/// How often and how much sound is changed; each crop draws its own changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Least and most speed, pitch with it; above 1 is faster.
    pub speed: [f32; 2],
    /// Share of the crops that another voice talks into.
    pub mixed: f32,
    /// Decibels from the voice down to the other one, least and most.
    pub mixed_snr_db: [f32; 2],
    /// Share of the crops with Gaussian noise.
    pub noisy: f32,
    /// Decibels from the voice down to the noise, least and most.
    pub noisy_snr_db: [f32; 2],
    /// Share of the crops in a room.
    pub roomy: f32,
    /// Seconds until its echo has fallen by 60 dB, least and most.
    pub roomy_s: [f32; 2],
}

impl Changes {
    /// Plays at a speed of its own.
    pub fn play(&self, samples: &[f32], rng: &mut StdRng) -> Vec<f32> {
        // To 100 Hz (0.6 %), so that the resampler's blocks stay short.
        let rate_hz = (SAMPLE_RATE_HZ as f32 * between(self.speed, rng) / 100.0).round() as u32 * 100;
        if rate_hz == SAMPLE_RATE_HZ {
            return samples.to_vec();
        }
        let mut resampler = Resampler::new(rate_hz, SAMPLE_RATE_HZ);
        resampler.push(samples);
        resampler.finish()
    }

    /// Changes a crop of clean sound; `other` may talk into it.
    pub fn apply(&self, clean: &[f32], other: &[f32], rng: &mut StdRng) -> Vec<f32> {
        let mut samples = clean.to_vec();
        if rng.random::<f32>() < self.mixed {
            let snr_db = between(self.mixed_snr_db, rng);
            let wanted = power(&samples) * 10.0_f32.powf(-snr_db / 10.0);
            let gain = (wanted / power(other).max(1e-12)).sqrt();
            samples.iter_mut().zip(other).for_each(|(sample, other)| *sample += gain * other);
        }
        if rng.random::<f32>() < self.roomy {
            let decay_s = between(self.roomy_s, rng);
            samples = convolve(&samples, &room(decay_s, rng));
        }
        if rng.random::<f32>() < self.noisy {
            add_noise(&mut samples, between(self.noisy_snr_db, rng), rng);
        }
        samples
    }
}

fn between([low, high]: [f32; 2], rng: &mut StdRng) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32
}

/// What a room answers to a click: the click, then noise that dies away (Polack, 1988), a fifth as strong in all.
fn room(decay_s: f32, rng: &mut impl Rng) -> Vec<f32> {
    let length = (decay_s * SAMPLE_RATE_HZ as f32) as usize;
    // 60 dB are a thousandth.
    let mut echo: Vec<f32> = (0..length.max(1))
        .map(|n| (rng.random::<f32>() - 0.5) * (-6.9 * n as f32 / length.max(1) as f32).exp())
        .collect();
    let gain = (0.2 / (power(&echo) * echo.len() as f32).max(1e-12)).sqrt();
    echo.iter_mut().for_each(|value| *value *= gain);
    echo[0] = 1.0;
    echo
}

/// Convolves by Fourier transforms; what comes out is as long as the samples.
fn convolve(samples: &[f32], response: &[f32]) -> Vec<f32> {
    let length = (samples.len() + response.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let [mut spectrum, other] = [samples, response].map(|samples| {
        let mut padded = samples.to_vec();
        padded.resize(length, 0.0);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).expect("the plan's own sizes");
        spectrum
    });
    spectrum.iter_mut().zip(other).for_each(|(bin, other)| *bin *= other / length as f32);
    let last = spectrum.len() - 1;
    (spectrum[0].im, spectrum[last].im) = (0.0, 0.0);
    let mut convolved = inverse.make_output_vec();
    inverse.process(&mut spectrum, &mut convolved).expect("the plan's own sizes");
    convolved.truncate(samples.len());
    convolved
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn tone() -> Vec<f32> {
        (0..16_000).map(|n| (std::f32::consts::TAU * 200.0 * n as f32 / 16_000.0).sin()).collect()
    }

    #[test]
    fn convolving_is_summing_shifted_copies() {
        let response = [1.0, 0.0, -0.5, 0.25];
        let samples = tone();
        let convolved = convolve(&samples, &response);
        assert_eq!(convolved.len(), samples.len());
        for n in 3..samples.len() {
            let expected = samples[n] - 0.5 * samples[n - 2] + 0.25 * samples[n - 3];
            assert!((convolved[n] - expected).abs() < 1e-4, "{n}: {} and {expected}", convolved[n]);
        }
    }

    #[test]
    fn another_voice_is_as_loud_as_asked_for() {
        let changes = Changes {
            speed: [1.0, 1.0],
            mixed: 1.0,
            mixed_snr_db: [10.0, 10.0],
            noisy: 0.0,
            noisy_snr_db: [0.0, 0.0],
            roomy: 0.0,
            roomy_s: [0.0, 0.0],
        };
        let other: Vec<f32> = tone().iter().map(|sample| 3.0 * sample.signum()).collect();
        let mixed = changes.apply(&tone(), &other, &mut StdRng::seed_from_u64(1));
        let added: Vec<f32> = mixed.iter().zip(tone()).map(|(mixed, clean)| mixed - clean).collect();
        let snr_db = 10.0 * (power(&tone()) / power(&added)).log10();
        assert!((snr_db - 10.0).abs() < 0.1, "{snr_db}");
    }

    #[test]
    fn twice_the_speed_is_half_the_length_and_a_room_adds_a_fifth() {
        let mut rng = StdRng::seed_from_u64(2);
        let fast = Changes {
            speed: [1.25, 1.25],
            mixed: 0.0,
            mixed_snr_db: [0.0, 0.0],
            noisy: 0.0,
            noisy_snr_db: [0.0, 0.0],
            roomy: 1.0,
            roomy_s: [0.3, 0.3],
        };
        let played = fast.play(&tone(), &mut rng);
        assert!((played.len() as f32 - 12_800.0).abs() < 20.0, "{}", played.len());
        let click: Vec<f32> = (0..16_000).map(|n| f32::from(n == 100)).collect();
        let heard = fast.apply(&click, &[], &mut rng);
        let energy: f32 = heard.iter().map(|sample| sample * sample).sum();
        assert!((energy - 1.2).abs() < 0.02, "{energy}");
        assert!(heard[..100].iter().all(|sample| sample.abs() < 1e-4), "no echo before the sound");
    }
}
