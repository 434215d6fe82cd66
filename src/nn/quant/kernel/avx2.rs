//! The kernel for x86-64 processors with AVX2, since about 2013.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256,
};

use super::{COLUMNS, GROUP, Sums};

/// Number of registers for the sums of a row.
const PARTS: usize = COLUMNS / 8;

#[target_feature(enable = "avx2")]
pub fn multiply<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [Sums; R] {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_si256(); PARTS]; R];
    for (index, group) in groups.iter().enumerate() {
        let weights: [__m256i; PARTS] =
            // SAFETY: the 32 bytes of each part are within the group.
            std::array::from_fn(|part| unsafe { _mm256_loadu_si256(group.as_ptr().add(32 * part).cast()) });
        for (row, sums) in rows.iter().zip(&mut sums) {
            // SAFETY: each row has as many groups of four bytes as the panel.
            let codes = unsafe { row.as_ptr().add(index * GROUP).cast::<i32>().read_unaligned() };
            let codes = _mm256_set1_epi32(codes);
            for (weights, sum) in weights.iter().zip(sums) {
                let pairs = _mm256_maddubs_epi16(codes, *weights);
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    sums.map(|parts| {
        let mut out = [0; COLUMNS];
        for (part, out) in parts.into_iter().zip(out.as_chunks_mut::<8>().0) {
            // SAFETY: eight integers are 32 bytes.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), part) };
        }
        out
    })
}
