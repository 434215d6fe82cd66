//! The network of Silero VAD 6.2 (MIT, `silero.LICENSE`) for 16 kHz, with weights of eight bits.
//!
//! Each window of 512 samples, preceded by the 64 samples before it and followed by reflection padding of 64, gives four frames
//! of a short-time Fourier transform. Convolutions reduce these to one vector, the input of an LSTM cell whose state persists
//! from window to window.

use std::sync::LazyLock;

use crate::features::{PadMode, Stft};
use crate::nn::activation::{relu, sigmoid, tanh};
use crate::nn::matmul::{Matrix, PackedMatrix};
use crate::nn::weights;

/// Length of a window in samples: 32 ms.
pub const WINDOW: usize = 512;
/// Number of samples of context before a window, and of reflection padding after it.
const CONTEXT: usize = 64;
const N_FFT: usize = 256;
const HOP: usize = 128;
const FRAMES: usize = 4;
const BINS: usize = N_FFT / 2 + 1;
/// Width of the LSTM.
const WIDTH: usize = 128;
const GATES: usize = 4 * WIDTH;

static WEIGHTS: LazyLock<Weights> = LazyLock::new(Weights::read);

/// A convolution as a matrix product: each row of its input is the window of one output position, tap by tap.
struct Convolution {
    weight: PackedMatrix,
    bias: Vec<f32>,
    inputs: usize,
}

struct Weights {
    convolutions: [Convolution; 4],
    lstm_input: PackedMatrix,
    lstm_hidden: PackedMatrix,
    lstm_bias: Vec<f32>,
    output: Vec<f32>,
    output_bias: f32,
}

impl Weights {
    fn read() -> Self {
        let file = include_bytes!("silero.safetensors").to_vec();
        let mut tensors = weights::in_floats(weights::read(file).expect("the file that the tests read"));
        let mut take = |name: &str| tensors.remove(name).expect("a tensor of the network");
        let mut convolution = |number: usize| {
            let weight = take(&format!("conv{number}.weight"));
            let [outputs, channels, taps] = weight.shape[..] else { panic!("kernels have three dimensions") };
            // [outputs, channels, taps] to one row per output, tap by tap.
            let by_tap: Vec<f32> = (0..outputs * taps * channels)
                .map(|index| {
                    let (output, tap, channel) =
                        (index / (taps * channels), index / channels % taps, index % channels);
                    weight.values[(output * channels + channel) * taps + tap]
                })
                .collect();
            let inputs = taps * channels;
            let weight = PackedMatrix::new(Matrix::new(&by_tap, outputs, inputs).transposed());
            Convolution { weight, bias: take(&format!("conv{number}.bias")).values, inputs }
        };
        let convolutions = [1, 2, 3, 4].map(&mut convolution);
        let mut dense =
            |name: &str| PackedMatrix::new(Matrix::new(&take(name).values, GATES, WIDTH).transposed());
        Self {
            convolutions,
            lstm_input: dense("lstm.input.weight"),
            lstm_hidden: dense("lstm.hidden.weight"),
            lstm_bias: take("lstm.bias").values,
            output: take("output.weight").values,
            output_bias: take("output.bias").values[0],
        }
    }
}

impl Convolution {
    /// Applies the convolution and ReLU to rows of inputs.
    fn forward(&self, rows: &[f32]) -> Vec<f32> {
        let count = rows.len() / self.inputs;
        let mut out = vec![0.0; count * self.bias.len()];
        let epilogue = |out: &mut f32, column: usize, sum: f32| *out = relu(sum + self.bias[column]);
        self.weight.multiply(Matrix::new(rows, count, self.inputs), &mut out, epilogue);
        out
    }
}

/// The probability of speech in each window of a recording, or of a part of it, from the result of [`encode`]. The LSTM runs over
/// all windows.
pub fn probabilities(gates: &[[f32; GATES]]) -> Vec<f32> {
    let mut state = State::default();
    gates.iter().map(|gates| state.step(gates)).collect()
}

/// The input contribution of each window to the gates of the LSTM, which does not depend on the state.
pub fn encode(windows: &[[f32; WINDOW]]) -> Vec<[f32; GATES]> {
    let [first, second, third, fourth] = &WEIGHTS.convolutions;
    let hidden = first.forward(&patches(&magnitudes(windows), FRAMES, BINS, 1));
    let hidden = second.forward(&patches(&hidden, FRAMES, first.bias.len(), 2));
    // Two frames per window remain, contiguous as the next kernel expects them, then one.
    let hidden = fourth.forward(&third.forward(&hidden));
    let mut gates = vec![[0.0; GATES]; windows.len()];
    let epilogue = |out: &mut f32, column: usize, sum: f32| *out = sum + WEIGHTS.lstm_bias[column];
    WEIGHTS.lstm_input.multiply(
        Matrix::new(&hidden, windows.len(), WIDTH),
        gates.as_flattened_mut(),
        epilogue,
    );
    gates
}

/// Magnitude spectra of the frames of each window: rows of [`BINS`] values.
fn magnitudes(windows: &[[f32; WINDOW]]) -> Vec<f32> {
    let mut stft = Stft::new(N_FFT, HOP, PadMode::Reflect);
    let mut magnitudes = vec![0.0; windows.len() * FRAMES * BINS];
    let mut context = [0.0; CONTEXT];
    let mut padded = [0.0; CONTEXT + WINDOW + CONTEXT];
    for (window, out) in windows.iter().zip(magnitudes.chunks_exact_mut(FRAMES * BINS)) {
        padded[..CONTEXT].copy_from_slice(&context);
        padded[CONTEXT..][..WINDOW].copy_from_slice(window);
        let reflected = window.iter().rev().skip(1);
        padded[CONTEXT + WINDOW..].iter_mut().zip(reflected).for_each(|(out, sample)| *out = *sample);
        context.copy_from_slice(&window[WINDOW - CONTEXT..]);
        for (frame, out) in out.chunks_exact_mut(BINS).enumerate() {
            stft.power_of(&padded[frame * HOP..][..N_FFT], out);
            out.iter_mut().for_each(|power| *power = power.sqrt());
        }
    }
    magnitudes
}

/// The state of the LSTM.
struct State {
    hidden: Vec<f32>,
    cell: Vec<f32>,
}

impl Default for State {
    fn default() -> Self {
        Self { hidden: vec![0.0; WIDTH], cell: vec![0.0; WIDTH] }
    }
}

impl State {
    /// Computes one step; the gates are in ONNX's order: input, output, forget, cell.
    fn step(&mut self, from_input: &[f32; GATES]) -> f32 {
        let mut gates = [0.0; GATES];
        let epilogue = |out: &mut f32, column: usize, sum: f32| *out = from_input[column] + sum;
        WEIGHTS.lstm_hidden.multiply(Matrix::new(&self.hidden, 1, WIDTH), &mut gates, epilogue);
        let (gates, _) = gates.as_chunks::<WIDTH>();
        let mut logit = WEIGHTS.output_bias;
        for (unit, (cell, hidden)) in self.cell.iter_mut().zip(&mut self.hidden).enumerate() {
            let [input, output, forget, candidate] = [0, 1, 2, 3].map(|gate| gates[gate][unit]);
            *cell = sigmoid(forget) * *cell + sigmoid(input) * tanh(candidate);
            *hidden = sigmoid(output) * tanh(*cell);
            logit += relu(*hidden) * WEIGHTS.output[unit];
        }
        sigmoid(logit)
    }
}

/// Unfolds the three frames of each output position of a convolution, with zero padding before the first and after the last frame
/// of a window: one row per position.
fn patches(values: &[f32], frames: usize, channels: usize, stride: usize) -> Vec<f32> {
    let mut rows = Vec::with_capacity(3 * values.len() / stride);
    for window in values.chunks_exact(frames * channels) {
        for position in (0..frames).step_by(stride) {
            for tap in 0..3 {
                match (position + tap).checked_sub(1).filter(|&frame| frame < frames) {
                    Some(frame) => rows.extend_from_slice(&window[frame * channels..][..channels]),
                    None => rows.resize(rows.len() + channels, 0.0),
                }
            }
        }
    }
    rows
}

#[cfg(test)]
pub mod tests {
    use safetensors::SafeTensors;

    use super::*;

    /// Returns a tensor of the reference file.
    pub fn reference(name: &str) -> Vec<f32> {
        let file = include_bytes!("../../tests/fixtures/vad.safetensors");
        let file = SafeTensors::deserialize(file).expect("readable");
        let (bytes, _) = file.tensor(name).expect("there").data().as_chunks::<4>();
        bytes.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// The reference is the package's network in ONNX Runtime (`tests/reference/make_vad.py`); ours has weights of eight bits.
    #[test]
    fn probabilities_equal_those_of_the_package() {
        for name in ["speech", "silence"] {
            let samples = reference(&format!("{name}.samples"));
            let expected = reference(&format!("{name}.probabilities"));
            let (windows, _) = samples.as_chunks::<WINDOW>();
            let ours = probabilities(&encode(windows));
            assert_eq!(ours.len(), expected.len());
            let off = ours.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 0.05, "{name}: off by {off}");
        }
    }
}
