//! Levels of a recording: the gain that normalises it for speech detection, and the range of levels.

use super::silero::WINDOW;
use crate::nn::activation::sum;

/// The level of a recording is that of the 16th loudest window: it is reached for half a second in all. Knocks and clicks are
/// shorter, and have no effect on it.
const LOUD_WINDOWS: usize = 16;
/// Target RMS of the loud parts of speech, 26 dB below full scale: of 0.03, 0.05, 0.1 and 0.2 the one at which noise changes the
/// segments least.
const LEVEL: f32 = 0.05;
/// Range of gains: amplification of at most 60 dB, attenuation of at most 20 dB. The network detects no speech in noise, however
/// loud it is (docs/RELIABILITY.md).
const GAINS: std::ops::RangeInclusive<f32> = 0.1..=1000.0;

/// The gain for samples.
pub fn gain(samples: &[f32]) -> f32 {
    let powers = sorted_powers(samples);
    let Some(power) = powers.iter().rev().nth(LOUD_WINDOWS - 1).or(powers.first()) else { return 1.0 };
    (LEVEL / power.sqrt().max(f32::MIN_POSITIVE)).clamp(*GAINS.start(), *GAINS.end())
}

/// The difference of the 90th and 10th percentile of the levels of windows, in dB; 0 if there are none.
pub fn range_db(samples: &[f32]) -> f32 {
    let powers = sorted_powers(samples);
    let at =
        |tenths: usize| powers.get(powers.len() * tenths / 10).copied().unwrap_or(1.0).max(f32::MIN_POSITIVE);
    // In 64 bits, so that the result is the same on all processors.
    (10.0 * f64::from(at(9) / at(1)).log10()) as f32
}

/// Mean square of a window, which may be incomplete.
pub fn power(window: &[f32]) -> f32 {
    sum(window, |sample| sample * sample) / window.len().max(1) as f32
}

fn sorted_powers(samples: &[f32]) -> Vec<f32> {
    let mut powers: Vec<f32> = samples.chunks(WINDOW).map(power).collect();
    powers.sort_by(f32::total_cmp);
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_does_not_change_the_gain() {
        let quiet: Vec<f32> = (0..32_000).map(|n| 0.01 * (n as f32 * 0.3).sin()).collect();
        let before = gain(&quiet);
        assert!((before - 5.0 * std::f32::consts::SQRT_2).abs() < 0.1, "{before}");
        let mut clicked = quiet.clone();
        clicked[5_000..5_960].fill(1.0);
        assert!((gain(&clicked) / before - 1.0).abs() < 0.01, "{}", gain(&clicked));
        let louder: Vec<f32> = quiet.iter().map(|sample| 8.0 * sample).collect();
        assert!((8.0 * gain(&louder) / before - 1.0).abs() < 1e-5);
    }

    #[test]
    fn a_steady_signal_has_no_range() {
        let tone = |n: usize| (n as f32 * 0.3).sin();
        let steady: Vec<f32> = (0..16_000).map(tone).collect();
        let falling: Vec<f32> = (0..16_000).map(|n| tone(n) * 10.0_f32.powf(n as f32 / -16_000.0)).collect();
        assert!(range_db(&steady) < 0.5, "{}", range_db(&steady));
        assert!((range_db(&falling) - 16.0).abs() < 1.0, "{}", range_db(&falling));
        assert_eq!(range_db(&[]), 0.0);
    }

    #[test]
    fn silence_has_a_gain() {
        assert_eq!((gain(&[]), gain(&[0.0; 4_000])), (1.0, *GAINS.end()));
    }
}
