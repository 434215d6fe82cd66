//! The kernel in plain Rust.

use super::{COLUMNS, GROUP, Sums};

pub fn multiply<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [Sums; R] {
    let mut sums = [[0; COLUMNS]; R];
    for (index, group) in groups.iter().enumerate() {
        for (row, sums) in rows.iter().zip(&mut sums) {
            let codes = &row[index * GROUP..][..GROUP];
            for (weights, sum) in group.as_chunks::<GROUP>().0.iter().zip(sums) {
                let products =
                    weights.iter().zip(codes).map(|(&weight, &code)| i32::from(weight) * i32::from(code));
                *sum += products.sum::<i32>();
            }
        }
    }
    sums
}
