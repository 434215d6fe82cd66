//! A product with weights that are floats or integers, over frames or over windows of them.

use crate::nn::activation::gelu;
use crate::nn::encoders::inference::weights::{DenseWeights, Rows};
use crate::nn::product::{Matrix, Panels};
use crate::nn::quant::{Activations, Affine, Then, Windows};

/// `outputs` values of each window of `inputs` values.
pub enum Dense {
    Floats { inputs: usize, weights: Panels, biases: Vec<f32> },
    Integers(Affine),
}

impl Dense {
    pub fn new(DenseWeights { inputs, rows, biases }: DenseWeights) -> Self {
        match rows {
            Rows::Floats(weights) => {
                let weights = Panels::of(Matrix::new(&weights, biases.len(), inputs).transposed());
                Self::Floats { inputs, weights, biases }
            }
            Rows::Integers { codes, scales } => {
                let code = |output: usize, input: usize| codes[output * inputs + input];
                Self::Integers(Affine::new(inputs, &scales, &biases, code))
            }
        }
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
                match then {
                    Then::Add => weights.multiply(x, out, |out, column, sum| *out += sum + biases[column]),
                    Then::Keep | Then::Gelu => {
                        weights.multiply(x, out, |out, column, sum| *out = sum + biases[column]);
                    }
                }
                if then == Then::Gelu {
                    gelu(out);
                }
            }
        }
    }
}
