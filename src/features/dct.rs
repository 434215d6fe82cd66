//! The discrete cosine transform from log-mel bands to cepstral coefficients: type II, orthonormal, as
//! `scipy.fft.dct(norm="ortho")` over the bands.

/// Number of bands in a partial sum.
const BLOCK_BANDS: usize = 8;
/// Number of columns that are summed in parallel, few enough for the first-level cache.
const BLOCK_COLUMNS: usize = 64;

/// The first coefficients of a DCT-II over a fixed number of inputs.
#[derive(Clone)]
pub struct Dct {
    matrix: Vec<f32>,
    inputs: usize,
}

impl Dct {
    /// Precomputes the matrix for `outputs` coefficients of `inputs` values.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        let n = inputs as f64;
        let matrix = (0..outputs)
            .flat_map(|k| {
                let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
                (0..inputs).map(move |i| {
                    let angle = std::f64::consts::PI * k as f64 * (2 * i + 1) as f64 / (2.0 * n);
                    (scale * angle.cos()) as f32
                })
            })
            .collect();
        Self { matrix, inputs }
    }

    /// Transforms every column of `bands` (`inputs` rows of `columns` values) into `out` (`outputs` rows of `columns`).
    pub fn columns(&self, bands: &[f32], columns: usize, out: &mut [f32]) {
        out.fill(0.0);
        let mut partial = [0.0_f32; BLOCK_COLUMNS];
        for (row, weights) in out.chunks_exact_mut(columns).zip(self.matrix.chunks_exact(self.inputs)) {
            for (block, values) in row.chunks_mut(BLOCK_COLUMNS).enumerate() {
                let from = block * BLOCK_COLUMNS;
                // Partial sums of a few bands: 128 equal bands at -100 dB lose a thousandth of a decibel otherwise.
                for (first, weights) in weights.chunks(BLOCK_BANDS).enumerate() {
                    let partial = &mut partial[..values.len()];
                    partial.fill(0.0);
                    for (band, weight) in weights.iter().enumerate() {
                        let start = (first * BLOCK_BANDS + band) * columns + from;
                        for (sum, input) in partial.iter_mut().zip(&bands[start..]) {
                            *sum += weight * input;
                        }
                    }
                    for (value, sum) in values.iter_mut().zip(&*partial) {
                        *value += sum;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_transform_preserves_energy() {
        let inputs: Vec<f32> = (0..16).map(|i| ((i * i) as f32 * 0.7).sin()).collect();
        let mut outputs = vec![0.0; 16];
        Dct::new(16, 16).columns(&inputs, 1, &mut outputs);
        let energy = |values: &[f32]| values.iter().map(|v| v * v).sum::<f32>();
        assert!((energy(&inputs) - energy(&outputs)).abs() < 1e-4);
    }
}
