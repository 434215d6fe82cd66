// Functions with the same bits as on the CPU (nn/activation.rs). A GPU may fuse a multiplication with an addition, and its
// divisions and square roots are less exact: here nothing is fused or divided.

// The value itself, which no compiler can fuse into the next operation: `zero` is 0, but the compiler does not know.
fn unfused(value: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(value) ^ sizes.zero);
}

fn reciprocal(value: f32) -> f32 {
    var near = bitcast<f32>(0x7ef311c7u - bitcast<u32>(value));
    for (var i = 0u; i < 3; i += 1) {
        near = unfused(near * (2.0 - unfused(value * near)));
    }
    return near;
}

fn inverse_square_root(value: f32) -> f32 {
    var near = bitcast<f32>(0x5f375a86u - (bitcast<u32>(value) >> 1));
    for (var i = 0u; i < 3; i += 1) {
        near = unfused(near * (1.5 - unfused(unfused(unfused(0.5 * value) * near) * near)));
    }
    return near;
}

// Of a number that is not above 0.
fn exponential(value: f32) -> f32 {
    let v = max(value, -87.0);
    let whole = round(unfused(v * 1.4426950408889634));
    let rest = unfused(v - unfused(whole * 0.6933594)) + unfused(whole * 2.1219444e-4);
    var sum = 0.00019875692;
    sum = unfused(sum * rest) + 0.0013982;
    sum = unfused(sum * rest) + 0.008333452;
    sum = unfused(sum * rest) + 0.041665796;
    sum = unfused(sum * rest) + 0.16666665;
    sum = unfused(sum * rest) + 0.5;
    let power = unfused(unfused(unfused(unfused(sum * rest) * rest) + rest) + 1.0);
    return power * bitcast<f32>((i32(whole) + 127) << 23);
}

fn erf(value: f32) -> f32 {
    let v = clamp(value, -3.832507, 3.832507);
    let s = unfused(v * v);
    var numerator = 0.00022905066;
    numerator = unfused(numerator * s) + 0.003408291;
    numerator = unfused(numerator * s) + 0.050955694;
    numerator = unfused(numerator * s) + 0.18520832;
    numerator = unfused(numerator * s) + 1.1283792;
    var denominator = -1.1791603e-7;
    denominator = unfused(denominator * s) + 0.000023547966;
    denominator = unfused(denominator * s) + 0.0010179625;
    denominator = unfused(denominator * s) + 0.01407047;
    denominator = unfused(denominator * s) + 0.110985056;
    denominator = unfused(denominator * s) + 0.49746925;
    denominator = unfused(denominator * s) + 1.0;
    return unfused(v * numerator) * reciprocal(denominator);
}

fn gelu(value: f32) -> f32 {
    return value * unfused(0.5 + 0.5 * erf(unfused(value * 0.70710677)));
}
