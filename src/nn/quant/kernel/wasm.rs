//! The kernels for browsers: one instruction for sixteen products where the engine is built with relaxed SIMD.

use std::arch::wasm32::{v128, v128_store};

use super::{COLUMNS, GROUP, Sums};

/// Registers that hold a group of weights, and the sums of a row.
const PARTS: usize = COLUMNS / 4;

pub fn multiply<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [Sums; R] {
    #[cfg(feature = "relaxed-simd")]
    let sums = relaxed::multiply(rows, groups);
    #[cfg(not(feature = "relaxed-simd"))]
    let sums = plain::multiply(rows, groups);
    sums.map(|parts| {
        let mut out = [0; COLUMNS];
        for (part, out) in parts.into_iter().zip(out.as_chunks_mut::<4>().0) {
            // SAFETY: four integers are 16 bytes.
            unsafe { v128_store(out.as_mut_ptr().cast::<v128>(), part) };
        }
        out
    })
}

#[cfg(feature = "relaxed-simd")]
mod relaxed {
    use std::arch::wasm32::{
        i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_splat, v128, v128_load, v128_load32_splat,
    };

    use super::{COLUMNS, GROUP, PARTS};

    #[target_feature(enable = "relaxed-simd")]
    pub fn multiply<const R: usize>(
        rows: [&[u8]; R],
        groups: &[[i8; GROUP * COLUMNS]],
    ) -> [[v128; PARTS]; R] {
        let mut sums = [[i32x4_splat(0); PARTS]; R];
        for (index, group) in groups.iter().enumerate() {
            let weights: [v128; PARTS] =
                // SAFETY: 16 bytes from each place are within the group.
                std::array::from_fn(|part| unsafe { v128_load(group.as_ptr().add(16 * part).cast()) });
            for (row, sums) in rows.iter().zip(&mut sums) {
                // SAFETY: the caller gave as many groups of four as there are here.
                let codes = unsafe { v128_load32_splat(row.as_ptr().add(index * GROUP).cast()) };
                for (weights, sum) in weights.iter().zip(sums) {
                    *sum = i32x4_relaxed_dot_i8x16_i7x16_add(*weights, codes, *sum);
                }
            }
        }
        sums
    }
}

#[cfg(not(feature = "relaxed-simd"))]
mod plain {
    use std::arch::wasm32::{
        i16x8_load_extend_i8x8, i16x8_load_extend_u8x8, i32x4_add, i32x4_dot_i16x8, i32x4_shuffle,
        i32x4_splat, v128,
    };

    use super::{COLUMNS, GROUP, PARTS};

    /// Two channels of four weights fit a register once they are 16 bits wide: each lane sums half of a channel's
    /// products, and the halves meet at the end.
    pub fn multiply<const R: usize>(
        rows: [&[u8]; R],
        groups: &[[i8; GROUP * COLUMNS]],
    ) -> [[v128; PARTS]; R] {
        let mut halves = [[[i32x4_splat(0); 2]; PARTS]; R];
        for (index, group) in groups.iter().enumerate() {
            let weights: [[v128; 2]; PARTS] = std::array::from_fn(|part| {
                // SAFETY: 8 bytes from each place are within the group.
                [0, 1].map(|half| unsafe { i16x8_load_extend_i8x8(group.as_ptr().add(16 * part + 8 * half)) })
            });
            for (row, halves) in rows.iter().zip(&mut halves) {
                let codes = &row[index * GROUP..][..GROUP];
                let twice = [codes[0], codes[1], codes[2], codes[3], codes[0], codes[1], codes[2], codes[3]];
                // SAFETY: eight bytes are there.
                let codes = unsafe { i16x8_load_extend_u8x8(twice.as_ptr()) };
                for (weights, halves) in weights.iter().zip(halves) {
                    for (weights, half) in weights.iter().zip(halves) {
                        *half = i32x4_add(*half, i32x4_dot_i16x8(*weights, codes));
                    }
                }
            }
        }
        halves.map(|row| {
            row.map(|[low, high]| {
                let even = i32x4_shuffle::<0, 2, 4, 6>(low, high);
                let odd = i32x4_shuffle::<1, 3, 5, 7>(low, high);
                i32x4_add(even, odd)
            })
        })
    }
}
