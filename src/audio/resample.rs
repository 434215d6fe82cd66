//! Streaming sample-rate conversion of one channel, by rubato's FFT resampler.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

/// Minimum number of input frames per FFT. Longer blocks have a narrower transition band: with 4096 frames the pass band of
/// 48 kHz to 16 kHz extends above 7.8 kHz.
const MIN_BLOCK_FRAMES: u32 = 4096;

/// The step that samples are rounded to: the resolution of 24 bits.
const STEP: f64 = 1.0 / 8_388_608.0;

/// Converts one channel from one sample rate to another, block by block.
///
/// The delay of the filter is compensated, so that output sample `n` is at the time of input sample `n * from / to`, and `n`
/// input samples give `ceil(n * to / from)` output samples.
///
/// It computes in 64 bits and rounds to 24, so that the last digits, which differ between processors, are removed, and all give
/// the same samples.
pub struct Resampler {
    fft: Option<Fft<f64>>,
    pending: Vec<f64>,
    block_out: Vec<f64>,
    output: Vec<f32>,
    to_skip: usize,
    frames_in: u64,
    taken: usize,
    ratio: f64,
}

impl Resampler {
    /// Plans a conversion from `from_hz` to `to_hz`. Equal rates copy the samples unchanged.
    ///
    /// # Panics
    /// If either rate is zero.
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        assert!(from_hz > 0 && to_hz > 0, "sample rates are above zero");
        let fft = (from_hz != to_hz).then(|| {
            Fft::new_custom(
                from_hz as usize,
                to_hz as usize,
                block_frames(from_hz, to_hz),
                1,
                1,
                WindowFunction::BlackmanHarris2,
                FixedSync::Both,
            )
            .expect("both rates are above zero, with one channel and a fixed block size")
        });
        Self {
            block_out: vec![0.0; fft.as_ref().map_or(0, |f| f.output_frames_max())],
            to_skip: fft.as_ref().map_or(0, |f| f.output_delay()),
            fft,
            pending: Vec::new(),
            output: Vec::new(),
            frames_in: 0,
            taken: 0,
            ratio: f64::from(to_hz) / f64::from(from_hz),
        }
    }

    /// Adds any number of input samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.frames_in += samples.len() as u64;
        let Some(block) = self.fft.as_ref().map(|fft| fft.input_frames_next()) else {
            self.output.extend_from_slice(samples);
            return;
        };
        self.pending.extend(samples.iter().copied().map(f64::from));
        let mut start = 0;
        while self.pending.len() - start >= block {
            self.convert(start, block);
            start += block;
        }
        self.pending.drain(..start);
    }

    /// Takes the output samples that are ready.
    pub fn take(&mut self) -> Vec<f32> {
        self.taken += self.output.len();
        std::mem::take(&mut self.output)
    }

    /// Converts the remaining samples and returns all output samples that were not taken yet.
    pub fn finish(mut self) -> Vec<f32> {
        let expected = ((self.frames_in as f64 * self.ratio).ceil() as usize).saturating_sub(self.taken);
        if self.fft.is_some() {
            self.convert(0, self.pending.len());
            self.pending.clear();
            while self.output.len() < expected {
                self.convert(0, 0);
            }
        }
        self.output.truncate(expected);
        self.output
    }

    /// Number of output samples that are ready; about a block behind the input.
    pub fn ready(&self) -> usize {
        self.output.len()
    }

    /// Converts a block of `frames` pending samples from `start`, zero-padded to the block size if there are fewer.
    fn convert(&mut self, start: usize, frames: usize) {
        let Some(fft) = self.fft.as_mut() else { return };
        let out_frames = self.block_out.len();
        let written = {
            let input = SequentialSlice::new(&self.pending[start..start + frames], 1, frames)
                .expect("the slice has the length it was cut to");
            let mut output = SequentialSlice::new_mut(&mut self.block_out, 1, out_frames)
                .expect("the buffer has the length it was made with");
            let indexing = Indexing::new().partial_len(frames);
            let (_, written) = fft
                .process_into_buffer(&input, &mut output, Some(&indexing))
                .expect("buffers were sized by the resampler itself");
            written
        };
        let skipped = self.to_skip.min(written);
        self.to_skip -= skipped;
        let rounded = |sample: &f64| ((sample / STEP).round_ties_even() * STEP) as f32;
        self.output.extend(self.block_out[skipped..written].iter().map(rounded));
    }
}

/// The smallest multiple of twice the numerator of the reduced ratio that is long enough, by a factor without large primes. Twice,
/// because with an odd block the centre of the filter is between two samples, and the output is half a sample late. Large primes,
/// such as the 683 of the next multiple from 48 kHz, make the FFT nine times as slow.
fn block_frames(from_hz: u32, to_hz: u32) -> usize {
    let step = 2 * from_hz / greatest_common_divisor(from_hz, to_hz);
    let factor = (MIN_BLOCK_FRAMES.div_ceil(step)..).find(|&factor| has_small_primes_only(factor));
    (factor.expect("powers of two have no other primes") * step) as usize
}

/// Returns whether a number has no prime factor above 7.
fn has_small_primes_only(mut number: u32) -> bool {
    for prime in [2, 3, 5, 7] {
        while number.is_multiple_of(prime) {
            number /= prime;
        }
    }
    number == 1
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_even_long_and_without_large_primes() {
        for from_hz in
            [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]
        {
            let block = block_frames(from_hz, 16_000) as u32;
            let step = from_hz / greatest_common_divisor(from_hz, 16_000);
            assert!(block >= MIN_BLOCK_FRAMES && block.is_multiple_of(2 * step), "{from_hz} Hz: {block}");
            assert!(block < MIN_BLOCK_FRAMES + 2 * MIN_BLOCK_FRAMES.max(step), "{from_hz} Hz: {block}");
            assert!(has_small_primes_only(block), "{from_hz} Hz: {block}");
        }
    }
}
