//! Triangular mel filters with Slaney's scale and area normalisation, as `librosa.filters.mel` by default.

/// Slaney's mel scale is linear below 1 kHz: 200/3 Hz per mel.
const HZ_PER_MEL: f64 = 200.0 / 3.0;
/// Above this, the scale is logarithmic.
const LOG_START_HZ: f64 = 1000.0;
const LOG_START_MEL: f64 = LOG_START_HZ / HZ_PER_MEL;
/// `ln(6.4) / 27`: in the logarithmic part, 27 mels span a factor of 6.4.
const LOG_STEP: f64 = 0.068_751_777_420_949_12;

/// Hz to mel on Slaney's scale.
pub fn hz_to_mel(hz: f64) -> f64 {
    if hz < LOG_START_HZ { hz / HZ_PER_MEL } else { LOG_START_MEL + (hz / LOG_START_HZ).ln() / LOG_STEP }
}

/// Mel to Hz on Slaney's scale.
pub fn mel_to_hz(mel: f64) -> f64 {
    if mel < LOG_START_MEL {
        mel * HZ_PER_MEL
    } else {
        LOG_START_HZ * (LOG_STEP * (mel - LOG_START_MEL)).exp()
    }
}

/// The edges of `n_mels` bands from 0 Hz to half of `sample_rate_hz`, in Hz: of the `n_mels + 2` edges, band `i` begins at
/// `i`, peaks at `i + 1` and ends at `i + 2`.
pub fn mel_band_edges_hz(sample_rate_hz: u32, n_mels: usize) -> Vec<f64> {
    let top_mel = hz_to_mel(f64::from(sample_rate_hz) / 2.0);
    (0..n_mels + 2).map(|edge| mel_to_hz(top_mel * edge as f64 / (n_mels + 1) as f64)).collect()
}

/// Mel filters over the bins of a power spectrum, stored without their zeros.
#[derive(Clone)]
pub struct MelFilterBank {
    filters: Vec<Filter>,
    bins: usize,
}

#[derive(Clone)]
struct Filter {
    first_bin: usize,
    weights: Vec<f32>,
}

impl MelFilterBank {
    /// Computes `n_mels` filters from 0 Hz to half of `sample_rate_hz`, over the `n_fft / 2 + 1` bins of a spectrum.
    pub fn new(sample_rate_hz: u32, n_fft: usize, n_mels: usize) -> Self {
        let bins = n_fft / 2 + 1;
        let edges_hz = mel_band_edges_hz(sample_rate_hz, n_mels);
        let bin_hz = |bin: usize| f64::from(sample_rate_hz) * bin as f64 / n_fft as f64;
        let filters = edges_hz
            .windows(3)
            .map(|edges| {
                let [low, centre, high] = [edges[0], edges[1], edges[2]];
                let area = 2.0 / (high - low);
                let weight = |bin: usize| {
                    let rising = (bin_hz(bin) - low) / (centre - low);
                    let falling = (high - bin_hz(bin)) / (high - centre);
                    (rising.min(falling).max(0.0) * area) as f32
                };
                let first_bin = (0..bins).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
                let weights = (first_bin..bins).map(weight).take_while(|&w| w > 0.0).collect();
                Filter { first_bin, weights }
            })
            .collect();
        Self { filters, bins }
    }

    /// Number of filters.
    pub fn n_mels(&self) -> usize {
        self.filters.len()
    }

    /// The energy of the power spectrum in each band, lowest first.
    pub fn apply<'a>(&'a self, power: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.filters.iter().map(|filter| dot(&filter.weights, &power[filter.first_bin..]))
    }

    /// The filters as a dense, row-major matrix: `n_mels` × bins.
    pub fn to_dense(&self) -> Vec<f32> {
        let mut dense = vec![0.0; self.filters.len() * self.bins];
        for (row, filter) in dense.chunks_mut(self.bins).zip(&self.filters) {
            row[filter.first_bin..][..filter.weights.len()].copy_from_slice(&filter.weights);
        }
        dense
    }
}

/// The dot product over the shorter length, in eight partial sums that the compiler can vectorize.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let b = &b[..a.len()];
    let mut lanes = [0.0_f32; 8];
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conversions_are_inverse() {
        for hz in [0.0, 440.0, 999.0, 1000.0, 1001.0, 8000.0] {
            assert!((mel_to_hz(hz_to_mel(hz)) - hz).abs() < 1e-9 * hz.max(1.0));
        }
    }

    #[test]
    fn sparse_filters_equal_the_dense_matrix() {
        let bank = MelFilterBank::new(16_000, 512, 40);
        let power: Vec<f32> = (0..257).map(|bin| (bin as f32 * 0.37).sin().abs()).collect();
        let dense = bank.to_dense();
        for (sparse, row) in bank.apply(&power).zip(dense.chunks(257)) {
            let expected: f32 = row.iter().zip(&power).map(|(w, p)| w * p).sum();
            assert!((sparse - expected).abs() <= 1e-6 * expected.max(1e-3));
        }
    }
}
