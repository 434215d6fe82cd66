//! Augmentation of a student's input, for robustness: other voices, noise, rooms.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::augment::{add_noise, between, change_speed, mix_at_snr, reverberate};

/// Energy of the reverberation, as a multiple of the direct sound's.
const ROOM_ENERGY: f32 = 0.2;

/// How often and how much crops are augmented; each draws its own augmentation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropAugmentation {
    /// Range of the speed, which changes the pitch with it; above 1 is faster.
    pub speed: [f32; 2],
    /// Share of the crops that another voice is mixed into.
    #[serde(rename = "mixed")]
    pub voice_share: f32,
    /// Decibels from the voice down to the other one, lowest and highest.
    #[serde(rename = "mixed_snr_db")]
    pub voice_snr_db: [f32; 2],
    /// Share of the crops with Gaussian noise.
    #[serde(rename = "noisy")]
    pub noise_share: f32,
    /// Decibels from the voice down to the noise, lowest and highest.
    #[serde(rename = "noisy_snr_db")]
    pub noise_snr_db: [f32; 2],
    /// Share of the crops with reverberation.
    #[serde(rename = "roomy")]
    pub room_share: f32,
    /// Seconds until the reverberation has fallen by 60 dB, lowest and highest.
    #[serde(rename = "roomy_s")]
    pub room_decay_s: [f32; 2],
}

impl CropAugmentation {
    /// Changes the speed to a random one.
    pub fn change_speed(&self, samples: &[f32], rng: &mut StdRng) -> Vec<f32> {
        change_speed(samples, between(self.speed, rng))
    }

    /// Augments a clean crop; `other` may be mixed into it.
    pub fn apply(&self, clean: &[f32], other: &[f32], rng: &mut StdRng) -> Vec<f32> {
        let mut samples = clean.to_vec();
        if rng.random::<f32>() < self.voice_share {
            mix_at_snr(&mut samples, other, between(self.voice_snr_db, rng));
        }
        if rng.random::<f32>() < self.room_share {
            let decay_s = between(self.room_decay_s, rng);
            samples = reverberate(&samples, decay_s, ROOM_ENERGY, rng);
        }
        if rng.random::<f32>() < self.noise_share {
            add_noise(&mut samples, between(self.noise_snr_db, rng), rng);
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::power;
    use rand::SeedableRng;

    fn tone() -> Vec<f32> {
        (0..16_000).map(|n| (std::f32::consts::TAU * 200.0 * n as f32 / 16_000.0).sin()).collect()
    }

    #[test]
    fn another_voice_is_mixed_in_at_the_drawn_level() {
        let augmentation = CropAugmentation {
            speed: [1.0, 1.0],
            voice_share: 1.0,
            voice_snr_db: [10.0, 10.0],
            noise_share: 0.0,
            noise_snr_db: [0.0, 0.0],
            room_share: 0.0,
            room_decay_s: [0.0, 0.0],
        };
        let other: Vec<f32> = tone().iter().map(|sample| 3.0 * sample.signum()).collect();
        let mixed = augmentation.apply(&tone(), &other, &mut StdRng::seed_from_u64(1));
        let added: Vec<f32> = mixed.iter().zip(tone()).map(|(mixed, clean)| mixed - clean).collect();
        let snr_db = 10.0 * (power(&tone()) / power(&added)).log10();
        assert!((snr_db - 10.0).abs() < 0.1, "{snr_db}");
    }

    #[test]
    fn higher_speed_is_shorter_and_a_room_adds_a_fifth() {
        let mut rng = StdRng::seed_from_u64(2);
        let fast = CropAugmentation {
            speed: [1.25, 1.25],
            voice_share: 0.0,
            voice_snr_db: [0.0, 0.0],
            noise_share: 0.0,
            noise_snr_db: [0.0, 0.0],
            room_share: 1.0,
            room_decay_s: [0.3, 0.3],
        };
        let played = fast.change_speed(&tone(), &mut rng);
        assert!((played.len() as f32 - 12_800.0).abs() < 20.0, "{}", played.len());
        let click: Vec<f32> = (0..16_000).map(|n| f32::from(n == 100)).collect();
        let augmented = fast.apply(&click, &[], &mut rng);
        let energy: f32 = augmented.iter().map(|sample| sample * sample).sum();
        assert!((energy - 1.2).abs() < 0.02, "{energy}");
        assert!(
            augmented[..100].iter().all(|sample| sample.abs() < 1e-4),
            "no reverberation before the sound"
        );
    }
}
