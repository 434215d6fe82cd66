//! Playback speed.

use crate::audio::{Resampler, SAMPLE_RATE_HZ};

/// Plays `speed` times as fast, pitch with it, to the nearest of rates 100 Hz apart (0.6 %).
pub fn change_speed(samples: &[f32], speed: f32) -> Vec<f32> {
    // Rates far from round make the resampler's blocks long.
    let rate_hz = (SAMPLE_RATE_HZ as f32 * speed / 100.0).round() as u32 * 100;
    if rate_hz == SAMPLE_RATE_HZ {
        return samples.to_vec();
    }
    let mut resampler = Resampler::new(rate_hz, SAMPLE_RATE_HZ);
    resampler.push(samples);
    resampler.finish()
}

#[cfg(test)]
mod tests {
    use super::super::tests::tone;
    use super::*;

    #[test]
    fn length_falls_as_speed_grows() {
        for speed in [0.8, 1.0, 1.25] {
            let played = change_speed(&tone(200.0, 16_000), speed);
            assert!((played.len() as f32 - 16_000.0 / speed).abs() < 20.0, "{speed}: {}", played.len());
        }
    }
}
