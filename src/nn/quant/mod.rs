//! Weights in few bits: one scale an output channel, symmetric about zero, packed without gaps; and products of them
//! with activations that are rounded as they come, in integers.

mod activations;
mod affine;
mod bits;
mod kernel;

pub use activations::{Activations, Windows};
pub use affine::{Affine, Then};

/// Fewest and most bits a weight may take.
pub const BITS: std::ops::RangeInclusive<u8> = 2..=8;

/// A tensor of small integers with one scale a channel.
///
/// Value = integer × scale of its channel, with integers in `-(2^(bits-1) - 1) ..= 2^(bits-1) - 1`: the lowest code is
/// left out, so that the range is symmetric.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantised {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// The dimension of the output channels.
    pub axis: usize,
    /// Bits a weight.
    pub bits: u8,
    /// One scale for each channel.
    pub scales: Vec<f32>,
    /// The integers in two's complement, `bits` each, last dimension fastest, lowest bit first.
    pub packed: Vec<u8>,
}

/// Parts that do not make a quantised tensor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a quantised tensor is inconsistent: {0}")]
pub struct QuantError(&'static str);

impl Quantised {
    /// Rounds `values` to the nearest representable ones; each channel's largest magnitude is kept exactly.
    ///
    /// # Panics
    /// If the shape does not match the values, the axis is not in the shape, or `bits` is not in [`BITS`].
    pub fn quantise(values: &[f32], shape: &[usize], axis: usize, bits: u8) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>(), "shape must match the values");
        assert!(axis < shape.len() && BITS.contains(&bits));
        let channels = Channels::of(shape, axis);
        let top = largest_code(bits);
        let mut scales = vec![0.0_f32; channels.count];
        for (index, value) in values.iter().enumerate() {
            let scale = &mut scales[channels.of_index(index)];
            *scale = scale.max(value.abs());
        }
        for scale in &mut scales {
            *scale = if *scale > 0.0 { *scale / top } else { 1.0 };
        }
        let codes = values
            .iter()
            .enumerate()
            .map(|(index, value)| (value / scales[channels.of_index(index)]).round().clamp(-top, top) as i8);
        let packed = bits::pack(codes, bits);
        Self { shape: shape.to_vec(), axis, bits, scales, packed }
    }

    /// Takes integers for what they are, a byte each, with a scale for each of the outermost dimension.
    ///
    /// # Panics
    /// If their numbers do not match the shape.
    pub fn of_codes(codes: &[i8], shape: &[usize], scales: &[f32]) -> Self {
        assert!(codes.len() == shape.iter().product::<usize>() && scales.len() == shape[0]);
        let packed = bits::pack(codes.iter().copied(), 8);
        Self { shape: shape.to_vec(), axis: 0, bits: 8, scales: scales.to_vec(), packed }
    }

    /// Checks that all parts agree.
    ///
    /// # Errors
    /// [`QuantError`] naming the part that does not.
    pub fn check(&self) -> Result<(), QuantError> {
        let count = self.shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
        // Counted in bits below.
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

    /// The integers, last dimension fastest.
    pub fn codes(&self) -> impl Iterator<Item = i8> {
        bits::unpack(&self.packed, self.bits, self.shape.iter().product())
    }

    /// The values, rounded as they were.
    pub fn dequantise(&self) -> Vec<f32> {
        let channels = Channels::of(&self.shape, self.axis);
        self.codes()
            .enumerate()
            .map(|(index, code)| f32::from(code) * self.scales[channels.of_index(index)])
            .collect()
    }
}

fn largest_code(bits: u8) -> f32 {
    ((1_i32 << (bits - 1)) - 1) as f32
}

/// Which channel an element belongs to.
struct Channels {
    count: usize,
    stride: usize,
}

impl Channels {
    fn of(shape: &[usize], axis: usize) -> Self {
        Self { count: shape[axis], stride: shape[axis + 1..].iter().product() }
    }

    fn of_index(&self, index: usize) -> usize {
        index / self.stride % self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_value_moves_by_more_than_half_a_step(
            values in prop::collection::vec(-10.0_f32..10.0, 24),
            bits in BITS,
            axis in 0_usize..3,
        ) {
            let shape = [2, 3, 4];
            let quantised = Quantised::quantise(&values, &shape, axis, bits);
            prop_assert_eq!(quantised.check(), Ok(()));
            let channels = Channels::of(&shape, axis);
            for (index, (value, rounded)) in values.iter().zip(quantised.dequantise()).enumerate() {
                let step = quantised.scales[channels.of_index(index)];
                prop_assert!((value - rounded).abs() <= step * 0.5001);
            }
        }
    }

    #[test]
    fn zeros_stay_zero() {
        let quantised = Quantised::quantise(&[0.0; 6], &[2, 3], 0, 8);
        assert_eq!(quantised.dequantise(), [0.0; 6]);
    }

    #[test]
    fn inconsistent_parts_are_refused() {
        let good = Quantised::quantise(&[1.0; 6], &[2, 3], 1, 7);
        assert_eq!(good.check(), Ok(()));
        assert!(Quantised { bits: 9, ..good.clone() }.check().is_err());
        assert!(Quantised { axis: 2, ..good.clone() }.check().is_err());
        assert!(Quantised { scales: vec![1.0; 2], ..good.clone() }.check().is_err());
        assert!(Quantised { packed: vec![0; 5], ..good.clone() }.check().is_err());
        assert!(Quantised { shape: vec![usize::MAX, 3], ..good }.check().is_err());
    }
}
