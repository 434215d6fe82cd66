// For each row of inputs the finest grid with 128 values from the lowest to the highest, and an exact 0.

struct Sizes {
    // Values of a row, from a row to the next, and from a batch to the next.
    width: u32, row: u32, batch: u32,
    rows: u32,
    nothing: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
// The distance of two values, one divided by it, and the code of 0.
@group(0) @binding(2) var<storage, read_write> grids: array<vec4f>;

const LANES = 64u;

var<workgroup> ends: array<vec2f, LANES>;

@compute @workgroup_size(64)
fn grids_of_rows(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
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
        let range = settled(end.y - end.x);
        let step = select(1.0, settled(range * (1.0 / 127.0)), range > 1e-30);
        let per_value = reciprocal(step);
        grids[group.y * sizes.rows + group.x] = vec4f(step, per_value, round(-end.x * per_value), 0.0);
    }
}
