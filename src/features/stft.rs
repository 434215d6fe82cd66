//! Short-time Fourier transform with a Hann window and centred frames, as `librosa.stft(center=True)`.

use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlannerScalar};

/// Number of centred frames of `samples` samples: `1 + samples / hop_length`.
pub fn frame_count(samples: usize, hop_length: usize) -> usize {
    1 + samples / hop_length
}

/// Copies the frame centred on sample `frame * hop_length` into `out`, with zero padding beyond the ends.
pub(super) fn centred_frame(samples: &[f32], frame: usize, hop_length: usize, out: &mut [f32]) {
    let half = out.len() / 2;
    let centre = frame * hop_length;
    let from = centre.saturating_sub(half).min(samples.len());
    let to = (centre + out.len() - half).min(samples.len()).max(from);
    let lead = (half + from).saturating_sub(centre).min(out.len());
    let body = (to - from).min(out.len() - lead);
    out[..lead].fill(0.0);
    out[lead..lead + body].copy_from_slice(&samples[from..from + body]);
    out[lead + body..].fill(0.0);
}

/// Padding of frames beyond the ends of the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PadMode {
    /// Zeros, librosa's `pad_mode="constant"`.
    Constant,
    /// The signal reflected about its ends, librosa's `pad_mode="reflect"`.
    Reflect,
}

/// Copies the frame centred on sample `frame * hop_length` into `out`, with reflection padding beyond the ends, which does
/// not repeat the first and last sample.
fn reflected_frame(samples: &[f32], frame: usize, hop_length: usize, out: &mut [f32]) {
    if samples.is_empty() {
        return out.fill(0.0);
    }
    let last = samples.len() - 1;
    let period = (2 * last).max(1);
    let half = out.len() / 2;
    for (offset, value) in out.iter_mut().enumerate() {
        let phase = (frame * hop_length + offset).abs_diff(half) % period;
        *value = samples[phase.min(period - phase).min(last)];
    }
}

/// A planned transform with its window and buffers.
///
/// It uses a complex FFT of half the length, with even samples as real parts and odd ones as imaginary parts (Press et al.,
/// "Numerical Recipes", section 12.3), without vector instructions: these differ between processors, and so do the last digits
/// of their results, which quantization in a model would amplify.
#[derive(Clone)]
pub struct Stft {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    /// The twiddle factor `exp(-2πik/N)` of each bin.
    twiddles: Vec<Complex32>,
    /// The spectrum of half the length; the last value repeats the first.
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    hop_length: usize,
    pad_mode: PadMode,
}

impl Stft {
    /// Plans frames of `n_fft` samples, an even number, `hop_length` apart.
    pub fn new(n_fft: usize, hop_length: usize, pad_mode: PadMode) -> Self {
        let half = n_fft / 2;
        let fft = FftPlannerScalar::new().plan_fft_forward(half);
        let angle = |bin: usize| -std::f64::consts::TAU * bin as f64 / n_fft as f64;
        let twiddle = |bin: usize| Complex32::new(angle(bin).cos() as f32, angle(bin).sin() as f32);
        Self {
            window: hann(n_fft),
            frame: vec![0.0; n_fft],
            twiddles: (0..=half).map(twiddle).collect(),
            spectrum: vec![Complex32::ZERO; half + 1],
            scratch: vec![Complex32::ZERO; fft.get_inplace_scratch_len()],
            fft,
            hop_length,
            pad_mode,
        }
    }

    /// Number of frequency bins: `n_fft / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.twiddles.len()
    }

    /// Calls `visit(frame, power)` with the power spectrum `|X|²` of each frame; `power` is a buffer of [`bins`](Self::bins)
    /// values that the next frame overwrites.
    pub fn power_frames(&mut self, samples: &[f32], power: &mut [f32], mut visit: impl FnMut(usize, &[f32])) {
        for frame in 0..frame_count(samples.len(), self.hop_length) {
            match self.pad_mode {
                PadMode::Constant => centred_frame(samples, frame, self.hop_length, &mut self.frame),
                PadMode::Reflect => reflected_frame(samples, frame, self.hop_length, &mut self.frame),
            }
            self.transform(power);
            visit(frame, power);
        }
    }

    /// Computes the power spectrum of one frame of `n_fft` samples.
    pub fn power_of(&mut self, frame: &[f32], power: &mut [f32]) {
        self.frame.copy_from_slice(frame);
        self.transform(power);
    }

    /// The window function.
    pub fn window(&self) -> &[f32] {
        &self.window
    }

    fn transform(&mut self, power: &mut [f32]) {
        let (pairs, _) = self.frame.as_chunks::<2>();
        let (weights, _) = self.window.as_chunks::<2>();
        for ((bin, pair), weights) in self.spectrum.iter_mut().zip(pairs).zip(weights) {
            *bin = Complex32::new(pair[0] * weights[0], pair[1] * weights[1]);
        }
        let half = self.spectrum.len() - 1;
        self.fft.process_with_scratch(&mut self.spectrum[..half], &mut self.scratch);
        self.spectrum[half] = self.spectrum[0];
        let pairs = self.spectrum.iter().zip(self.spectrum.iter().rev());
        for ((out, twiddle), (bin, mirror)) in power.iter_mut().zip(&self.twiddles).zip(pairs) {
            let (even, odd) = (bin + mirror.conj(), bin - mirror.conj());
            *out = ((even + Complex32::new(odd.im, -odd.re) * twiddle) * 0.5).norm_sqr();
        }
    }
}

/// The periodic Hann window, `0.5 - 0.5 cos(2πn/N)`.
fn hann(length: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / length as f64;
    (0..length).map(|n| (0.5 - 0.5 * (step * n as f64).cos()) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_centred_and_padded_with_zeros() {
        let samples = [1.0, 2.0, 3.0, 4.0, 5.0];
        let mut out = [9.0; 4];
        centred_frame(&samples, 0, 2, &mut out);
        assert_eq!(out, [0.0, 0.0, 1.0, 2.0]);
        centred_frame(&samples, 1, 2, &mut out);
        assert_eq!(out, [1.0, 2.0, 3.0, 4.0]);
        centred_frame(&samples, 2, 2, &mut out);
        assert_eq!(out, [3.0, 4.0, 5.0, 0.0]);
    }

    #[test]
    fn frames_longer_than_the_signal_contain_all_of_it() {
        let mut out = [9.0; 8];
        centred_frame(&[1.0, 2.0], 0, 4, &mut out);
        assert_eq!(out, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
        centred_frame(&[], 0, 4, &mut out);
        assert_eq!(out, [0.0; 8]);
    }

    #[test]
    fn reflection_padding_is_periodic() {
        let mut out = [9.0; 8];
        reflected_frame(&[1.0, 2.0, 3.0], 0, 4, &mut out);
        assert_eq!(out, [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
        reflected_frame(&[1.0, 2.0, 3.0], 1, 2, &mut out);
        assert_eq!(out, [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0, 2.0]);
        reflected_frame(&[5.0], 3, 2, &mut out);
        assert_eq!(out, [5.0; 8]);
        reflected_frame(&[], 0, 2, &mut out);
        assert_eq!(out, [0.0; 8]);
    }

    #[test]
    fn a_tone_at_a_bin_peaks_there() {
        let (n_fft, bin) = (256, 32);
        let tone: Vec<f32> =
            (0..2048).map(|n| (std::f32::consts::TAU * bin as f32 * n as f32 / n_fft as f32).sin()).collect();
        let mut stft = Stft::new(n_fft, 128, PadMode::Constant);
        let mut power = vec![0.0; stft.bins()];
        let mut peaks = Vec::new();
        stft.power_frames(&tone, &mut power, |_, power| {
            peaks.push((0..power.len()).max_by(|&a, &b| power[a].total_cmp(&power[b])).unwrap());
        });
        assert_eq!(peaks.len(), frame_count(2048, 128));
        assert!(peaks[1..peaks.len() - 1].iter().all(|&peak| peak == bin));
    }
}
