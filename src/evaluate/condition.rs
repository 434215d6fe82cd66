//! Recordings made worse on purpose, to see how much a model's readings suffer.

use std::fmt;
use std::fs;
use std::str::FromStr;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ropus::{Application, Bitrate, Channels, DecodeMode, Decoder, Encoder};

use crate::audio::{ReadOptions, SAMPLE_RATE_HZ, decode};
use crate::corpus::Utterance;
use crate::train::{add_noise, through_telephone};

/// Decibels from the voice down to what is added.
const SNR_DB: f32 = 15.0;
/// Other recordings that speak at once in babble.
const VOICES: usize = 6;
const OPUS_BITS_PER_SECOND: u32 = 16_000;
/// Samples of an Opus frame: 20 ms.
const OPUS_FRAME: usize = 320;

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
        match self {
            Self::White => {
                let mut noisy = samples.to_vec();
                add_noise(&mut noisy, SNR_DB, &mut rng);
                noisy
            }
            Self::Babble => {
                let voices = (0..VOICES).map(|_| others[rng.random_range(0..others.len())]);
                add(samples, &babble(voices, samples.len()))
            }
            Self::Opus => through_opus(samples),
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

/// Adds `noise` so that its power is [`SNR_DB`] below that of `samples`.
fn add(samples: &[f32], noise: &[f32]) -> Vec<f32> {
    let wanted = power(samples) * 10.0_f32.powf(-SNR_DB / 10.0);
    let gain = (wanted / power(noise).max(1e-12)).sqrt();
    samples.iter().zip(noise).map(|(sample, noise)| sample + gain * noise).collect()
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32
}

/// Encodes and decodes; what comes back has the length and the place in time of what went in.
fn through_opus(samples: &[f32]) -> Vec<f32> {
    let mut encoder = Encoder::builder(SAMPLE_RATE_HZ, Channels::Mono, Application::Voip)
        .bitrate(Bitrate::Bits(OPUS_BITS_PER_SECOND))
        .build()
        .expect("16 kHz mono is a mode of Opus");
    let mut decoder = Decoder::new(SAMPLE_RATE_HZ, Channels::Mono).expect("16 kHz mono is a mode of Opus");
    let delay = encoder.lookahead() as usize;
    let mut input = samples.to_vec();
    input.resize((samples.len() + delay).next_multiple_of(OPUS_FRAME), 0.0);
    let mut output = Vec::with_capacity(input.len());
    let (mut packet, mut frame) = ([0; 1_500], [0.0; OPUS_FRAME]);
    for piece in input.chunks_exact(OPUS_FRAME) {
        let bytes = encoder.encode_float(piece, &mut packet).expect("a whole frame fits the packet");
        decoder
            .decode_float(&packet[..bytes], &mut frame, DecodeMode::Normal)
            .expect("a packet that was just encoded");
        output.extend_from_slice(&frame);
    }
    output[delay..delay + samples.len()].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone() -> Vec<f32> {
        (0..16_000).map(|n| 0.3 * (std::f32::consts::TAU * 440.0 * n as f32 / 16_000.0).sin()).collect()
    }

    #[test]
    fn noise_lies_as_far_below_the_voice_as_it_is_told() {
        let noise = |noisy: Vec<f32>| -> Vec<f32> { noisy.iter().zip(tone()).map(|(a, b)| a - b).collect() };
        let other: Vec<f32> = tone().iter().rev().map(|sample| 7.0 * sample.signum()).collect();
        for noise in [noise(Condition::White.apply(&tone(), &[], 1)), noise(add(&tone(), &other))] {
            let snr_db = 10.0 * (power(&tone()) / power(&noise)).log10();
            assert!((snr_db - SNR_DB).abs() < 0.2, "{snr_db}");
        }
    }

    #[test]
    fn opus_keeps_place_and_length_and_changes_the_samples() {
        let heard = Condition::Opus.apply(&tone(), &[], 1);
        assert_eq!(heard.len(), tone().len());
        assert_ne!(heard, tone());
        let settled = 3_200..14_000;
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let (a, b) = (&tone()[settled.clone()], &heard[settled]);
        let correlation = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        assert!(correlation > 0.95, "{correlation}");
    }

    #[test]
    fn names_lead_back() {
        for condition in Condition::ALL {
            assert_eq!(condition.to_string().parse(), Ok(condition));
        }
        assert!("loud".parse::<Condition>().is_err());
    }
}
