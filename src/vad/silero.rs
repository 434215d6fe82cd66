//! The network of Silero VAD 6.2 (MIT, `silero.LICENSE`) for 16 kHz, with weights of eight bits.
//!
//! Each window of 512 samples, with the 64 samples before it in front and 64 mirrored behind, gives four frames of a short-time
//! Fourier transform. Convolutions over these four make one vector of them, which an LSTM cell takes with what it kept from
//! the windows before.

use std::sync::LazyLock;

use crate::features::{PadMode, Stft};
use crate::nn::activation::{sigmoid, tanh};
use crate::nn::product::{Matrix, Panels};
use crate::nn::weights;

/// Samples of a window: 32 ms.
pub const WINDOW: usize = 512;
/// Samples before a window that it sees, and mirrored ones after it.
const CONTEXT: usize = 64;
const N_FFT: usize = 256;
const HOP: usize = 128;
const FRAMES: usize = 4;
const BINS: usize = N_FFT / 2 + 1;
/// Values of the LSTM's state.
const WIDTH: usize = 128;
const GATES: usize = 4 * WIDTH;

static WEIGHTS: LazyLock<Weights> = LazyLock::new(Weights::read);

/// A convolution as a product: each row of its input has the values that one output position sees, tap by tap.
struct Convolution {
    weight: Panels,
    bias: Vec<f32>,
    inputs: usize,
}

struct Weights {
    convolutions: [Convolution; 4],
    lstm_input: Panels,
    lstm_hidden: Panels,
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
            // [outputs, channels, taps] to one row an output, tap by tap.
            let by_tap: Vec<f32> = (0..outputs * taps * channels)
                .map(|place| {
                    let (output, tap, channel) =
                        (place / (taps * channels), place / channels % taps, place % channels);
                    weight.values[(output * channels + channel) * taps + tap]
                })
                .collect();
            let inputs = taps * channels;
            let weight = Panels::of(Matrix::new(&by_tap, outputs, inputs).transposed());
            Convolution { weight, bias: take(&format!("conv{number}.bias")).values, inputs }
        };
        let convolutions = [1, 2, 3, 4].map(&mut convolution);
        let mut dense = |name: &str| Panels::of(Matrix::new(&take(name).values, GATES, WIDTH).transposed());
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
    /// Rows of inputs to rows of outputs, with ReLU.
    fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let count = rows.len() / self.inputs;
        let mut out = vec![0.0; count * self.bias.len()];
        let take = |out: &mut f32, column: usize, sum: f32| *out = (sum + self.bias[column]).max(0.0);
        self.weight.multiply(Matrix::new(rows, count, self.inputs), &mut out, take);
        out
    }
}

/// The probability of speech in each window of a recording, or of a part of it, by what [`encode`] makes of them. The state goes
/// on from window to window.
pub fn probabilities(gates: &[[f32; GATES]]) -> Vec<f32> {
    let mut state = State::default();
    gates.iter().map(|gates| state.step(gates)).collect()
}

/// What each window of a recording adds to the gates of the LSTM, which does not depend on the state.
pub fn encode(windows: &[[f32; WINDOW]]) -> Vec<[f32; GATES]> {
    let [first, second, third, fourth] = &WEIGHTS.convolutions;
    let hidden = first.apply(&patches(&magnitudes(windows), FRAMES, BINS, 1));
    let hidden = second.apply(&patches(&hidden, FRAMES, first.bias.len(), 2));
    // Two frames a window are left, which stand together as the next kernel wants them, then one.
    let hidden = fourth.apply(&third.apply(&hidden));
    let mut gates = vec![[0.0; GATES]; windows.len()];
    let take = |out: &mut f32, column: usize, sum: f32| *out = sum + WEIGHTS.lstm_bias[column];
    WEIGHTS.lstm_input.multiply(Matrix::new(&hidden, windows.len(), WIDTH), gates.as_flattened_mut(), take);
    gates
}

/// Magnitudes of the frames of each window: rows of [`BINS`] values.
fn magnitudes(windows: &[[f32; WINDOW]]) -> Vec<f32> {
    let mut stft = Stft::new(N_FFT, HOP, PadMode::Reflect);
    let mut magnitudes = vec![0.0; windows.len() * FRAMES * BINS];
    let mut context = [0.0; CONTEXT];
    let mut padded = [0.0; CONTEXT + WINDOW + CONTEXT];
    for (window, out) in windows.iter().zip(magnitudes.chunks_exact_mut(FRAMES * BINS)) {
        padded[..CONTEXT].copy_from_slice(&context);
        padded[CONTEXT..][..WINDOW].copy_from_slice(window);
        let mirrored = window.iter().rev().skip(1);
        padded[CONTEXT + WINDOW..].iter_mut().zip(mirrored).for_each(|(out, sample)| *out = *sample);
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
    /// One step, whose gates stand in ONNX's order: input, output, forget, cell.
    fn step(&mut self, from_input: &[f32; GATES]) -> f32 {
        let mut gates = [0.0; GATES];
        let take = |out: &mut f32, column: usize, sum: f32| *out = from_input[column] + sum;
        WEIGHTS.lstm_hidden.multiply(Matrix::new(&self.hidden, 1, WIDTH), &mut gates, take);
        let (gates, _) = gates.as_chunks::<WIDTH>();
        let mut logit = WEIGHTS.output_bias;
        for (unit, (cell, hidden)) in self.cell.iter_mut().zip(&mut self.hidden).enumerate() {
            let [input, output, forget, candidate] = [0, 1, 2, 3].map(|gate| gates[gate][unit]);
            *cell = sigmoid(forget) * *cell + sigmoid(input) * tanh(candidate);
            *hidden = sigmoid(output) * tanh(*cell);
            logit += hidden.max(0.0) * WEIGHTS.output[unit];
        }
        sigmoid(logit)
    }
}

/// The three frames that each output position of a convolution sees, with zeros before the first and after the last frame of
/// a window: a row a position.
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

    /// A tensor of the reference values.
    pub fn reference(name: &str) -> Vec<f32> {
        let file = include_bytes!("../../tests/fixtures/vad.safetensors");
        let file = SafeTensors::deserialize(file).expect("readable");
        let (bytes, _) = file.tensor(name).expect("there").data().as_chunks::<4>();
        bytes.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// By the package's own network in ONNX Runtime (`tests/reference/make_vad.py`); ours has weights of eight bits.
    #[test]
    fn probabilities_are_those_of_the_package() {
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
