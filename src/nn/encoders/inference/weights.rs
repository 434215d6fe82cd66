//! The weights of dense layers, convolutions and norms, as every backend takes them.

use crate::nn::weights::Stored;

/// Gives a tensor, in the layout of transformers, for our name of it.
pub type Weights<'a> = &'a mut dyn FnMut(&str) -> Option<Stored>;

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
    pub fn take(weights: Weights, path: &str) -> Self {
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

/// Dense layers and convolutions: `outputs` values of each window of `inputs` values.
pub struct DenseWeights {
    pub inputs: usize,
    pub rows: Rows,
    /// One for each output.
    pub biases: Vec<f32>,
}

/// A row of weights for each output.
pub enum Rows {
    Floats(Vec<f32>),
    /// With a scale for each.
    Integers {
        codes: Vec<i8>,
        scales: Vec<f32>,
    },
}

impl DenseWeights {
    /// The parameters under `path`, in integers if they are kept so.
    pub fn take(weights: Weights, path: &str) -> Self {
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
            return Self { inputs, rows: Rows::Floats(weights.collect()), biases };
        }
        let (mut codes, mut scales): (Vec<i8>, Vec<f32>) = (Vec::new(), Vec::new());
        for Part { weight, scale, .. } in parts {
            let Stored::Packed(weight) = weight else { unreachable!("none is of floats") };
            codes.extend(by_taps(weight.codes().collect(), channels, taps));
            scales.extend(weight.scales.iter().map(|of_channel| of_channel * scale));
        }
        Self { inputs, rows: Rows::Integers { codes, scales }, biases }
    }

    /// The same with floats, for inputs that must not be rounded.
    pub fn exact(Part { weight, bias, scale }: Part) -> Self {
        Self::beside([Part { weight: Stored::Floats(weight.into_parameter()), bias, scale }])
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

/// Scale and shift of each channel after a norm.
pub struct NormWeights {
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub epsilon: f32,
}

impl NormWeights {
    /// The parameters `path.gamma` and `path.beta`.
    ///
    /// # Panics
    /// If there are none.
    pub fn take(weights: Weights, path: &str, epsilon: f64) -> Self {
        let mut values = |part: &str| {
            weights(&format!("{path}.{part}")).expect("checked beforehand").into_parameter().values
        };
        Self { gamma: values("gamma"), beta: values("beta"), epsilon: epsilon as f32 }
    }
}
