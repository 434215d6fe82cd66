//! Tempo and pitch, each without the other.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use crate::audio::{Resampler, SAMPLE_RATE_HZ};

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
    use super::super::power;
    use super::super::tests::tone;
    use super::*;

    /// Crossings of zero, upwards, of the middle half, as a pitch in Hz.
    fn pitch_hz(samples: &[f32]) -> f32 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        let crossings = middle.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        crossings as f32 * SAMPLE_RATE_HZ as f32 / middle.len() as f32
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
}
