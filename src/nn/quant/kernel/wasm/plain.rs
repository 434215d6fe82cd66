//! Without relaxed SIMD: eight products per instruction, of operands widened to 16 bits.

use std::arch::wasm32::{
    i16x8_load_extend_i8x8, i16x8_load_extend_u8x8, i32x4_add, i32x4_dot_i16x8, i32x4_shuffle, i32x4_splat,
    v128,
};

use super::super::{COLUMNS, GROUP};
use super::PARTS;

/// A register holds two channels of four weights of 16 bits: each lane accumulates half of the products of a channel, and
/// the halves are added at the end.
pub fn sums<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [[v128; PARTS]; R] {
    let mut halves = [[[i32x4_splat(0); 2]; PARTS]; R];
    for (index, group) in groups.iter().enumerate() {
        let weights: [[v128; 2]; PARTS] = std::array::from_fn(|part| {
            // SAFETY: the 8 bytes of each half are within the group.
            [0, 1].map(|half| unsafe { i16x8_load_extend_i8x8(group.as_ptr().add(16 * part + 8 * half)) })
        });
        for (row, halves) in rows.iter().zip(&mut halves) {
            let codes = &row[index * GROUP..][..GROUP];
            let twice = [codes[0], codes[1], codes[2], codes[3], codes[0], codes[1], codes[2], codes[3]];
            // SAFETY: the array has eight bytes.
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
