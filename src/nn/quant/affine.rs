//! Weights that stay integers, and their product with activations that become integers.

use super::activations::Activations;
use super::kernel::{self, COLUMNS, GROUP, ROWS, Sums};
use crate::nn::activation::gelu;

/// Rows of activations that stay in the cache while all weights pass by.
const BLOCK: usize = 64;

/// What becomes of the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// They are written as they are.
    Keep,
    /// They go through GELU.
    Gelu,
    /// They are added to what was there.
    Add,
}

/// A matrix of integers with a scale and a bias for each output channel, laid out for the kernels.
#[derive(Debug, Clone)]
pub struct Affine {
    inputs: usize,
    outputs: usize,
    /// Panel by panel; the last one is filled up with zeros, and so is the last group of inputs.
    panels: Vec<i8>,
    channels: Vec<Channels>,
}

/// What the kernels' sums of a panel need to become values.
#[derive(Debug, Clone, Default)]
struct Channels {
    scales: [f32; COLUMNS],
    biases: [f32; COLUMNS],
    /// Of the integers of each channel: what a code of 1 for all inputs would give.
    sums: Sums,
}

impl Affine {
    /// Lays out `code(output, input)`, from -127 to 127, with a scale and a bias for each output.
    ///
    /// # Panics
    /// Unless there are as many scales as biases.
    pub fn new(inputs: usize, scales: &[f32], biases: &[f32], code: impl Fn(usize, usize) -> i8) -> Self {
        assert_eq!(scales.len(), biases.len(), "a scale and a bias for each output");
        let outputs = scales.len();
        let groups = inputs.div_ceil(GROUP);
        let mut panels = Vec::with_capacity(outputs.div_ceil(COLUMNS) * groups * GROUP * COLUMNS);
        let mut channels = Vec::with_capacity(outputs.div_ceil(COLUMNS));
        for (panel, (scales, biases)) in scales.chunks(COLUMNS).zip(biases.chunks(COLUMNS)).enumerate() {
            let mut of_panel = Channels::default();
            of_panel.scales[..scales.len()].copy_from_slice(scales);
            of_panel.biases[..biases.len()].copy_from_slice(biases);
            for group in 0..groups {
                for (column, sum) in of_panel.sums.iter_mut().enumerate() {
                    let output = panel * COLUMNS + column;
                    for input in group * GROUP..(group + 1) * GROUP {
                        let is_there = output < outputs && input < inputs;
                        let code = if is_there { code(output, input) } else { 0 };
                        panels.push(code);
                        *sum += i32::from(code);
                    }
                }
            }
            channels.push(of_panel);
        }
        Self { inputs, outputs, panels, channels }
    }

    /// Input channels.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `out[row][output] = Σ activation[row][input] × weight[output][input] + bias[output]`, and [`Then`].
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn apply(&self, x: &Activations, then: Then, out: &mut [f32]) {
        assert_eq!(x.width(), self.inputs, "as many inputs as weights");
        assert_eq!(out.len(), x.count() * self.outputs, "room for every output");
        kernel::choosing(out.len() * self.inputs, || self.apply_by_blocks(x, then, out));
    }

    fn apply_by_blocks(&self, x: &Activations, then: Then, out: &mut [f32]) {
        let panel_size = self.inputs.div_ceil(GROUP) * GROUP * COLUMNS;
        for block in (0..x.count()).step_by(BLOCK) {
            let end = (block + BLOCK).min(x.count());
            for (panel, weights) in self.panels.chunks_exact(panel_size).enumerate() {
                let mut row = block;
                while row < end {
                    row += match end - row {
                        1 => self.tile::<1>(x, row, panel, weights, then, out),
                        2 => self.tile::<2>(x, row, panel, weights, then, out),
                        3 => self.tile::<3>(x, row, panel, weights, then, out),
                        _ => self.tile::<ROWS>(x, row, panel, weights, then, out),
                    };
                }
            }
        }
    }

    /// The outputs of a panel for `R` rows; returns `R`.
    fn tile<const R: usize>(
        &self,
        x: &Activations,
        row: usize,
        panel: usize,
        weights: &[i8],
        then: Then,
        out: &mut [f32],
    ) -> usize {
        let sums = kernel::multiply(x.codes(), std::array::from_fn::<_, R, _>(|r| x.start(row + r)), weights);
        for (row, sums) in (row..).zip(sums) {
            let grid = x.grid(row);
            let mut values = self.channels[panel].values(&sums, grid.zero, grid.step);
            let out = &mut out[row * self.outputs..][..self.outputs][panel * COLUMNS..];
            let count = out.len().min(COLUMNS);
            let out = &mut out[..count];
            match then {
                Then::Keep => out.copy_from_slice(&values[..count]),
                Then::Gelu => {
                    gelu(&mut values);
                    out.copy_from_slice(&values[..count]);
                }
                Then::Add => out.iter_mut().zip(values).for_each(|(out, value)| *out += value),
            }
        }
        R
    }
}

impl Channels {
    /// What integer sums stand for.
    fn values(&self, sums: &Sums, zero: i32, step: f32) -> [f32; COLUMNS] {
        let exact = |n: usize| (sums[n] - zero * self.sums[n]) as f32;
        std::array::from_fn(|n| exact(n) * (step * self.scales[n]) + self.biases[n])
    }
}

#[cfg(test)]
mod tests {
    use super::super::activations::Windows;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The product equals that of the rounded values, whatever the sizes.
        #[test]
        fn the_product_is_that_of_the_rounded_values(
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
            x.round(windows);
            let code = |output: usize, input: usize| (noise(output * 31 + input * 7) * 42.0) as i8;
            let scales: Vec<f32> = (0..outputs).map(|output| 0.01 + 0.001 * output as f32).collect();
            let biases: Vec<f32> = (0..outputs).map(|output| 0.1 * output as f32).collect();
            let affine = Affine::new(inputs, &scales, &biases, code);
            let mut out = vec![f32::NAN; count * outputs];
            affine.apply(&x, Then::Keep, &mut out);
            let mut twice = out.clone();
            affine.apply(&x, Then::Add, &mut twice);
            let mut bent = out.clone();
            affine.apply(&x, Then::Gelu, &mut bent);
            for row in 0..count {
                let grid = x.grid(row);
                for output in 0..outputs {
                    let exact: i32 = (0..inputs)
                        .map(|input| {
                            (i32::from(x.codes()[x.start(row) + input]) - grid.zero) * i32::from(code(output, input))
                        })
                        .sum();
                    let expected = exact as f32 * (grid.step * scales[output]) + biases[output];
                    let place = row * outputs + output;
                    prop_assert_eq!(out[place], expected);
                    prop_assert_eq!(twice[place], expected + expected);
                    let mut expected = [expected];
                    gelu(&mut expected);
                    prop_assert_eq!(bent[place], expected[0]);
                }
            }
        }
    }
}
