//! The weights of linear layers, convolutions and norms, in the layout that all backends expect.

use crate::nn::weights::Stored;

/// Returns a tensor, in the layout of transformers, for the name of our parameter.
pub type Weights<'a> = &'a mut dyn FnMut(&str) -> Option<Stored>;

/// Weight and bias of some output channels.
pub struct Part {
    /// `[outputs, inputs]`, or `[outputs, inputs, taps]` for a convolution.
    pub weight: Stored,
    pub bias: Option<Vec<f32>>,
    /// Factor of the output.
    pub scale: f32,
}

impl Part {
    /// Loads the parameters `path.weight` and, if present, `path.bias`.
    ///
    /// # Panics
    /// If the weight is missing.
    pub fn load(weights: Weights, path: &str) -> Self {
        let weight = match weights(&format!("{path}.weight")).expect("checked beforehand") {
            // The kernels expect one scale per output channel.
            Stored::Packed(weight) if weight.axis != 0 => {
                Stored::Floats(Stored::Packed(weight).into_parameter())
            }
            weight => weight,
        };
        let bias = weights(&format!("{path}.bias")).map(|bias| bias.into_parameter().values);
        Self { weight, bias, scale: 1.0 }
    }
}

/// A linear layer or convolution: maps each window of `inputs` values to one value per output channel.
pub struct DenseWeights {
    pub inputs: usize,
    pub rows: Rows,
    /// One per output channel.
    pub biases: Vec<f32>,
}

/// A row of weights per output channel.
pub enum Rows {
    Floats(Vec<f32>),
    /// With a scale per row.
    Integers {
        codes: Vec<i8>,
        scales: Vec<f32>,
    },
}

impl DenseWeights {
    /// Loads the parameters under `path`, as integers if they are stored quantized.
    pub fn load(weights: Weights, path: &str) -> Self {
        Self::concat([Part::load(weights, path)])
    }

    /// Concatenates the output channels of layers with the same inputs.
    pub fn concat<const N: usize>(parts: [Part; N]) -> Self {
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
                channels_last(values, channels, taps)
            });
            return Self { inputs, rows: Rows::Floats(weights.collect()), biases };
        }
        let (mut codes, mut scales): (Vec<i8>, Vec<f32>) = (Vec::new(), Vec::new());
        for Part { weight, scale, .. } in parts {
            let Stored::Packed(weight) = weight else { unreachable!("all are quantized") };
            codes.extend(channels_last(weight.codes().collect(), channels, taps));
            scales.extend(weight.scales.iter().map(|channel_scale| channel_scale * scale));
        }
        Self { inputs, rows: Rows::Integers { codes, scales }, biases }
    }

    /// Dequantizes the weight, for inputs that must not be quantized.
    pub fn as_floats(Part { weight, bias, scale }: Part) -> Self {
        Self::concat([Part { weight: Stored::Floats(weight.into_parameter()), bias, scale }])
    }
}

/// `[outputs, channels, taps]` to `[outputs, taps, channels]`, the order of values in a window of frames.
fn channels_last<T: Copy>(values: Vec<T>, channels: usize, taps: usize) -> Vec<T> {
    if taps == 1 {
        return values;
    }
    let mut transposed = Vec::with_capacity(values.len());
    for channel in values.chunks_exact(channels * taps) {
        (0..taps).for_each(|tap| transposed.extend(channel[tap..].iter().step_by(taps)));
    }
    transposed
}

/// Scale and shift of each channel in a norm.
pub struct NormWeights {
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub epsilon: f32,
}

impl NormWeights {
    /// Loads the parameters `path.gamma` and `path.beta`.
    ///
    /// # Panics
    /// If they are missing.
    pub fn load(weights: Weights, path: &str, epsilon: f64) -> Self {
        let mut values = |part: &str| {
            weights(&format!("{path}.{part}")).expect("checked beforehand").into_parameter().values
        };
        Self { gamma: values("gamma"), beta: values("beta"), epsilon: epsilon as f32 }
    }
}
