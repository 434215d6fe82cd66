//! Recordings made worse on purpose, to see how much a model's readings suffer.

use std::fmt;
use std::fs;
use std::str::FromStr;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::audio::{ReadOptions, decode};
use crate::augment::{add_noise, mix_at_snr, power, through_opus, through_telephone};
use crate::corpus::Utterance;

/// Decibels from the voice down to what is added.
const SNR_DB: f32 = 15.0;
/// Other recordings that speak at once in babble.
const VOICES: usize = 6;
const OPUS_BITS_PER_SECOND: u32 = 16_000;

/// What is done to a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// White noise 15 dB below the voice.
    White,
    /// Six other recordings at once, together 15 dB below the voice.
    Babble,
    /// Through Opus at 16 kbit/s and back.
    Opus,
    /// Through a telephone line.
    Telephone,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::White, Self::Babble, Self::Opus, Self::Telephone];

    /// What it is, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::White => "white noise, 15 dB below the voice",
            Self::Babble => "six other voices, together 15 dB below",
            Self::Opus => "Opus, 16 kbit/s",
            Self::Telephone => "telephone, 8 kHz and mu-law",
        }
    }

    /// Changes mono samples at 16 kHz. The draws follow `seed`; voices for babble come from `others`.
    pub fn apply(self, samples: &[f32], others: &[&Utterance], seed: u64) -> Vec<f32> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut noisy = samples.to_vec();
        match self {
            Self::White => {
                add_noise(&mut noisy, SNR_DB, &mut rng);
                noisy
            }
            Self::Babble => {
                let voices = (0..VOICES).map(|_| others[rng.random_range(0..others.len())]);
                mix_at_snr(&mut noisy, &babble(voices, samples.len()), SNR_DB);
                noisy
            }
            Self::Opus => through_opus(samples, OPUS_BITS_PER_SECOND),
            Self::Telephone => through_telephone(samples),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(match self {
            Self::White => "white",
            Self::Babble => "babble",
            Self::Opus => "opus",
            Self::Telephone => "telephone",
        })
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|condition| condition.to_string() == name);
        found.ok_or_else(|| format!("'{name}' is none of white, babble, opus and telephone"))
    }
}

/// Recordings one upon the other, each as loud as the others and repeated to `length` samples. Those that cannot be
/// read are silent.
fn babble<'a>(voices: impl Iterator<Item = &'a Utterance>, length: usize) -> Vec<f32> {
    let mut sum = vec![0.0; length];
    for voice in voices {
        let decoded =
            fs::read(&voice.path).ok().and_then(|bytes| decode(&bytes, &ReadOptions::default()).ok());
        let Some(recording) = decoded else { continue };
        let gain = 1.0 / power(&recording.samples).sqrt().max(1e-6);
        for (sum, sample) in sum.iter_mut().zip(recording.samples.iter().cycle()) {
            *sum += gain * sample;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone() -> Vec<f32> {
        (0..16_000).map(|n| 0.3 * (std::f32::consts::TAU * 440.0 * n as f32 / 16_000.0).sin()).collect()
    }

    #[test]
    fn noise_has_the_requested_level_below_the_voice() {
        let noise = |noisy: Vec<f32>| -> Vec<f32> { noisy.iter().zip(tone()).map(|(a, b)| a - b).collect() };
        let other: Vec<f32> = tone().iter().rev().map(|sample| 7.0 * sample.signum()).collect();
        let mut mixed = tone();
        mix_at_snr(&mut mixed, &other, SNR_DB);
        for noise in [noise(Condition::White.apply(&tone(), &[], 1)), noise(mixed)] {
            let snr_db = 10.0 * (power(&tone()) / power(&noise)).log10();
            assert!((snr_db - SNR_DB).abs() < 0.2, "{snr_db}");
        }
    }

    #[test]
    fn names_lead_back() {
        for condition in Condition::ALL {
            assert_eq!(condition.to_string().parse(), Ok(condition));
        }
        assert!("loud".parse::<Condition>().is_err());
    }
}
