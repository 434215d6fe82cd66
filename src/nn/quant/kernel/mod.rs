//! The microkernels of the integer product: a few rows of activations times a panel of weights.
//!
//! A panel has [`COLUMNS`] output channels. It interleaves groups of four consecutive weights of each channel, since the
//! dot product instructions of all processors take bytes in fours. Activations are within 0 ..= 127, so that the sum of
//! two products fits into 16 bits and all kernels give the same integers.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(not(target_arch = "wasm32"))]
mod portable;
#[cfg(target_arch = "wasm32")]
mod wasm;

/// Number of output channels in a panel.
#[cfg(target_arch = "wasm32")]
pub const COLUMNS: usize = 8;
/// Number of output channels in a panel.
#[cfg(not(target_arch = "wasm32"))]
pub const COLUMNS: usize = 16;

/// Number of rows of activations in a tile.
pub const ROWS: usize = 4;

/// Number of interleaved inputs.
pub const GROUP: usize = 4;

/// One sum per channel of a panel.
pub type Sums = [i32; COLUMNS];

#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
pub use wasm::autotuned;

/// Runs `work`, which computes `_products` products; where there are several kernels, this selects the fastest.
#[cfg(not(all(target_arch = "wasm32", feature = "relaxed-simd")))]
pub fn autotuned(_products: usize, work: impl FnOnce()) {
    work();
}

/// Multiplies `R` rows of activations, each beginning at its index in `codes`, by a panel.
///
/// # Panics
/// If a row is not within `codes`.
pub fn multiply<const R: usize>(codes: &[u8], rows: [usize; R], panel: &[i8]) -> [Sums; R] {
    let (groups, rest) = panel.as_chunks::<{ GROUP * COLUMNS }>();
    assert!(rest.is_empty() && rows.iter().all(|row| row + groups.len() * GROUP <= codes.len()));
    let rows = rows.map(|row| &codes[row..row + groups.len() * GROUP]);
    #[cfg(target_arch = "wasm32")]
    return wasm::multiply(rows, groups);
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
        // SAFETY: this processor has both.
        return unsafe { avx512::multiply(rows, groups) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: this processor has AVX2.
        return unsafe { avx2::multiply(rows, groups) };
    }
    #[cfg(not(target_arch = "wasm32"))]
    portable::multiply(rows, groups)
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Includes the largest values, where the sum of two products comes closest to the limit of 16 bits.
        #[test]
        fn this_processors_kernels_equal_the_portable_one(
            codes in prop::collection::vec(prop_oneof![Just(0_u8), Just(127), 0_u8..=127], 4 * 20),
            panel in prop::collection::vec(prop_oneof![Just(-127_i8), Just(127), -127_i8..=127], 20 * COLUMNS),
            inputs in (1..=5_usize).prop_map(|groups| groups * GROUP),
        ) {
            let (rows, panel) = ([0, 20, 40, 60], &panel[..inputs * COLUMNS]);
            let rows_of_codes = rows.map(|row| &codes[row..row + inputs]);
            let (groups, _) = panel.as_chunks();
            let expected = portable::multiply(rows_of_codes, groups);
            prop_assert_eq!(multiply(&codes, rows, panel), expected);
            // The one that is chosen is the fastest; the others are for older processors.
            if is_x86_feature_detected!("avx2") {
                // SAFETY: this processor has AVX2.
                prop_assert_eq!(unsafe { avx2::multiply(rows_of_codes, groups) }, expected);
            }
        }
    }
}
