//! The sound of a telephone line.

use crate::audio::{Resampler, SAMPLE_RATE_HZ};

/// The sound of a telephone line: 8 kHz, mu-law (ITU-T G.711, in its continuous form, rounded to eight bits).
pub fn through_telephone(samples: &[f32]) -> Vec<f32> {
    const RATE_HZ: u32 = 8_000;
    const MU: f32 = 255.0;
    let resampled = |samples: &[f32], from_hz, to_hz| {
        let mut resampler = Resampler::new(from_hz, to_hz);
        resampler.push(samples);
        resampler.finish()
    };
    let mut narrow = resampled(samples, SAMPLE_RATE_HZ, RATE_HZ);
    for sample in &mut narrow {
        let magnitude = sample.abs().min(1.0);
        let code = ((MU * magnitude).ln_1p() / MU.ln_1p() * 127.0).round();
        *sample = (code / 127.0 * MU.ln_1p()).exp_m1() / MU * sample.signum();
    }
    let mut wide = resampled(&narrow, RATE_HZ, SAMPLE_RATE_HZ);
    wide.resize(samples.len(), 0.0);
    wide
}

#[cfg(test)]
mod tests {
    use super::super::power;
    use super::super::tests::tone;
    use super::*;

    #[test]
    fn a_telephone_keeps_what_lies_below_its_band() {
        let snr_db = |pitch_hz: f32| {
            let tone = tone(pitch_hz, 32_000);
            let received = through_telephone(&tone);
            assert_eq!(received.len(), tone.len());
            let lost: Vec<f32> = tone.iter().zip(&received).map(|(a, b)| a - b).collect();
            10.0 * (power(&tone[2000..30_000]) / power(&lost[2000..30_000])).log10()
        };
        assert!(snr_db(1_000.0) > 30.0, "{} dB", snr_db(1_000.0));
        assert!(snr_db(5_000.0).abs() < 1.0, "{} dB", snr_db(5_000.0));
    }
}
