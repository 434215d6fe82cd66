//! Levels of a recording: the gain that brings it to the one at which speech is found best, and how much they vary.

use super::silero::WINDOW;
use crate::nn::activation::sum;

/// Windows that are at least as loud as the level of a recording: half a second in all. A knock or a click is shorter, and the
/// loudest sample of them sets nothing.
const LOUD_WINDOWS: usize = 16;
/// Root mean square of the loud parts of speech for the network, 26 dB below full scale: of 0.03, 0.05, 0.1 and 0.2 the one at which
/// noise changes the segments least.
const LEVEL: f32 = 0.05;
/// Amplification and attenuation at most, 60 and 20 dB. Noise stays noise for the network, however loud it is (docs/RELIABILITY.md).
const GAINS: std::ops::RangeInclusive<f32> = 0.1..=1000.0;

/// What to multiply samples with.
pub fn gain(samples: &[f32]) -> f32 {
    let powers = sorted_powers(samples);
    let Some(power) = powers.iter().rev().nth(LOUD_WINDOWS - 1).or(powers.first()) else { return 1.0 };
    (LEVEL / power.sqrt().max(f32::MIN_POSITIVE)).clamp(*GAINS.start(), *GAINS.end())
}

/// What lies between the level that a tenth of all windows reaches and the one that nine tenths reach, in dB; 0 if there are none.
pub fn range_db(samples: &[f32]) -> f32 {
    let powers = sorted_powers(samples);
    let at =
        |tenths: usize| powers.get(powers.len() * tenths / 10).copied().unwrap_or(1.0).max(f32::MIN_POSITIVE);
    // By way of 64 bits, so that all processors agree.
    (10.0 * f64::from(at(9) / at(1)).log10()) as f32
}

/// Mean square of a window, full or not.
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
    fn a_click_changes_no_gain() {
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
    fn what_is_steady_has_no_range() {
        let tone = |n: usize| (n as f32 * 0.3).sin();
        let steady: Vec<f32> = (0..16_000).map(tone).collect();
        let falling: Vec<f32> = (0..16_000).map(|n| tone(n) * 10.0_f32.powf(n as f32 / -16_000.0)).collect();
        assert!(range_db(&steady) < 0.5, "{}", range_db(&steady));
        assert!((range_db(&falling) - 16.0).abs() < 1.0, "{}", range_db(&falling));
        assert_eq!(range_db(&[]), 0.0);
    }

    #[test]
    fn silence_has_a_gain_too() {
        assert_eq!((gain(&[]), gain(&[0.0; 4_000])), (1.0, *GAINS.end()));
    }
}
