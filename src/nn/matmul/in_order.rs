//! Matrix products with the same bits on every processor. Each output is accumulated input by input, with a separate
//! multiplication and addition, whether a register holds four outputs or sixteen. Where activations are quantized, a sum
//! that differs in its last bit may be rounded the other way, and the following layers amplify that.

use super::Matrix;

/// Columns of a panel.
#[cfg(target_arch = "wasm32")]
const COLUMNS: usize = 8;
/// Columns of a panel.
#[cfg(not(target_arch = "wasm32"))]
const COLUMNS: usize = 16;

/// Number of rows in a tile.
const ROWS: usize = 4;

/// Number of rows that stay in the cache during the pass over all panels.
const BLOCK: usize = 64;

/// The right-hand side of a matrix product, packed into panels of [`COLUMNS`] columns, row by row.
#[derive(Debug, Default)]
pub struct PackedMatrix {
    /// The last panel is padded with zeros.
    panels: Vec<[f32; COLUMNS]>,
    rows: usize,
    columns: usize,
}

impl PackedMatrix {
    /// Packs `matrix`.
    pub fn new(matrix: Matrix) -> Self {
        let mut packed = Self::default();
        packed.pack(matrix);
        packed
    }

    /// Packs `matrix`, replacing the previous contents and reusing their memory.
    pub fn pack(&mut self, matrix: Matrix) {
        let Matrix { values, rows, columns, row_stride, column_stride } = matrix;
        assert!(matrix.fits(values.len()));
        self.panels.clear();
        for first in (0..columns).step_by(COLUMNS) {
            let count = COLUMNS.min(columns - first);
            let value =
                |row: usize, column: usize| values[row * row_stride + (first + column) * column_stride];
            self.panels.extend((0..rows).map(|row| {
                let mut values = [0.0; COLUMNS];
                (0..count).for_each(|column| values[column] = value(row, column));
                values
            }));
        }
        (self.rows, self.columns) = (rows, columns);
    }

    /// Computes `x × self`, row by row, and calls `epilogue(out, column, sum)` for each element of `out`.
    ///
    /// # Panics
    /// If the sizes do not match, or the rows of `x` are not contiguous.
    pub fn multiply(&self, x: Matrix, out: &mut [f32], epilogue: impl Fn(&mut f32, usize, f32)) {
        let fits = x.fits(x.values.len()) && x.columns == self.rows && out.len() == x.rows * self.columns;
        assert!(fits && x.column_stride == 1);
        for block in (0..x.rows).step_by(BLOCK) {
            let end = (block + BLOCK).min(x.rows);
            for (panel, weights) in self.panels.chunks_exact(self.rows).enumerate() {
                let first = panel * COLUMNS;
                let mut row = block;
                while row < end {
                    row += match end - row {
                        1..ROWS => self.tile::<1>(x, row, first, weights, out, &epilogue),
                        _ => self.tile::<ROWS>(x, row, first, weights, out, &epilogue),
                    };
                }
            }
        }
    }

    /// Computes `R` rows of the panel whose first column is `first`; returns `R`.
    fn tile<const R: usize>(
        &self,
        x: Matrix,
        row: usize,
        first: usize,
        weights: &[[f32; COLUMNS]],
        out: &mut [f32],
        epilogue: &impl Fn(&mut f32, usize, f32),
    ) -> usize {
        let rows = std::array::from_fn(|r| &x.values[(row + r) * x.row_stride..][..x.columns]);
        for (row, sums) in (row..).zip(multiply::<R>(rows, weights)) {
            let out = &mut out[row * self.columns..][..self.columns][first..];
            for ((out, sum), column) in out.iter_mut().zip(sums).zip(first..) {
                epilogue(out, column, sum);
            }
        }
        R
    }
}

/// Multiplies `R` rows by a panel. Compilers do not vectorize [`sums`] for several rows here.
#[cfg(target_arch = "wasm32")]
fn multiply<const R: usize>(rows: [&[f32]; R], panel: &[[f32; COLUMNS]]) -> [[f32; COLUMNS]; R] {
    use std::arch::wasm32::{f32x4_add, f32x4_mul, f32x4_splat, v128, v128_load, v128_store};

    let rows = rows.map(|row| &row[..panel.len()]);
    let mut sums = [[f32x4_splat(0.0); COLUMNS / 4]; R];
    for (index, weights) in panel.iter().enumerate() {
        let weights: [v128; COLUMNS / 4] =
            // SAFETY: the four values of each part are within the row of the panel.
            std::array::from_fn(|part| unsafe { v128_load(weights.as_ptr().add(4 * part).cast()) });
        for (row, sums) in rows.iter().zip(&mut sums) {
            let value = f32x4_splat(row[index]);
            for (weights, sum) in weights.iter().zip(sums) {
                *sum = f32x4_add(*sum, f32x4_mul(value, *weights));
            }
        }
    }
    sums.map(|parts| {
        let mut out = [0.0; COLUMNS];
        for (part, out) in parts.into_iter().zip(out.as_chunks_mut::<4>().0) {
            // SAFETY: four values are 16 bytes.
            unsafe { v128_store(out.as_mut_ptr().cast(), part) };
        }
        out
    })
}

/// Multiplies `R` rows by a panel.
#[cfg(not(target_arch = "wasm32"))]
fn multiply<const R: usize>(rows: [&[f32]; R], panel: &[[f32; COLUMNS]]) -> [[f32; COLUMNS]; R] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: this processor has AVX2.
        return unsafe { with_avx2(rows, panel) };
    }
    sums(rows, panel)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<const R: usize>(rows: [&[f32]; R], panel: &[[f32; COLUMNS]]) -> [[f32; COLUMNS]; R] {
    sums(rows, panel)
}

/// The compiler vectorizes this for the target features of the caller, and never fuses a multiplication with an addition.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
fn sums<const R: usize>(rows: [&[f32]; R], panel: &[[f32; COLUMNS]]) -> [[f32; COLUMNS]; R] {
    let rows = rows.map(|row| &row[..panel.len()]);
    let mut sums = [[0.0; COLUMNS]; R];
    for (index, weights) in panel.iter().enumerate() {
        for (row, sums) in rows.iter().zip(&mut sums) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += row[index] * weight;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With sizes that are no multiples of those of panels, blocks and tiles.
    #[test]
    fn sums_are_accumulated_input_by_input() {
        let noise = |n: usize| (n * 7919 % 1009) as f32 / 1009.0 - 0.5;
        for (rows, inputs, columns) in [(1, 1, 1), (3, 5, 7), (70, 33, 35), (67, 16, 16)] {
            // Overlapping rows, as the windows of a convolution, and a transposed matrix.
            let x: Vec<f32> = (0..rows * 2 + inputs).map(noise).collect();
            let x = Matrix { row_stride: 2, ..Matrix::new(&x, rows, inputs) };
            let weights: Vec<f32> = (0..inputs * columns).map(|n| noise(n + 31)).collect();
            let weights = Matrix::new(&weights, columns, inputs).transposed();
            let expected: Vec<f32> = (0..rows * columns)
                .map(|place| {
                    let (row, column) = (place / columns, place % columns);
                    (0..inputs).fold(0.0, |sum, input| {
                        sum + x.values[row * 2 + input] * weights.values[column * inputs + input]
                    })
                })
                .collect();
            let packed = PackedMatrix::new(weights);
            let mut out = vec![f32::NAN; rows * columns];
            packed.multiply(x, &mut out, |out, _, sum| *out = sum);
            assert_eq!(out, expected);
            packed.multiply(x, &mut out, |out, column, sum| *out += sum + column as f32);
            let twice = |place: usize| expected[place] + (expected[place] + (place % columns) as f32);
            assert_eq!(out, (0..rows * columns).map(twice).collect::<Vec<_>>());
        }
    }
}
