//! The kernel for x86-64 processors with AVX-512 and its products of bytes (VNNI), since about 2019.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::{COLUMNS, GROUP, Sums};

/// Registers for the sums of a row: each product waits for the one before it in the same register.
const CHAINS: usize = 2;

#[target_feature(enable = "avx512f,avx512vnni")]
pub fn multiply<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [Sums; R] {
    let mut sums = [[_mm512_setzero_si512(); R]; CHAINS];
    let (pairs, last) = groups.as_chunks::<CHAINS>();
    for (pair, groups) in pairs.iter().enumerate() {
        for (chain, (group, sums)) in groups.iter().zip(&mut sums).enumerate() {
            add(sums, rows, pair * CHAINS + chain, group);
        }
    }
    if let [group] = last {
        add(&mut sums[0], rows, pairs.len() * CHAINS, group);
    }
    let [first, second] = sums;
    std::array::from_fn(|row| {
        let mut out = [0; COLUMNS];
        // SAFETY: sixteen integers are 64 bytes.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), _mm512_add_epi32(first[row], second[row])) };
        out
    })
}

/// Adds the products of the group at `index` to the sums of each row.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn add<const R: usize>(
    sums: &mut [__m512i; R],
    rows: [&[u8]; R],
    index: usize,
    group: &[i8; GROUP * COLUMNS],
) {
    // SAFETY: a group has 64 bytes.
    let weights = unsafe { _mm512_loadu_si512(group.as_ptr().cast()) };
    for (row, sum) in rows.into_iter().zip(sums) {
        // SAFETY: each row has as many groups of four bytes as the panel.
        let codes = unsafe { row.as_ptr().add(index * GROUP).cast::<i32>().read_unaligned() };
        *sum = _mm512_dpbusd_epi32(*sum, _mm512_set1_epi32(codes), weights);
    }
}
