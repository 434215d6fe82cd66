// Softmax of each row, in place.

struct Sizes {
    rows: u32, width: u32,
    zero: u32,
}

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<uniform> sizes: Sizes;

// A workgroup per row.
@compute @workgroup_size(64)
fn softmax(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let start = (group.y * sizes.rows + group.x) * sizes.width;
    var largest = x[start];
    for (var i = lane; i < sizes.width; i += LANES) {
        largest = max(largest, x[start + i]);
    }
    largest = max_over_lanes(largest, lane);
    var part = 0.0;
    for (var i = lane; i < sizes.width; i += LANES) {
        let value = exponential(x[start + i] - largest);
        x[start + i] = value;
        part += value;
    }
    let scale = reciprocal(sum_over_lanes(part, lane, 1u));
    for (var i = lane; i < sizes.width; i += LANES) {
        x[start + i] *= scale;
    }
}
