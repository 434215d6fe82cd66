//! Dynamic quantization of activations to seven bits.

use super::kernel::GROUP;
use crate::nn::activation::{ROUNDING, reciprocal};

/// Largest code.
const MAX_CODE: f32 = 127.0;
/// Values in a smaller range are quantized to 0: their scale would be too small for the exponent of a float.
const MIN_RANGE: f32 = 1e-30;

/// Rows of activations that may overlap, as the windows of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a> {
    /// All values, including those between two rows.
    pub values: &'a [f32],
    /// Distance between the starts of two consecutive rows.
    pub stride: usize,
    /// Number of values in a row.
    pub width: usize,
    /// Number of rows.
    pub count: usize,
}

impl<'a> Windows<'a> {
    /// The rows of a matrix.
    pub fn rows(values: &'a [f32], width: usize) -> Self {
        Self { values, stride: width, width, count: values.len() / width }
    }

    /// Returns whether quantization is per row rather than per tensor.
    pub fn is_per_row(&self) -> bool {
        self.width <= MAX_OVERLAP * self.stride
    }

    /// All complete windows of `width` values at intervals of `stride`.
    pub fn sliding(values: &'a [f32], width: usize, stride: usize) -> Self {
        let count = if values.len() < width { 0 } else { 1 + (values.len() - width) / stride };
        Self { values, stride, width, count }
    }
}

/// Quantization parameters: value = (code - `zero_point`) × `scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantParams {
    /// Distance between two adjacent values.
    pub scale: f32,
    /// The reciprocal of `scale`.
    inverse_scale: f32,
    /// The code of 0.
    pub zero_point: i32,
}

impl QuantParams {
    /// The parameters that map the range of `values` to 128 codes, with an exact 0.
    fn from_min_max(values: &[f32]) -> Self {
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
        let scale = if high - low > MIN_RANGE { (high - low) * (1.0 / MAX_CODE) } else { 1.0 };
        let inverse_scale = reciprocal(scale);
        Self { scale, inverse_scale, zero_point: (-low * inverse_scale).round_ties_even() as i32 }
    }

    fn quantize(self, values: &[f32], codes: &mut [u8]) {
        for (value, code) in values.iter().zip(codes) {
            let quantized =
                (value * self.inverse_scale + ROUNDING).to_bits() as i32 - ROUNDING.to_bits() as i32;
            *code = (quantized + self.zero_point).clamp(0, MAX_CODE as i32) as u8;
        }
    }
}

/// If each value is in at most this many windows, quantization is per row, so that quiet frames keep their precision next to
/// loud ones. If it is in more, that would take longer than the products, and quantization is per tensor.
const MAX_OVERLAP: usize = 4;

/// Quantized rows of activations, with codes in 0 ..= 127.
#[derive(Debug, Default)]
pub struct Activations {
    codes: Vec<u8>,
    /// One per row, or one for all.
    params: Vec<QuantParams>,
    stride: usize,
    width: usize,
    count: usize,
}

impl Activations {
    /// Quantizes `windows`, replacing the previous contents and reusing their memory.
    pub fn quantize(&mut self, windows: Windows) {
        let Windows { values, stride, width, count } = windows;
        let is_per_row = windows.is_per_row();
        self.params.clear();
        // The kernels read inputs in groups; the weights of those past the end of a row are 0.
        let codes = if is_per_row { count * width } else { values.len() };
        self.codes.resize(codes + GROUP, 0);
        if is_per_row {
            for (row, codes) in self.codes[..codes].chunks_exact_mut(width).enumerate() {
                let row = &values[row * stride..][..width];
                let params = QuantParams::from_min_max(row);
                params.quantize(row, codes);
                self.params.push(params);
            }
        } else {
            let params = QuantParams::from_min_max(values);
            params.quantize(values, &mut self.codes);
            self.params.push(params);
        }
        (self.stride, self.width, self.count) = (if is_per_row { width } else { stride }, width, count);
    }

    /// All codes, followed by [`GROUP`] bytes of padding.
    pub(super) fn codes(&self) -> &[u8] {
        &self.codes
    }

    /// Index of the first code of a row.
    pub(super) fn start(&self, row: usize) -> usize {
        row * self.stride
    }

    /// The quantization parameters of a row.
    pub(super) fn params(&self, row: usize) -> QuantParams {
        self.params[row.min(self.params.len() - 1)]
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of values in a row.
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
        fn the_quantization_error_is_at_most_a_step_and_zero_is_exact(
            values in prop::collection::vec(-10.0_f32..10.0, 24),
            offset in -12.0_f32..12.0,
        ) {
            let values: Vec<f32> = values.iter().map(|value| value + offset).chain([0.0; 6]).collect();
            let mut quantized = Activations::default();
            for windows in
                [Windows::rows(&values, 6), Windows::sliding(&values, 9, 3), Windows::sliding(&values, 9, 2)]
            {
                quantized.quantize(windows);
                for row in 0..windows.count {
                    let params = quantized.params(row);
                    let codes = &quantized.codes()[quantized.start(row)..][..windows.width];
                    for (value, &code) in values[row * windows.stride..].iter().zip(codes) {
                        prop_assert!(code <= 127);
                        let back = (i32::from(code) - params.zero_point) as f32 * params.scale;
                        // Both ends of the range are rounded, too, since 0 is exact.
                        prop_assert!((value - back).abs() <= params.scale * 1.001, "{} {}", value, back);
                        prop_assert!(*value != 0.0 || back == 0.0);
                    }
                }
            }
        }
    }

    #[test]
    fn zeros_have_a_scale_of_one() {
        let mut quantized = Activations::default();
        quantized.quantize(Windows::rows(&[0.0; 8], 4));
        assert_eq!((quantized.params(1).scale, quantized.params(1).zero_point), (1.0, 0));
        assert!(quantized.codes().iter().all(|&code| code == 0));
    }
}
