//! The gain that brings a recording to the level at which speech is found best.

use super::silero::WINDOW;
use crate::nn::activation::sum;

/// Windows that are at least as loud as the level of a recording: half a second in all. A knock or a click is shorter, and the
/// loudest sample of them sets nothing.
const LOUD_WINDOWS: usize = 16;
/// Root mean square of the loud parts of speech for the network, 20 dB below full scale.
const LEVEL: f32 = 0.1;
/// Amplification and attenuation at most, 60 and 20 dB. Noise stays noise for the network, however loud it is (docs/RELIABILITY.md).
const GAINS: std::ops::RangeInclusive<f32> = 0.1..=1000.0;

/// What to multiply samples with.
pub fn gain(samples: &[f32]) -> f32 {
    let mean_square = |window: &[f32]| sum(window, |sample| sample * sample) / WINDOW as f32;
    let mut powers: Vec<f32> = samples.chunks(WINDOW).map(mean_square).collect();
    powers.sort_by(|a, b| b.total_cmp(a));
    let Some(power) = powers.get(LOUD_WINDOWS - 1).or(powers.last()) else { return 1.0 };
    (LEVEL / power.sqrt().max(f32::MIN_POSITIVE)).clamp(*GAINS.start(), *GAINS.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_changes_no_gain() {
        let quiet: Vec<f32> = (0..32_000).map(|n| 0.01 * (n as f32 * 0.3).sin()).collect();
        let before = gain(&quiet);
        assert!((before - 10.0 * std::f32::consts::SQRT_2).abs() < 0.1, "{before}");
        let mut clicked = quiet.clone();
        clicked[5_000..5_960].fill(1.0);
        assert!((gain(&clicked) / before - 1.0).abs() < 0.01, "{}", gain(&clicked));
        let louder: Vec<f32> = quiet.iter().map(|sample| 8.0 * sample).collect();
        assert!((8.0 * gain(&louder) / before - 1.0).abs() < 1e-5);
    }

    #[test]
    fn silence_has_a_gain_too() {
        assert_eq!((gain(&[]), gain(&[0.0; 4_000])), (1.0, *GAINS.end()));
    }
}
