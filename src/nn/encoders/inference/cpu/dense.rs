//! Linear layers with float or integer weights, over frames or windows of frames.

use crate::nn::activation::gelu;
use crate::nn::encoders::inference::weights::{DenseWeights, Rows};
use crate::nn::matmul::{Matrix, PackedMatrix};
use crate::nn::quant::{Activations, Epilogue, QuantizedLinear, Windows};

/// Maps each window of `inputs` values to `outputs` values.
pub enum Dense {
    Floats { inputs: usize, weights: PackedMatrix, biases: Vec<f32> },
    Integers(QuantizedLinear),
}

impl Dense {
    pub fn new(DenseWeights { inputs, rows, biases }: DenseWeights) -> Self {
        match rows {
            Rows::Floats(weights) => {
                let weights = PackedMatrix::new(Matrix::new(&weights, biases.len(), inputs).transposed());
                Self::Floats { inputs, weights, biases }
            }
            Rows::Integers { codes, scales } => {
                let code = |output: usize, input: usize| codes[output * inputs + input];
                Self::Integers(QuantizedLinear::new(inputs, &scales, &biases, code))
            }
        }
    }

    /// Number of input values.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Floats { inputs, .. } => *inputs,
            Self::Integers(linear) => linear.inputs(),
        }
    }

    /// Number of output values.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Floats { biases, .. } => biases.len(),
            Self::Integers(linear) => linear.outputs(),
        }
    }

    /// Applies the layer to every window; `out` has a row per window. `quantized` is scratch memory.
    pub fn forward(&self, x: Windows, epilogue: Epilogue, quantized: &mut Activations, out: &mut [f32]) {
        match self {
            Self::Integers(linear) => {
                quantized.quantize(x);
                linear.forward(quantized, epilogue, out);
            }
            Self::Floats { inputs, weights, biases } => {
                let Windows { values, stride, count, .. } = x;
                let x = Matrix { row_stride: stride, ..Matrix::new(values, count, *inputs) };
                match epilogue {
                    Epilogue::Accumulate => {
                        weights.multiply(x, out, |out, column, sum| *out += sum + biases[column])
                    }
                    Epilogue::None | Epilogue::Gelu => {
                        weights.multiply(x, out, |out, column, sum| *out = sum + biases[column]);
                    }
                }
                if epilogue == Epilogue::Gelu {
                    gelu(out);
                }
            }
        }
    }
}
