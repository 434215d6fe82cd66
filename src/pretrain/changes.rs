//! Changes to what a student hears, so that it learns to hear through them: other voices, noise, rooms.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::augment::{add_noise, between, change_speed, power, reverberate};

/// Energy of an echo, as a multiple of the direct sound's.
const ROOM_ENERGY: f32 = 0.2;

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
        change_speed(samples, between(self.speed, rng))
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
            samples = reverberate(&samples, decay_s, ROOM_ENERGY, rng);
        }
        if rng.random::<f32>() < self.noisy {
            add_noise(&mut samples, between(self.noisy_snr_db, rng), rng);
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn tone() -> Vec<f32> {
        (0..16_000).map(|n| (std::f32::consts::TAU * 200.0 * n as f32 / 16_000.0).sin()).collect()
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
