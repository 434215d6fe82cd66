//! Frequency responses of microphones.

use super::spectrum::filter;
use crate::audio::SAMPLE_RATE_HZ;
use crate::features::hz_to_mel;

/// Bands whose gains are chosen.
pub const BANDS: usize = 6;

/// Filters with gains, in dB, that are given at points evenly spaced in mel from 0 Hz to half the rate, and linear in between.
pub fn equalize(samples: &[f32], gains_db: &[f32; BANDS]) -> Vec<f32> {
    let length = samples.len().next_power_of_two().max(2);
    let nyquist_hz = f64::from(SAMPLE_RATE_HZ) / 2.0;
    filter(samples, length, |bin| {
        let mel = hz_to_mel(f64::from(SAMPLE_RATE_HZ) * bin as f64 / length as f64) / hz_to_mel(nyquist_hz);
        let place = mel as f32 * (BANDS - 1) as f32;
        let (band, part) = ((place as usize).min(BANDS - 2), place - (place as usize).min(BANDS - 2) as f32);
        let gain_db = (1.0 - part) * gains_db[band] + part * gains_db[band + 1];
        10.0_f32.powf(gain_db / 20.0)
    })
}

#[cfg(test)]
mod tests {
    use super::super::power;
    use super::super::tests::tone;
    use super::*;

    #[test]
    fn tones_get_the_gain_of_their_frequency() {
        let gains_db = [-6.0, 0.0, 6.0, 0.0, -6.0, 12.0];
        let gain_db = |frequency_hz| {
            let tone = tone(frequency_hz, 32_768);
            let filtered = equalize(&tone, &gains_db);
            assert_eq!(filtered.len(), tone.len());
            10.0 * (power(&filtered[2000..30_000]) / power(&tone[2000..30_000])).log10()
        };
        assert!((gain_db(20.0) + 6.0).abs() < 0.7, "{}", gain_db(20.0));
        assert!((gain_db(7_990.0) - 12.0).abs() < 0.7, "{}", gain_db(7_990.0));
        // A fifth of the way along the mel scale is the second point.
        let second_hz = crate::features::mel_to_hz(hz_to_mel(8_000.0) / 5.0) as f32;
        assert!(gain_db(second_hz).abs() < 0.2, "{}", gain_db(second_hz));
    }
}
