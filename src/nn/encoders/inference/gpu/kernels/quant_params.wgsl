// For each row of inputs, the quantization parameters that map its range to 128 codes, with an exact 0.

struct Sizes {
    // Number of values in a row, row stride, and batch stride.
    width: u32, row: u32, batch: u32,
    rows: u32,
    zero: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
// Scale, inverse scale, and zero point.
@group(0) @binding(1) var<storage, read_write> params: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

const LANES = 64u;

var<workgroup> ends: array<vec2f, LANES>;

@compute @workgroup_size(64)
fn quant_params(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let start = group.y * sizes.batch + group.x * sizes.row;
    var low = 0.0;
    var high = 0.0;
    for (var i = lane; i < sizes.width; i += LANES) {
        low = min(low, x[start + i]);
        high = max(high, x[start + i]);
    }
    ends[lane] = vec2f(low, high);
    workgroupBarrier();
    for (var half = LANES / 2; half >= 1; half /= 2) {
        if (lane < half) {
            let other = ends[lane + half];
            ends[lane] = vec2f(min(ends[lane].x, other.x), max(ends[lane].y, other.y));
        }
        workgroupBarrier();
    }
    if (lane == 0) {
        let end = ends[0];
        let range = unfused(end.y - end.x);
        let scale = select(1.0, unfused(range * (1.0 / 127.0)), range > 1e-30);
        let inverse_scale = reciprocal(scale);
        params[group.y * sizes.rows + group.x] = vec4f(scale, inverse_scale, round(-end.x * inverse_scale), 0.0);
    }
}
