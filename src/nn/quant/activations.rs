//! Activations in seven bits, rounded as they come.

use super::kernel::GROUP;
use crate::nn::activation::{ROUNDING, reciprocal};

/// Largest code.
const TOP: f32 = 127.0;
/// Values that lie no farther apart are all 0: their steps would be too small for a float's exponent.
const SMALLEST: f32 = 1e-30;

/// Rows of activations that may overlap, as the windows of a convolution do.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a> {
    /// Row by row, what lies between two rows included.
    pub values: &'a [f32],
    /// Values from the start of a row to that of the next.
    pub stride: usize,
    /// Values of a row.
    pub width: usize,
    /// Rows.
    pub count: usize,
}

impl<'a> Windows<'a> {
    /// The rows of a matrix.
    pub fn rows(values: &'a [f32], width: usize) -> Self {
        Self { values, stride: width, width, count: values.len() / width }
    }

    /// Whether each row is rounded to a grid of its own.
    pub fn have_own_grids(&self) -> bool {
        self.width <= SHARED * self.stride
    }

    /// Windows of `width` values every `stride` values, as many as fit.
    pub fn sliding(values: &'a [f32], width: usize, stride: usize) -> Self {
        let count = if values.len() < width { 0 } else { 1 + (values.len() - width) / stride };
        Self { values, stride, width, count }
    }
}

/// How codes become values: value = (code - `zero`) × `step`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Distance of two neighbouring values.
    pub step: f32,
    /// One divided by it.
    per_value: f32,
    /// The code of 0.
    pub zero: i32,
}

impl Grid {
    /// The finest grid with 128 values from the lowest to the highest of `values`, and an exact 0.
    fn over(values: &[f32]) -> Self {
        let (mut low, mut high) = ([0.0_f32; 8], [0.0_f32; 8]);
        let (chunks, rest) = values.as_chunks::<8>();
        let mut widen = |lane: usize, value: f32| {
            low[lane] = if value < low[lane] { value } else { low[lane] };
            high[lane] = if value > high[lane] { value } else { high[lane] };
        };
        for chunk in chunks {
            for (lane, &value) in chunk.iter().enumerate() {
                widen(lane, value);
            }
        }
        for (lane, &value) in rest.iter().enumerate() {
            widen(lane, value);
        }
        let low = low.into_iter().fold(0.0, f32::min);
        let high = high.into_iter().fold(0.0, f32::max);
        let step = if high - low > SMALLEST { (high - low) * (1.0 / TOP) } else { 1.0 };
        let per_value = reciprocal(step);
        Self { step, per_value, zero: (-low * per_value).round_ties_even() as i32 }
    }

    fn round(self, values: &[f32], codes: &mut [u8]) {
        for (value, code) in values.iter().zip(codes) {
            let rounded = (value * self.per_value + ROUNDING).to_bits() as i32 - ROUNDING.to_bits() as i32;
            *code = (rounded + self.zero).clamp(0, TOP as i32) as u8;
        }
    }
}

/// Where a value stands in at most so many windows, each window is rounded to a grid of its own, so that a quiet moment
/// keeps its detail beside a loud one. Where it stands in more, that would take longer than the products, and all values
/// are rounded once, to one grid.
const SHARED: usize = 4;

/// Rows of activations in codes of 0 ..= 127.
#[derive(Debug, Default)]
pub struct Activations {
    codes: Vec<u8>,
    /// One a row, or one for all.
    grids: Vec<Grid>,
    stride: usize,
    width: usize,
    count: usize,
}

impl Activations {
    /// Rounds `windows`; what was held before is given up, its memory is used again.
    pub fn round(&mut self, windows: Windows) {
        let Windows { values, stride, width, count } = windows;
        let has_own_grids = windows.have_own_grids();
        self.grids.clear();
        // The kernels take inputs by groups; what they read beyond a row meets weights of 0.
        let codes = if has_own_grids { count * width } else { values.len() };
        self.codes.resize(codes + GROUP, 0);
        if has_own_grids {
            for (row, codes) in self.codes[..codes].chunks_exact_mut(width).enumerate() {
                let row = &values[row * stride..][..width];
                let grid = Grid::over(row);
                grid.round(row, codes);
                self.grids.push(grid);
            }
        } else {
            let grid = Grid::over(values);
            grid.round(values, &mut self.codes);
            self.grids.push(grid);
        }
        (self.stride, self.width, self.count) = (if has_own_grids { width } else { stride }, width, count);
    }

    /// All codes, and [`GROUP`] more.
    pub(super) fn codes(&self) -> &[u8] {
        &self.codes
    }

    /// Where a row begins among the codes.
    pub(super) fn start(&self, row: usize) -> usize {
        row * self.stride
    }

    pub(super) fn grid(&self, row: usize) -> Grid {
        self.grids[row.min(self.grids.len() - 1)]
    }

    /// Rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Values of a row.
    pub fn width(&self) -> usize {
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_value_moves_by_more_than_half_a_step_and_zero_stays(
            values in prop::collection::vec(-10.0_f32..10.0, 24),
            offset in -12.0_f32..12.0,
        ) {
            let values: Vec<f32> = values.iter().map(|value| value + offset).chain([0.0; 6]).collect();
            let mut rounded = Activations::default();
            for windows in
                [Windows::rows(&values, 6), Windows::sliding(&values, 9, 3), Windows::sliding(&values, 9, 2)]
            {
                rounded.round(windows);
                for row in 0..windows.count {
                    let grid = rounded.grid(row);
                    let codes = &rounded.codes()[rounded.start(row)..][..windows.width];
                    for (value, &code) in values[row * windows.stride..].iter().zip(codes) {
                        prop_assert!(code <= 127);
                        let back = (i32::from(code) - grid.zero) as f32 * grid.step;
                        // Both ends of the range are rounded, too, since 0 is kept exactly.
                        prop_assert!((value - back).abs() <= grid.step * 1.001, "{} {}", value, back);
                        prop_assert!(*value != 0.0 || back == 0.0);
                    }
                }
            }
        }
    }

    #[test]
    fn silence_stays_silence() {
        let mut rounded = Activations::default();
        rounded.round(Windows::rows(&[0.0; 8], 4));
        assert_eq!((rounded.grid(1).step, rounded.grid(1).zero), (1.0, 0));
        assert!(rounded.codes().iter().all(|&code| code == 0));
    }
}
