//! Clips of speech, and recording conditions.

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use sottovoce::audio::decode;
use sottovoce::augment::through_telephone;
use sottovoce::parallel;
use sottovoce::vad::speech_segments;

use super::sounds::{knock, pink, rms, white};

const CLIPS: usize = 500;
const SECOND: usize = 16_000;

/// A recording condition.
#[derive(Clone, Copy, PartialEq)]
pub enum Condition {
    AsItIs,
    /// Its peak level in dB below full scale.
    Level(f32),
    /// White or pink noise at a level in dB below the voice.
    Noise(f32),
    KnockBefore,
    /// The clip twice, with a knock in the pause.
    KnockBetween,
    KnockAfter,
    /// Cut to begin in the middle of the voice.
    CutIn,
    /// Through a telephone line.
    Telephone,
    /// Three seconds of silence before and after.
    Silence,
}

use Condition::{AsItIs, CutIn, KnockAfter, KnockBefore, KnockBetween, Level, Noise, Silence, Telephone};

pub const CONDITIONS: [Condition; 15] = [
    AsItIs,
    Level(-40.0),
    Level(-30.0),
    Level(-20.0),
    Level(-10.0),
    Level(0.0),
    Noise(20.0),
    Noise(10.0),
    Noise(5.0),
    KnockBefore,
    KnockBetween,
    KnockAfter,
    Silence,
    CutIn,
    Telephone,
];

impl Condition {
    /// Applies the condition to a clip; also returns the new positions of the start and the end of the original.
    pub fn apply(self, clip: &[f32], seed: u64) -> (Vec<f32>, Range<usize>) {
        let mut rng = StdRng::seed_from_u64(seed);
        let rng = &mut rng;
        let pause = |length: usize| vec![0.0; length];
        let loud = |rng: &mut StdRng| {
            let mut knock = knock(rng);
            knock.resize(SECOND / 2, 0.0);
            knock
        };
        match self {
            AsItIs => (clip.to_vec(), 0..0),
            Level(dbfs) => {
                let peak = clip.iter().fold(1e-9_f32, |peak, sample| peak.max(sample.abs()));
                let gain = 10.0_f32.powf(dbfs / 20.0) / peak;
                // Quantized to 16 bits, as by a recorder.
                (clip.iter().map(|sample| (sample * gain * 32_767.0).round() / 32_767.0).collect(), 0..0)
            }
            Noise(snr_db) => {
                let noise =
                    if seed.is_multiple_of(2) { white(rng, clip.len()) } else { pink(rng, clip.len()) };
                let gain = rms(clip) / rms(&noise) * 10.0_f32.powf(-snr_db / 20.0);
                (clip.iter().zip(noise).map(|(sample, noise)| sample + gain * noise).collect(), 0..0)
            }
            KnockBefore => ([&loud(rng)[..], clip].concat(), SECOND / 2..SECOND / 2),
            KnockBetween => {
                let between = loud(rng);
                ([clip, &between, clip].concat(), 0..clip.len() + between.len())
            }
            KnockAfter => ([clip, &pause(SECOND / 4), &loud(rng)].concat(), 0..0),
            CutIn => {
                let middle = speech_segments(clip).span().map_or(0, |span| (span.start + span.end) / 2);
                (clip[middle..].to_vec(), 0..0)
            }
            Telephone => (through_telephone(clip), 0..0),
            Silence => ([&pause(3 * SECOND)[..], clip, &pause(3 * SECOND)].concat(), 3 * SECOND..3 * SECOND),
        }
    }

    /// Minimum share of clips in which speech must be detected.
    pub fn least_found(self) -> f32 {
        match self {
            Noise(5.0) => 0.95,
            Noise(10.0) => 0.98,
            // Some have only about a quarter of a second left.
            CutIn => 0.95,
            _ => 0.99,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            AsItIs => write!(out, "as they are"),
            Level(dbfs) => write!(out, "peaks at {dbfs} dBFS"),
            Noise(snr_db) => write!(out, "noise {snr_db} dB below"),
            KnockBefore => write!(out, "a knock before"),
            KnockBetween => write!(out, "a knock between"),
            KnockAfter => write!(out, "a knock after"),
            Telephone => write!(out, "a telephone, 8 kHz and mu-law"),
            CutIn => write!(out, "begun in the middle of the voice"),
            Silence => write!(out, "3 s of silence around"),
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "opus" || extension == "wav") {
            found.push(path);
        }
    }
}

/// Clips of speech at 16 kHz, numbered.
pub fn clips() -> Vec<(u64, Vec<f32>)> {
    let corpora = std::env::var_os("CORPORA").map(PathBuf::from);
    let folders =
        corpora.map_or_else(|| vec!["www/samples".into(), "www/lesson/clips".into()], |folder| vec![folder]);
    let mut paths = Vec::new();
    folders.iter().for_each(|folder: &PathBuf| files(folder, &mut paths));
    paths.sort();
    let mut chosen: Vec<_> = paths.sample(&mut StdRng::seed_from_u64(7), CLIPS).collect();
    chosen.sort();
    let numbered: Vec<_> = (0..).zip(chosen).collect();
    parallel::map(&numbered, vec![(); parallel::cores()], |(), (number, path)| {
        let bytes = fs::read(path).expect("readable");
        (*number, decode(&bytes, &Default::default()).expect("a clip").samples)
    })
}
