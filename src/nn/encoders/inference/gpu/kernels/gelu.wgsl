// The error function within 4e-7, as the CPU has it.
fn erf(value: f32) -> f32 {
    let v = clamp(value, -3.832507, 3.832507);
    let s = v * v;
    let above = ((((0.00022905066 * s + 0.003408291) * s + 0.050955694) * s + 0.18520832) * s + 1.1283792);
    let below = (((((-1.1791603e-7 * s + 0.000023547966) * s + 0.0010179625) * s + 0.01407047) * s + 0.110985056) * s + 0.49746925) * s + 1.0;
    return v * above / below;
}

fn gelu(value: f32) -> f32 {
    return value * (0.5 + 0.5 * erf(value * 0.70710677));
}
