// Functions that give the bits that the CPU gives (nn/activation.rs). A graphics processor may fuse a product with the sum
// that takes it, and divides and takes roots less exactly: so here nothing is fused or divided.

// A value as it is, which no compiler can join with what takes it: `nothing` is 0, but it does not know.
fn settled(value: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(value) ^ sizes.nothing);
}

fn reciprocal(value: f32) -> f32 {
    var near = bitcast<f32>(0x7ef311c7u - bitcast<u32>(value));
    for (var i = 0u; i < 3; i += 1) {
        near = settled(near * (2.0 - settled(value * near)));
    }
    return near;
}

fn inverse_square_root(value: f32) -> f32 {
    var near = bitcast<f32>(0x5f375a86u - (bitcast<u32>(value) >> 1));
    for (var i = 0u; i < 3; i += 1) {
        near = settled(near * (1.5 - settled(settled(settled(0.5 * value) * near) * near)));
    }
    return near;
}

// Of what is not above 0.
fn exponential(value: f32) -> f32 {
    let v = max(value, -87.0);
    let whole = round(settled(v * 1.4426950408889634));
    let rest = settled(v - settled(whole * 0.6933594)) + settled(whole * 2.1219444e-4);
    var sum = 0.00019875692;
    sum = settled(sum * rest) + 0.0013982;
    sum = settled(sum * rest) + 0.008333452;
    sum = settled(sum * rest) + 0.041665796;
    sum = settled(sum * rest) + 0.16666665;
    sum = settled(sum * rest) + 0.5;
    let power = settled(settled(settled(settled(sum * rest) * rest) + rest) + 1.0);
    return power * bitcast<f32>((i32(whole) + 127) << 23);
}

fn erf(value: f32) -> f32 {
    let v = clamp(value, -3.832507, 3.832507);
    let s = settled(v * v);
    var above = 0.00022905066;
    above = settled(above * s) + 0.003408291;
    above = settled(above * s) + 0.050955694;
    above = settled(above * s) + 0.18520832;
    above = settled(above * s) + 1.1283792;
    var below = -1.1791603e-7;
    below = settled(below * s) + 0.000023547966;
    below = settled(below * s) + 0.0010179625;
    below = settled(below * s) + 0.01407047;
    below = settled(below * s) + 0.110985056;
    below = settled(below * s) + 0.49746925;
    below = settled(below * s) + 1.0;
    return settled(v * above) * reciprocal(below);
}

fn gelu(value: f32) -> f32 {
    return value * settled(0.5 + 0.5 * erf(settled(value * 0.70710677)));
}
