//! A product with weights that are floats or integers, over frames or over windows of them.

use crate::nn::activation::gelu;
use crate::nn::product::{Matrix, multiply};
use crate::nn::quant::{Activations, Affine, Then, Windows};
use crate::nn::weights::Stored;

/// Dense layers and convolutions: `outputs` values of each window of `inputs` values.
pub enum Dense {
    Floats { inputs: usize, weights: Vec<f32>, biases: Vec<f32> },
    Integers(Affine),
}

/// The weights and the bias of some output channels.
pub struct Part {
    /// `[outputs, inputs]`, or `[outputs, inputs, taps]` of a convolution.
    pub weight: Stored,
    pub bias: Option<Vec<f32>>,
    /// Multiplies what comes out.
    pub scale: f32,
}

impl Part {
    /// The parameters `path.weight` and, if there is one, `path.bias`.
    ///
    /// # Panics
    /// If there is no weight.
    pub fn take(weights: super::Weights, path: &str) -> Self {
        let weight = match weights(&format!("{path}.weight")).expect("checked beforehand") {
            // The kernels have a scale for each output channel.
            Stored::Packed(weight) if weight.axis != 0 => {
                Stored::Floats(Stored::Packed(weight).into_parameter())
            }
            weight => weight,
        };
        let bias = weights(&format!("{path}.bias")).map(|bias| bias.into_parameter().values);
        Self { weight, bias, scale: 1.0 }
    }
}

impl Dense {
    /// The parameters under `path`, in integers if they are kept so.
    pub fn take(weights: super::Weights, path: &str) -> Self {
        Self::beside([Part::take(weights, path)])
    }

    /// Layers beside each other on the same inputs.
    pub fn beside<const N: usize>(parts: [Part; N]) -> Self {
        let mut biases = Vec::new();
        for Part { weight, bias, scale } in &parts {
            match bias {
                Some(bias) => biases.extend(bias.iter().map(|bias| bias * scale)),
                None => biases.resize(biases.len() + weight.shape()[0], 0.0),
            }
        }
        let [_, channels, ref taps @ ..] = *parts[0].weight.shape() else {
            unreachable!("weights have two dimensions at least")
        };
        let taps: usize = taps.iter().product();
        let inputs = channels * taps;
        if parts.iter().any(|part| matches!(part.weight, Stored::Floats(_))) {
            let weights = parts.into_iter().flat_map(|Part { weight, scale, .. }| {
                let mut values = weight.into_parameter().values;
                values.iter_mut().for_each(|value| *value *= scale);
                by_taps(values, channels, taps)
            });
            return Self::Floats { inputs, weights: weights.collect(), biases };
        }
        let (mut codes, mut scales): (Vec<i8>, Vec<f32>) = (Vec::new(), Vec::new());
        for Part { weight, scale, .. } in parts {
            let Stored::Packed(weight) = weight else { unreachable!("none is of floats") };
            codes.extend(by_taps(weight.codes().collect(), channels, taps));
            scales.extend(weight.scales.iter().map(|of_channel| of_channel * scale));
        }
        Self::Integers(Affine::new(inputs, &scales, &biases, |output, input| codes[output * inputs + input]))
    }

    /// The same with floats, for inputs that must not be rounded.
    pub fn exact(Part { weight, bias, scale }: Part) -> Self {
        Self::beside([Part { weight: Stored::Floats(weight.into_parameter()), bias, scale }])
    }

    /// Values of a window.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Floats { inputs, .. } => *inputs,
            Self::Integers(affine) => affine.inputs(),
        }
    }

    /// Values that come out of each.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Floats { biases, .. } => biases.len(),
            Self::Integers(affine) => affine.outputs(),
        }
    }

    /// `out` is row by row, one row for each window; `rounded` is for use in between.
    pub fn forward(&self, x: Windows, then: Then, rounded: &mut Activations, out: &mut [f32]) {
        match self {
            Self::Integers(affine) => {
                rounded.round(x);
                affine.apply(rounded, then, out);
            }
            Self::Floats { inputs, weights, biases } => {
                let Windows { values, stride, count, .. } = x;
                let x = Matrix { row_stride: stride, ..Matrix::new(values, count, *inputs) };
                let weights = Matrix::new(weights, biases.len(), *inputs).transposed();
                multiply(x, weights, out, then == Then::Add);
                for row in out.chunks_exact_mut(biases.len()) {
                    row.iter_mut().zip(biases).for_each(|(out, bias)| *out += bias);
                    if then == Then::Gelu {
                        gelu(row);
                    }
                }
            }
        }
    }
}

/// `[outputs, channels, taps]` as `[outputs, taps, channels]`: a window holds frame after frame.
fn by_taps<T: Copy>(values: Vec<T>, channels: usize, taps: usize) -> Vec<T> {
    if taps == 1 {
        return values;
    }
    let mut turned = Vec::with_capacity(values.len());
    for channel in values.chunks_exact(channels * taps) {
        (0..taps).for_each(|tap| turned.extend(channel[tap..].iter().step_by(taps)));
    }
    turned
}
