//! The kernels for browsers: one or two instructions for sixteen products in builds with relaxed SIMD.

use std::arch::wasm32::{v128, v128_store};

use super::{COLUMNS, GROUP, Sums};

#[cfg(not(feature = "relaxed-simd"))]
mod plain;
#[cfg(feature = "relaxed-simd")]
mod relaxed;

#[cfg(not(feature = "relaxed-simd"))]
use plain::sums;
#[cfg(feature = "relaxed-simd")]
pub use relaxed::autotuned;
#[cfg(feature = "relaxed-simd")]
use relaxed::sums;

/// Number of registers for a group of weights, and for the sums of a row.
const PARTS: usize = COLUMNS / 4;

pub fn multiply<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [Sums; R] {
    sums(rows, groups).map(|parts| {
        let mut out = [0; COLUMNS];
        for (part, out) in parts.into_iter().zip(out.as_chunks_mut::<4>().0) {
            // SAFETY: four integers are 16 bytes.
            unsafe { v128_store(out.as_mut_ptr().cast::<v128>(), part) };
        }
        out
    })
}
