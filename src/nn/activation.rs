//! Elementwise functions on plain slices, without branches: the compiler vectorizes them, and every processor gives the
//! same bits. So do GPUs, whose kernels (`encoders/inference/gpu/kernels/`) take the same steps; their divisions and square
//! roots are less exact, so that neither is used here.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E};

/// Adding this to a number within ±2²² leaves its nearest integer in the lowest bits, ties to even: rounding in two
/// operations that is identical on every processor.
pub const ROUNDING: f32 = 12_582_912.0;

/// Applies GELU in place, `x Φ(x)`, in the exact form by the error function (Hendrycks and Gimpel, "Gaussian Error Linear
/// Units", 2016).
pub fn gelu(values: &mut [f32]) {
    for value in values {
        *value *= 0.5 + 0.5 * erf(*value * FRAC_1_SQRT_2);
    }
}

/// Replaces each value by the derivative of [`gelu`] at it: `Φ(x) + x φ(x)`.
#[cfg(feature = "train")]
pub fn gelu_derivative(values: &mut [f32]) {
    const DENSITY_AT_0: f32 = 0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;
    for value in values {
        let x = *value;
        *value = 0.5 + 0.5 * erf(x * FRAC_1_SQRT_2) + x * DENSITY_AT_0 * exp(-0.5 * x * x);
    }
}

/// The error function within 4e-7: the rational approximation that Eigen (MPL 2.0) uses for floats.
#[inline]
fn erf(x: f32) -> f32 {
    // Above this, it is 1 in 32 bits.
    const LIMIT: f32 = 3.832_507;
    const NUMERATOR: [f32; 5] =
        [FRAC_2_SQRT_PI, 0.185_208_32, 0.050_955_694, 0.003_408_291, 0.000_229_050_66];
    const DENOMINATOR: [f32; 7] =
        [1.0, 0.497_469_25, 0.110_985_056, 0.014_070_47, 0.001_017_962_5, 0.000_023_547_966, -1.179_160_3e-7];
    let x = x.clamp(-LIMIT, LIMIT);
    let square = x * x;
    let polynomial = |coefficients: &[f32]| coefficients.iter().rev().fold(0.0, |sum, c| sum * square + c);
    x * polynomial(&NUMERATOR) * reciprocal(polynomial(&DENOMINATOR))
}

/// Applies the softmax to each row in place.
pub fn softmax(rows: &mut [f32], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        let top = row.iter().fold(f32::NEG_INFINITY, |top, &value| if value > top { value } else { top });
        row.iter_mut().for_each(|value| *value = exp(*value - top));
        let scale = reciprocal(sum(row, |value| value));
        row.iter_mut().for_each(|value| *value *= scale);
    }
}

/// The exponential of a number that is not above 0, within a relative error of 2e-7: 2 to the nearest integer power times
/// the minimax polynomial of the Cephes library.
#[inline]
fn exp(x: f32) -> f32 {
    const COEFFICIENTS: [f32; 6] =
        [0.5, 0.166_666_65, 0.041_665_796, 0.008_333_452, 0.001_398_2, 0.000_198_756_92];
    // Below this, it is smaller than the smallest normal number. `max` would be a call in a browser.
    let x = if x > -87.0 { x } else { -87.0 };
    let power = x * LOG2_E + ROUNDING;
    let whole = power - ROUNDING;
    // ln 2 in two parts; the product of the first with a small integer is exact.
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let polynomial = COEFFICIENTS.iter().rev().fold(0.0, |sum, term| sum * rest + term);
    let scale = f32::from_bits((((power.to_bits() as i32) - ROUNDING.to_bits() as i32 + 127) << 23) as u32);
    (polynomial * rest * rest + rest + 1.0) * scale
}

/// The rectified linear unit.
#[inline]
pub fn relu(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.0 }
}

/// The logistic function `1 / (1 + exp(-x))`.
#[inline]
pub fn sigmoid(x: f32) -> f32 {
    let tail = exp(-x.abs());
    let numerator = if x < 0.0 { tail } else { 1.0 };
    numerator * reciprocal(1.0 + tail)
}

/// The hyperbolic tangent, within 4e-7.
#[inline]
pub fn tanh(x: f32) -> f32 {
    2.0 * sigmoid(2.0 * x) - 1.0
}

/// The reciprocal of a positive number, within a relative error of 2e-7: Newton's method from an initial guess that
/// negates the exponent.
#[inline]
pub fn reciprocal(x: f32) -> f32 {
    let guess = f32::from_bits(0x7ef3_11c7_u32.wrapping_sub(x.to_bits()));
    (0..3).fold(guess, |near, _| near * (2.0 - x * near))
}

/// The reciprocal square root of a positive number, within a relative error of 3e-7: Newton's method from an initial guess
/// that negates and halves the exponent.
#[inline]
pub fn inverse_square_root(x: f32) -> f32 {
    let guess = f32::from_bits(0x5f37_5a86_u32.wrapping_sub(x.to_bits() >> 1));
    (0..3).fold(guess, |near, _| near * (1.5 - 0.5 * x * near * near))
}

/// Number of parallel partial sums.
const LANES: usize = 64;

/// The sum of `f` over all values: lane `n` sums every 64th value from the `n`th on, then the upper half of the lanes is added to
/// the lower half repeatedly.
pub fn sum(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for chunk in values.chunks(LANES) {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &value)| *lane += f(value));
    }
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        let (lower, upper) = lanes.split_at_mut(count);
        lower.iter_mut().zip(upper).for_each(|(lower, upper)| *lower += *upper);
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By its Taylor series, which converges fast enough below 4.
    fn exact_erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn gelu_is_exact_to_single_precision() {
        for step in -5000..=5000 {
            let x = step as f32 * 1e-3;
            let mut value = [x];
            gelu(&mut value);
            let exact = f64::from(x) * 0.5 * (1.0 + exact_erf(f64::from(x) / std::f64::consts::SQRT_2));
            assert!((f64::from(value[0]) - exact).abs() < 2e-6, "{x}: {} and {exact}", value[0]);
        }
        let mut far = [-1e6, -20.0, 20.0, 1e6];
        gelu(&mut far);
        let near = |value: f32, x: f32, exact: f32| (value - exact).abs() <= 2e-7 * x;
        assert!(near(far[0], 1e6, 0.0) && near(far[1], 20.0, 0.0), "{far:?}");
        assert!(near(far[2], 20.0, 20.0) && near(far[3], 1e6, 1e6), "{far:?}");
    }

    #[test]
    fn the_derivative_of_gelu_is_its_derivative() {
        let gelu = |x: f64| 0.5 * x * (1.0 + exact_erf(x / std::f64::consts::SQRT_2));
        for step in -500..=500 {
            let x = step as f32 * 1e-2;
            let mut derivative = [x];
            gelu_derivative(&mut derivative);
            let x = f64::from(x);
            let expected = (gelu(x + 1e-4) - gelu(x - 1e-4)) / 2e-4;
            assert!(
                (f64::from(derivative[0]) - expected).abs() < 2e-6,
                "{x}: {} and {expected}",
                derivative[0]
            );
        }
    }

    #[test]
    fn exponentials_are_exact_to_single_precision() {
        for step in 0..=8600 {
            let x = step as f32 * -1e-2;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}: {} and {exact}", exp(x));
        }
        assert!(exp(-1e9) < 1e-37);
    }

    #[test]
    fn sigmoid_and_tanh_are_exact_to_single_precision() {
        for step in -2000..=2000 {
            let x = step as f32 * 1e-2;
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(sigmoid(x)) - exact).abs() < 4e-7, "{x}: {} and {exact}", sigmoid(x));
            assert!((f64::from(tanh(x)) - f64::from(x).tanh()).abs() < 8e-7, "{x}: {}", tanh(x));
        }
        let far = [sigmoid(-1e9), sigmoid(1e9) - 1.0, tanh(-1e9) + 1.0, tanh(1e9) - 1.0];
        assert!(far.iter().all(|off| off.abs() < 4e-7), "{far:?}");
    }

    #[test]
    fn reciprocals_and_roots_are_exact_to_single_precision() {
        for step in -600..=600 {
            let x = 1.137_f32.powi(step);
            let near = |ours: f32, exact: f64, limit: f64| (f64::from(ours) / exact - 1.0).abs() < limit;
            assert!(near(reciprocal(x), 1.0 / f64::from(x), 2e-7), "{x}: {}", reciprocal(x));
            let root = inverse_square_root(x);
            assert!(near(root, 1.0 / f64::from(x).sqrt(), 3e-7), "{x}: {root}");
        }
    }

    #[test]
    fn every_value_is_summed_once() {
        for count in [0, 1, 63, 64, 65, 200] {
            let values: Vec<f32> = (1..=count).map(|n| n as f32).collect();
            assert_eq!(sum(&values, |value| 2.0 * value), (count * (count + 1)) as f32);
        }
    }

    #[test]
    fn each_row_of_a_softmax_sums_to_one() {
        let mut rows = [1.0, 2.0, 3.0, -1e4, 0.0, 1e4];
        softmax(&mut rows, 3);
        let expected = [0.090_030_57, 0.244_728_48, 0.665_240_94, 0.0, 0.0, 1.0];
        assert!(rows.iter().zip(expected).all(|(row, expected)| (row - expected).abs() < 1e-6), "{rows:?}");
    }
}
