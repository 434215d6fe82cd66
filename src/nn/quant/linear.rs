//! Linear layers with integer weights and dynamically quantized activations.

use super::activations::Activations;
use super::kernel::{self, COLUMNS, GROUP, ROWS, Sums};
use crate::nn::activation::gelu;

/// Number of rows of activations that stay in the cache during the pass over all weights.
const BLOCK: usize = 64;

/// What follows a matrix product and its bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epilogue {
    /// Nothing.
    None,
    /// GELU.
    Gelu,
    /// Accumulation into the output.
    Accumulate,
}

/// A linear layer with integer weights and a scale and bias per output channel, packed for the kernels.
#[derive(Debug, Clone)]
pub struct QuantizedLinear {
    inputs: usize,
    outputs: usize,
    /// Panel by panel; the last panel and the last group of inputs are padded with zeros.
    panels: Vec<i8>,
    channels: Vec<Channels>,
}

/// What dequantizes the kernels' sums of a panel.
#[derive(Debug, Clone, Default)]
struct Channels {
    scales: [f32; COLUMNS],
    biases: [f32; COLUMNS],
    /// The sum of the weights of each channel, by which the zero point is corrected.
    sums: Sums,
}

impl QuantizedLinear {
    /// Packs `code(output, input)`, from -127 to 127, with a scale and a bias for each output.
    ///
    /// # Panics
    /// If the numbers of scales and biases differ.
    pub fn new(inputs: usize, scales: &[f32], biases: &[f32], code: impl Fn(usize, usize) -> i8) -> Self {
        assert_eq!(scales.len(), biases.len(), "a scale and a bias for each output");
        let outputs = scales.len();
        let groups = inputs.div_ceil(GROUP);
        let mut panels = Vec::with_capacity(outputs.div_ceil(COLUMNS) * groups * GROUP * COLUMNS);
        let mut channels = Vec::with_capacity(outputs.div_ceil(COLUMNS));
        for (panel, (scales, biases)) in scales.chunks(COLUMNS).zip(biases.chunks(COLUMNS)).enumerate() {
            let mut panel_channels = Channels::default();
            panel_channels.scales[..scales.len()].copy_from_slice(scales);
            panel_channels.biases[..biases.len()].copy_from_slice(biases);
            for group in 0..groups {
                for (column, sum) in panel_channels.sums.iter_mut().enumerate() {
                    let output = panel * COLUMNS + column;
                    for input in group * GROUP..(group + 1) * GROUP {
                        let is_inside = output < outputs && input < inputs;
                        let code = if is_inside { code(output, input) } else { 0 };
                        panels.push(code);
                        *sum += i32::from(code);
                    }
                }
            }
            channels.push(panel_channels);
        }
        Self { inputs, outputs, panels, channels }
    }

    /// Number of input channels.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of output channels.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes `out[row][output] = Σ activation[row][input] × weight[output][input] + bias[output]`, with an [`Epilogue`].
    ///
    /// # Panics
    /// If the sizes do not match.
    pub fn forward(&self, x: &Activations, epilogue: Epilogue, out: &mut [f32]) {
        assert_eq!(x.width(), self.inputs, "as many inputs as weights");
        assert_eq!(out.len(), x.count() * self.outputs, "room for every output");
        kernel::autotuned(out.len() * self.inputs, || self.forward_blocks(x, epilogue, out));
    }

    fn forward_blocks(&self, x: &Activations, epilogue: Epilogue, out: &mut [f32]) {
        let panel_size = self.inputs.div_ceil(GROUP) * GROUP * COLUMNS;
        for block in (0..x.count()).step_by(BLOCK) {
            let end = (block + BLOCK).min(x.count());
            for (panel, weights) in self.panels.chunks_exact(panel_size).enumerate() {
                let mut row = block;
                while row < end {
                    row += match end - row {
                        1 => self.tile::<1>(x, row, panel, weights, epilogue, out),
                        2 => self.tile::<2>(x, row, panel, weights, epilogue, out),
                        3 => self.tile::<3>(x, row, panel, weights, epilogue, out),
                        _ => self.tile::<ROWS>(x, row, panel, weights, epilogue, out),
                    };
                }
            }
        }
    }

    /// Computes the outputs of a panel for `R` rows; returns `R`.
    fn tile<const R: usize>(
        &self,
        x: &Activations,
        row: usize,
        panel: usize,
        weights: &[i8],
        epilogue: Epilogue,
        out: &mut [f32],
    ) -> usize {
        let sums = kernel::multiply(x.codes(), std::array::from_fn::<_, R, _>(|r| x.start(row + r)), weights);
        for (row, sums) in (row..).zip(sums) {
            let params = x.params(row);
            let mut values = self.channels[panel].dequantize(&sums, params.zero_point, params.scale);
            let out = &mut out[row * self.outputs..][..self.outputs][panel * COLUMNS..];
            let count = out.len().min(COLUMNS);
            let out = &mut out[..count];
            match epilogue {
                Epilogue::None => out.copy_from_slice(&values[..count]),
                Epilogue::Gelu => {
                    gelu(&mut values);
                    out.copy_from_slice(&values[..count]);
                }
                Epilogue::Accumulate => out.iter_mut().zip(values).for_each(|(out, value)| *out += value),
            }
        }
        R
    }
}

impl Channels {
    /// Dequantizes integer sums and adds the bias.
    fn dequantize(&self, sums: &Sums, zero_point: i32, scale: f32) -> [f32; COLUMNS] {
        let exact = |n: usize| (sums[n] - zero_point * self.sums[n]) as f32;
        std::array::from_fn(|n| exact(n) * (scale * self.scales[n]) + self.biases[n])
    }
}

#[cfg(test)]
mod tests {
    use super::super::activations::Windows;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The product equals that of the dequantized activations and weights for all sizes.
        #[test]
        fn the_product_is_that_of_the_quantized_values(
            inputs in 1_usize..30,
            outputs in 1_usize..40,
            count in 1_usize..75,
            overlap in 0_usize..30,
            seed in 0_u32..1000,
        ) {
            let noise = |i: usize| ((i as f32 + seed as f32) * 12.9898).sin() * 3.0;
            let stride = inputs.saturating_sub(overlap).max(1);
            let values: Vec<f32> = (0..(count - 1) * stride + inputs).map(noise).collect();
            let windows = Windows { values: &values, stride, width: inputs, count };
            let mut x = Activations::default();
            x.quantize(windows);
            let code = |output: usize, input: usize| (noise(output * 31 + input * 7) * 42.0) as i8;
            let scales: Vec<f32> = (0..outputs).map(|output| 0.01 + 0.001 * output as f32).collect();
            let biases: Vec<f32> = (0..outputs).map(|output| 0.1 * output as f32).collect();
            let linear = QuantizedLinear::new(inputs, &scales, &biases, code);
            let mut out = vec![f32::NAN; count * outputs];
            linear.forward(&x, Epilogue::None, &mut out);
            let mut twice = out.clone();
            linear.forward(&x, Epilogue::Accumulate, &mut twice);
            let mut activated = out.clone();
            linear.forward(&x, Epilogue::Gelu, &mut activated);
            for row in 0..count {
                let params = x.params(row);
                for output in 0..outputs {
                    let exact: i32 = (0..inputs)
                        .map(|input| {
                            (i32::from(x.codes()[x.start(row) + input]) - params.zero_point) * i32::from(code(output, input))
                        })
                        .sum();
                    let expected = exact as f32 * (params.scale * scales[output]) + biases[output];
                    let index = row * outputs + output;
                    prop_assert_eq!(out[index], expected);
                    prop_assert_eq!(twice[index], expected + expected);
                    let mut expected = [expected];
                    gelu(&mut expected);
                    prop_assert_eq!(activated[index], expected[0]);
                }
            }
        }
    }
}
