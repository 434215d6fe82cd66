//! Weight quantization: symmetric, with one scale per output channel, packed without gaps; and integer matrix products with
//! dynamically quantized activations.

mod activations;
mod bits;
mod kernel;
mod linear;

pub use activations::{Activations, Windows};
pub use linear::{Epilogue, QuantizedLinear};

/// Range of the bits per weight.
pub const BITS: std::ops::RangeInclusive<u8> = 2..=8;

/// A quantized tensor with one scale per channel.
///
/// Value = integer × scale of its channel, with integers in `-(2^(bits-1) - 1) ..= 2^(bits-1) - 1`: the lowest code is
/// unused, so that the range is symmetric.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantized {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// The dimension of the output channels.
    pub axis: usize,
    /// Bits per weight.
    pub bits: u8,
    /// One scale per channel.
    pub scales: Vec<f32>,
    /// The integers in two's complement, `bits` each, in row-major order, lowest bit first.
    pub packed: Vec<u8>,
}

/// Why parts do not make a quantized tensor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a quantised tensor is inconsistent: {0}")]
pub struct QuantError(&'static str);

impl Quantized {
    /// Quantizes `values` by rounding to nearest; the largest magnitude of each channel is exact.
    ///
    /// # Panics
    /// If the shape does not match the values, the axis is not in the shape, or `bits` is not in [`BITS`].
    pub fn quantize(values: &[f32], shape: &[usize], axis: usize, bits: u8) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "shape must match the values");
        assert!(axis < shape.len() && BITS.contains(&bits));
        let channels = Channels::of(shape, axis);
        let top = largest_code(bits);
        let mut scales = vec![0.0_f32; channels.count];
        for (index, value) in values.iter().enumerate() {
            let scale = &mut scales[channels.channel_of(index)];
            *scale = scale.max(value.abs());
        }
        for scale in &mut scales {
            *scale = if *scale > 0.0 { *scale / top } else { 1.0 };
        }
        let codes = values.iter().enumerate().map(|(index, value)| {
            (value / scales[channels.channel_of(index)]).round().clamp(-top, top) as i8
        });
        let packed = bits::pack(codes, bits);
        Self { shape: shape.to_vec(), axis, bits, scales, packed }
    }

    /// Wraps 8-bit integers, with a scale for each index of the outermost dimension.
    ///
    /// # Panics
    /// If the number of codes or scales does not match the shape.
    pub fn from_codes(codes: &[i8], shape: &[usize], scales: &[f32]) -> Self {
        assert!(codes.len() == shape.iter().product::<usize>() && scales.len() == shape[0]);
        let packed = bits::pack(codes.iter().copied(), 8);
        Self { shape: shape.to_vec(), axis: 0, bits: 8, scales: scales.to_vec(), packed }
    }

    /// Checks that all parts are consistent.
    ///
    /// # Errors
    /// [`QuantError`] with the part that is not.
    pub fn check(&self) -> Result<(), QuantError> {
        let count = self.shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
        // The count is multiplied by the bits below.
        let count =
            count.filter(|&count| count <= usize::MAX / 8).ok_or(QuantError("its shape overflows"))?;
        if !BITS.contains(&self.bits) {
            return Err(QuantError("bits must be 2 to 8"));
        }
        if self.shape.get(self.axis) != Some(&self.scales.len()) {
            return Err(QuantError("there must be one scale a channel"));
        }
        if self.packed.len() != (count * usize::from(self.bits)).div_ceil(8) {
            return Err(QuantError("the packed data has another length than its shape"));
        }
        Ok(())
    }

    /// The integers in row-major order.
    pub fn codes(&self) -> impl Iterator<Item = i8> {
        bits::unpack(&self.packed, self.bits, self.shape.iter().product())
    }

    /// Returns the dequantized values.
    pub fn dequantize(&self) -> Vec<f32> {
        let channels = Channels::of(&self.shape, self.axis);
        self.codes()
            .enumerate()
            .map(|(index, code)| f32::from(code) * self.scales[channels.channel_of(index)])
            .collect()
    }
}

fn largest_code(bits: u8) -> f32 {
    ((1_i32 << (bits - 1)) - 1) as f32
}

/// Maps the index of an element to its channel.
struct Channels {
    count: usize,
    stride: usize,
}

impl Channels {
    fn of(shape: &[usize], axis: usize) -> Self {
        Self { count: shape[axis], stride: shape[axis + 1..].iter().product() }
    }

    fn channel_of(&self, index: usize) -> usize {
        index / self.stride % self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_quantization_error_is_at_most_half_a_step(
            values in prop::collection::vec(-10.0_f32..10.0, 24),
            bits in BITS,
            axis in 0_usize..3,
        ) {
            let shape = [2, 3, 4];
            let quantized = Quantized::quantize(&values, &shape, axis, bits);
            prop_assert_eq!(quantized.check(), Ok(()));
            let channels = Channels::of(&shape, axis);
            for (index, (value, rounded)) in values.iter().zip(quantized.dequantize()).enumerate() {
                let scale = quantized.scales[channels.channel_of(index)];
                prop_assert!((value - rounded).abs() <= scale * 0.5001);
            }
        }
    }

    #[test]
    fn zeros_are_exact() {
        let quantized = Quantized::quantize(&[0.0; 6], &[2, 3], 0, 8);
        assert_eq!(quantized.dequantize(), [0.0; 6]);
    }

    #[test]
    fn inconsistent_parts_are_rejected() {
        let good = Quantized::quantize(&[1.0; 6], &[2, 3], 1, 7);
        assert_eq!(good.check(), Ok(()));
        assert!(Quantized { bits: 9, ..good.clone() }.check().is_err());
        assert!(Quantized { axis: 2, ..good.clone() }.check().is_err());
        assert!(Quantized { scales: vec![1.0; 2], ..good.clone() }.check().is_err());
        assert!(Quantized { packed: vec![0; 5], ..good.clone() }.check().is_err());
        assert!(Quantized { shape: vec![usize::MAX, 3], ..good }.check().is_err());
    }
}
