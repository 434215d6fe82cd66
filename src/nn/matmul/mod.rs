//! Matrix products of floats on the CPU: with maximum speed, or with the same bits on every processor.

mod in_order;

pub use in_order::PackedMatrix;

/// A matrix as a slice with the strides of its rows and columns.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    pub values: &'a [f32],
    pub rows: usize,
    pub columns: usize,
    pub row_stride: usize,
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, row_stride: columns, column_stride: 1 }
    }

    pub fn transposed(self) -> Self {
        let Self { values, rows, columns, row_stride, column_stride } = self;
        Self { values, rows: columns, columns: rows, row_stride: column_stride, column_stride: row_stride }
    }

    fn fits(&self, length: usize) -> bool {
        let last = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride;
        self.rows > 0 && self.columns > 0 && last < length
    }
}

/// Computes `out = lhs × rhs`, or `out += lhs × rhs` if `accumulate`; `out` is row-major. The last bits depend on the processor.
pub fn multiply(lhs: Matrix, rhs: Matrix, out: &mut [f32], accumulate: bool) {
    let (m, n, k) = (lhs.rows, rhs.columns, lhs.columns);
    assert!(lhs.fits(lhs.values.len()) && rhs.fits(rhs.values.len()) && rhs.rows == k && out.len() >= m * n);
    // SAFETY: every index that the strides reach is within its slice, by the assertion above, and `out` is borrowed
    // mutably.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            lhs.values.as_ptr(),
            lhs.column_stride as isize,
            lhs.row_stride as isize,
            rhs.values.as_ptr(),
            rhs.column_stride as isize,
            rhs.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
