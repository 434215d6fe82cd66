//! Rooms.

use rand::{Rng, RngExt};

use super::power;
use super::spectrum::{filter, spectrum};
use crate::audio::SAMPLE_RATE_HZ;

/// Adds the echo of a synthetic room: noise that decays by 60 dB within `decay_s` (Polack, 1988), with `energy` times the energy of the
/// direct sound.
pub fn reverberate(samples: &[f32], decay_s: f32, energy: f32, rng: &mut impl Rng) -> Vec<f32> {
    convolve(samples, &impulse_response(decay_s, energy, rng))
}

fn impulse_response(decay_s: f32, energy: f32, rng: &mut impl Rng) -> Vec<f32> {
    let length = (decay_s * SAMPLE_RATE_HZ as f32) as usize;
    // 60 dB are a thousandth.
    let mut echo: Vec<f32> = (0..length.max(1))
        .map(|n| (rng.random::<f32>() - 0.5) * (-6.9 * n as f32 / length.max(1) as f32).exp())
        .collect();
    let gain = (energy / (power(&echo) * echo.len() as f32).max(1e-12)).sqrt();
    echo.iter_mut().for_each(|value| *value *= gain);
    echo[0] = 1.0;
    echo
}

/// Convolves samples with `response`; the result is as long as the samples.
fn convolve(samples: &[f32], response: &[f32]) -> Vec<f32> {
    let length = (samples.len() + response.len()).next_power_of_two();
    let response = spectrum(response, length);
    filter(samples, length, |bin| response[bin])
}

#[cfg(test)]
mod tests {
    use super::super::tests::tone;
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn convolving_is_summing_shifted_copies() {
        let response = [1.0, 0.0, -0.5, 0.25];
        let samples = tone(200.0, 16_000);
        let convolved = convolve(&samples, &response);
        assert_eq!(convolved.len(), samples.len());
        for n in 3..samples.len() {
            let expected = samples[n] - 0.5 * samples[n - 2] + 0.25 * samples[n - 3];
            assert!((convolved[n] - expected).abs() < 1e-4, "{n}: {} and {expected}", convolved[n]);
        }
    }

    #[test]
    fn an_echo_has_the_energy_asked_for_and_follows_the_sound() {
        let click: Vec<f32> = (0..16_000).map(|n| f32::from(n == 100)).collect();
        let echoed = reverberate(&click, 0.3, 0.2, &mut StdRng::seed_from_u64(2));
        let energy: f32 = echoed.iter().map(|sample| sample * sample).sum();
        assert!((energy - 1.2).abs() < 0.02, "{energy}");
        assert!(echoed[..100].iter().all(|sample| sample.abs() < 1e-4));
    }
}
