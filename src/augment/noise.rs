//! Noise at a chosen signal-to-noise ratio.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::power;
use super::spectrum::filter;

/// How the power of noise falls with frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseColor {
    /// Not at all: hiss.
    White,
    /// As 1 / f: fans, traffic.
    Pink,
    /// As 1 / f²: wind, rumble.
    Brown,
}

impl NoiseColor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::White, Self::Pink, Self::Brown];
}

/// Adds Gaussian noise whose power is `snr_db` below the samples'.
pub fn add_noise(samples: &mut [f32], snr_db: f32, rng: &mut impl Rng) {
    let deviation = (power(samples) * 10.0_f32.powf(-snr_db / 10.0)).sqrt();
    samples.iter_mut().for_each(|sample| *sample += deviation * rng.sample::<f32, _>(StandardNormal));
}

/// Adds Gaussian noise of a color whose power is `snr_db` below the samples'.
pub fn add_colored_noise(samples: &mut [f32], color: NoiseColor, snr_db: f32, rng: &mut StdRng) {
    let exponent = match color {
        NoiseColor::White => return add_noise(samples, snr_db, rng),
        NoiseColor::Pink => -0.5,
        NoiseColor::Brown => -1.0,
    };
    // Only its shape counts: mixing scales it.
    let mut noise = vec![1.0; samples.len()];
    add_noise(&mut noise, 0.0, rng);
    noise.iter_mut().for_each(|value| *value -= 1.0);
    let length = noise.len().next_power_of_two().max(2);
    let colored = filter(&noise, length, |bin| if bin == 0 { 0.0 } else { (bin as f32).powf(exponent) });
    mix_at_snr(samples, &colored, snr_db);
}

/// Adds `noise`, as far as it reaches, scaled so that its power is `snr_db` below the samples'.
pub fn mix_at_snr(samples: &mut [f32], noise: &[f32], snr_db: f32) {
    let gain = (power(samples) * 10.0_f32.powf(-snr_db / 10.0) / power(noise).max(1e-12)).sqrt();
    samples.iter_mut().zip(noise).for_each(|(sample, noise)| *sample += gain * noise);
}

#[cfg(test)]
mod tests {
    use super::super::tests::tone;
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn noise_of_every_color_has_the_power_asked_for_and_falls_with_frequency() {
        let tone = tone(300.0, 32_000);
        let mut ratios = Vec::new();
        for color in NoiseColor::ALL {
            let mut noisy = tone.clone();
            add_colored_noise(&mut noisy, color, 20.0, &mut StdRng::seed_from_u64(1));
            let noise: Vec<f32> = noisy.iter().zip(&tone).map(|(a, b)| a - b).collect();
            let snr_db = 10.0 * (power(&tone) / power(&noise)).log10();
            assert!((snr_db - 20.0).abs() < 0.2, "{color:?}: {snr_db} dB");
            // Differences of neighbours hold the high frequencies.
            let high: Vec<f32> = noise.windows(2).map(|pair| pair[1] - pair[0]).collect();
            ratios.push(power(&high) / power(&noise));
        }
        assert!(ratios[0] > 1.8 && ratios[1] < 0.5 * ratios[0] && ratios[2] < 0.1 * ratios[1], "{ratios:?}");
    }
}
