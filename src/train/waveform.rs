//! Changes to a recording that leave its emotion as it is: where it starts, its tempo, its pitch, and noise.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use serde::{Deserialize, Serialize};

use crate::audio::{ClipSettings, Resampler, SAMPLE_RATE_HZ};

/// How recordings are changed; each copy draws its own changes within these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveformSettings {
    /// Changed copies of each clip that stand beside the clip itself.
    pub copies: usize,
    /// Least and most seconds that are dropped from the start.
    pub skip_s: [f32; 2],
    /// Least and most ratio of signal to added Gaussian noise, in dB; every other copy gets noise.
    pub noise_snr_db: [f32; 2],
    /// Semitones by which the pitch moves at most, either way.
    pub pitch_semitones: f32,
    /// Least and most tempo; above 1 is faster.
    pub stretch: [f32; 2],
    /// Share of copies that go through a telephone, 0 to 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub telephone_share: f32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(share: &f32) -> bool {
    *share == 0.0
}

impl WaveformSettings {
    /// Seconds of a recording that a changed clip can reach.
    pub fn reach_s(&self, clip: &ClipSettings) -> f32 {
        clip.with_skip(self.skip_s[1]).reach_s() * self.stretch[1].max(1.0)
    }

    /// Draws one set of changes and applies it; returns the samples and the clip to cut from them.
    pub fn change(&self, samples: &[f32], clip: &ClipSettings, rng: &mut StdRng) -> (Vec<f32>, ClipSettings) {
        let mut between = |[low, high]: [f32; 2]| low + (high - low) * rng.random::<f32>();
        let tempo = between(self.stretch);
        let semitones = between([-self.pitch_semitones, self.pitch_semitones]);
        let clip = clip.with_skip(between(self.skip_s));
        let snr_db = between(self.noise_snr_db);
        let mut changed = shift_pitch(&stretch(samples, tempo), semitones);
        if rng.random::<bool>() {
            add_noise(&mut changed, snr_db, rng);
        }
        if self.telephone_share > 0.0 && rng.random::<f32>() < self.telephone_share {
            changed = through_telephone(&changed);
        }
        (changed, clip)
    }
}

/// Adds Gaussian noise whose power is `snr_db` below the samples'.
pub fn add_noise(samples: &mut [f32], snr_db: f32, rng: &mut impl Rng) {
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32;
    let deviation = (power * 10.0_f32.powf(-snr_db / 10.0)).sqrt();
    for pair in samples.chunks_mut(2) {
        // Box and Muller's method gives two normal numbers from two uniform ones.
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt() * deviation;
        let (sine, cosine) = (std::f32::consts::TAU * rng.random::<f32>()).sin_cos();
        for (sample, part) in pair.iter_mut().zip([cosine, sine]) {
            *sample += radius * part;
        }
    }
}

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

/// Moves the pitch by `semitones`, to the nearest of rates 100 Hz apart (0.6 %), and keeps the length.
pub fn shift_pitch(samples: &[f32], semitones: f32) -> Vec<f32> {
    let ratio = 2.0_f32.powf(semitones / 12.0);
    let rate_hz = (SAMPLE_RATE_HZ as f32 * ratio / 100.0).round() as u32 * 100;
    if rate_hz == SAMPLE_RATE_HZ {
        return samples.to_vec();
    }
    let mut resampler = Resampler::new(rate_hz, SAMPLE_RATE_HZ);
    resampler.push(&stretch(samples, SAMPLE_RATE_HZ as f32 / rate_hz as f32));
    let mut shifted = resampler.finish();
    shifted.resize(samples.len(), 0.0);
    shifted
}

/// Samples a frame of the phase vocoder, and from one frame of its output to the next.
const FRAME: usize = 1024;
const HOP: usize = FRAME / 4;

/// Plays `tempo` times as fast at the same pitch: a phase vocoder, as `librosa.effects.time_stretch`.
pub fn stretch(samples: &[f32], tempo: f32) -> Vec<f32> {
    let length = (samples.len() as f32 / tempo).round() as usize;
    if tempo == 1.0 || samples.is_empty() {
        return samples.to_vec();
    }
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(FRAME), planner.plan_fft_inverse(FRAME));
    let window: Vec<f32> =
        (0..FRAME).map(|n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / FRAME as f32).cos()).collect();

    // Frames are centred, with silence before the first sample and after the last.
    let mut padded = vec![0.0; FRAME / 2];
    padded.extend_from_slice(samples);
    padded.resize(samples.len() + FRAME + 2 * HOP, 0.0);
    let frames: Vec<Vec<Complex<f32>>> = (0..=samples.len() / HOP + 1)
        .map(|frame| {
            let mut piece: Vec<f32> = padded[frame * HOP..]
                .iter()
                .chain(std::iter::repeat(&0.0))
                .zip(&window)
                .map(|(a, b)| a * b)
                .collect();
            let mut spectrum = forward.make_output_vec();
            forward.process(&mut piece, &mut spectrum).expect("the plan's own sizes");
            spectrum
        })
        .collect();

    let mut output = vec![0.0; length + 2 * FRAME];
    let mut weight = vec![0.0; output.len()];
    let mut phases: Vec<f32> = frames[0].iter().map(|bin| bin.arg()).collect();
    let steps = ((frames.len() - 1) as f32 / tempo).ceil() as usize;
    for step in 0..steps {
        let position = step as f32 * tempo;
        let (frame, part) = (position as usize, position.fract());
        let (Some(before), Some(after)) = (frames.get(frame), frames.get(frame + 1)) else { break };
        let mut spectrum: Vec<Complex<f32>> = before
            .iter()
            .zip(after)
            .zip(&phases)
            .map(|((before, after), phase)| {
                Complex::from_polar((1.0 - part) * before.norm() + part * after.norm(), *phase)
            })
            .collect();
        for (bin, phase) in phases.iter_mut().enumerate() {
            let expected = std::f32::consts::TAU * (HOP * bin) as f32 / FRAME as f32;
            let deviation = after[bin].arg() - before[bin].arg() - expected;
            let turns = (deviation / std::f32::consts::TAU).round();
            *phase = (*phase + expected + deviation - turns * std::f32::consts::TAU) % std::f32::consts::TAU;
        }
        // The inverse takes real ends.
        let last = spectrum.len() - 1;
        spectrum[0].im = 0.0;
        spectrum[last].im = 0.0;
        let mut piece = inverse.make_output_vec();
        inverse.process(&mut spectrum, &mut piece).expect("the plan's own sizes");
        let start = step * HOP;
        for ((n, value), window) in (start..).zip(piece).zip(&window) {
            if let (Some(output), Some(weight)) = (output.get_mut(n), weight.get_mut(n)) {
                *output += value / FRAME as f32 * window;
                *weight += window * window;
            }
        }
    }
    let sums = output.iter().zip(&weight).skip(FRAME / 2).take(length);
    sums.map(|(value, weight)| if *weight > 1e-3 { value / weight } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn tone(pitch_hz: f32, samples: usize) -> Vec<f32> {
        let step = std::f32::consts::TAU * pitch_hz / SAMPLE_RATE_HZ as f32;
        (0..samples).map(|n| 0.5 * (step * n as f32).sin()).collect()
    }

    /// Crossings of zero, upwards, of the middle half, as a pitch in Hz.
    fn pitch_hz(samples: &[f32]) -> f32 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        let crossings = middle.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        crossings as f32 * SAMPLE_RATE_HZ as f32 / middle.len() as f32
    }

    fn power(samples: &[f32]) -> f32 {
        samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn stretching_changes_the_length_and_keeps_the_pitch_and_loses_what_librosas_loses() {
        let tone = tone(440.0, 32_000);
        // The ratios of power are those of librosa 0.11, time_stretch(tone, rate=tempo, n_fft=1024, hop_length=256).
        for (tempo, librosas) in [(0.9, 0.825_275), (1.0, 1.0), (1.1, 0.999_999)] {
            let stretched = stretch(&tone, tempo);
            assert_eq!(stretched.len(), (32_000.0 / tempo).round() as usize);
            assert!((pitch_hz(&stretched) - 440.0).abs() < 4.0, "{tempo}: {} Hz", pitch_hz(&stretched));
            let ratio = power(&stretched[2000..26_000]) / power(&tone);
            assert!((ratio - librosas).abs() < 1e-3, "{tempo}: power times {ratio}");
        }
    }

    #[test]
    fn the_pitch_moves_by_the_semitones_and_the_length_stays() {
        let tone = tone(440.0, 32_000);
        for semitones in [-2.0, 0.0, 1.0, 2.0] {
            let shifted = shift_pitch(&tone, semitones);
            assert_eq!(shifted.len(), tone.len());
            let expected = 440.0 * 2.0_f32.powf(semitones / 12.0);
            assert!(
                (pitch_hz(&shifted) / expected - 1.0).abs() < 0.015,
                "{semitones}: {} Hz",
                pitch_hz(&shifted)
            );
        }
    }

    #[test]
    fn a_telephone_keeps_what_lies_below_its_band() {
        let snr_db = |pitch_hz: f32| {
            let tone = tone(pitch_hz, 32_000);
            let heard = through_telephone(&tone);
            assert_eq!(heard.len(), tone.len());
            let lost: Vec<f32> = tone.iter().zip(&heard).map(|(a, b)| a - b).collect();
            10.0 * (power(&tone[2000..30_000]) / power(&lost[2000..30_000])).log10()
        };
        assert!(snr_db(1_000.0) > 30.0, "{} dB", snr_db(1_000.0));
        assert!(snr_db(5_000.0).abs() < 1.0, "{} dB", snr_db(5_000.0));
    }

    #[test]
    fn noise_has_the_power_asked_for() {
        let tone = tone(300.0, 32_000);
        let mut noisy = tone.clone();
        add_noise(&mut noisy, 20.0, &mut StdRng::seed_from_u64(1));
        let noise: Vec<f32> = noisy.iter().zip(&tone).map(|(a, b)| a - b).collect();
        let snr_db = 10.0 * (power(&tone) / power(&noise)).log10();
        assert!((snr_db - 20.0).abs() < 0.2, "{snr_db} dB");
    }

    #[test]
    fn changes_follow_the_seed_and_survive_short_and_silent_recordings() {
        let settings = WaveformSettings {
            copies: 1,
            skip_s: [0.3, 0.7],
            noise_snr_db: [15.0, 30.0],
            pitch_semitones: 2.0,
            stretch: [0.9, 1.1],
            telephone_share: 0.5,
        };
        let change = |samples: &[f32], seed| {
            settings.change(samples, &ClipSettings::default(), &mut StdRng::seed_from_u64(seed))
        };
        let tone = tone(220.0, 8_000);
        assert_eq!(change(&tone, 1), change(&tone, 1));
        assert_ne!(change(&tone, 1).0, change(&tone, 2).0);
        for samples in [vec![], vec![0.1], vec![0.0; 5_000]] {
            assert!(change(&samples, 4).0.iter().all(|sample| sample.is_finite()));
        }
    }
}
