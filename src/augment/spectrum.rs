//! Filters in the frequency domain.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// The one-sided spectrum, `length / 2 + 1` bins, of samples padded with zeros to an even `length`.
pub fn spectrum(samples: &[f32], length: usize) -> Vec<Complex<f32>> {
    let plan = RealFftPlanner::new().plan_fft_forward(length);
    let mut padded = samples.to_vec();
    padded.resize(length, 0.0);
    let mut spectrum = plan.make_output_vec();
    plan.process(&mut padded, &mut spectrum).expect("the plan's own sizes");
    spectrum
}

/// Pads samples with zeros to an even `length`, multiplies bin k of their spectrum by `response(k)`, and transforms them back; the
/// result is as long as `samples`.
pub fn filter<T>(samples: &[f32], length: usize, mut response: impl FnMut(usize) -> T) -> Vec<f32>
where
    Complex<f32>: std::ops::MulAssign<T>,
{
    let mut bins = spectrum(samples, length);
    for (bin, value) in bins.iter_mut().enumerate() {
        *value *= response(bin);
        *value /= length as f32;
    }
    // The first and last bin of real samples are real.
    let last = bins.len() - 1;
    (bins[0].im, bins[last].im) = (0.0, 0.0);
    let plan = RealFftPlanner::new().plan_fft_inverse(length);
    let mut filtered = plan.make_output_vec();
    plan.process(&mut bins, &mut filtered).expect("the plan's own sizes");
    filtered.truncate(samples.len());
    filtered
}
