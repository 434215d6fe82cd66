// Norms, in place.

struct Sizes {
    rows: u32, width: u32,
    epsilon: f32,
    // 0: none, 1: GELU.
    epilogue: u32,
    // The reciprocal of the number of values in a mean.
    inverse_count: f32,
    zero: u32,
}

// `width` scales, then `width` shifts.
@group(0) @binding(0) var<storage, read> channels: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

// Number of adjacent channels in a workgroup.
const CHANNELS = 16u;

fn scale_and_shift(value: f32, scale: f32, channel: u32) -> f32 {
    let normed = unfused(unfused(value * scale) * channels[channel]) + channels[sizes.width + channel];
    if (sizes.epilogue == 1) {
        return gelu(normed);
    }
    return normed;
}

// Layer norm: a workgroup per frame.
@compute @workgroup_size(64)
fn over_channels(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let start = group.x * sizes.width;
    var part = 0.0;
    for (var i = lane; i < sizes.width; i += LANES) {
        part += x[start + i];
    }
    let mean = unfused(sum_over_lanes(part, lane, 1u) * sizes.inverse_count);
    part = 0.0;
    for (var i = lane; i < sizes.width; i += LANES) {
        let deviation = x[start + i] - mean;
        part += unfused(deviation * deviation);
    }
    let scale = inverse_square_root(unfused(sum_over_lanes(part, lane, 1u) * sizes.inverse_count) + sizes.epsilon);
    for (var i = lane; i < sizes.width; i += LANES) {
        x[start + i] = scale_and_shift(x[start + i] - mean, scale, i);
    }
}

// Group norm with one channel per group, over time: a workgroup for adjacent channels.
@compute @workgroup_size(64)
fn over_time(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x * CHANNELS + lane % CHANNELS;
    let is_inside = channel < sizes.width;
    let first = lane / CHANNELS;
    let step = LANES / CHANNELS;
    var part = 0.0;
    if (is_inside) {
        for (var row = first; row < sizes.rows; row += step) {
            part += x[row * sizes.width + channel];
        }
    }
    let mean = unfused(sum_over_lanes(part, lane, CHANNELS) * sizes.inverse_count);
    part = 0.0;
    if (is_inside) {
        for (var row = first; row < sizes.rows; row += step) {
            let deviation = x[row * sizes.width + channel] - mean;
            part += unfused(deviation * deviation);
        }
    }
    let scale = inverse_square_root(unfused(sum_over_lanes(part, lane, CHANNELS) * sizes.inverse_count) + sizes.epsilon);
    if (is_inside) {
        for (var row = first; row < sizes.rows; row += step) {
            let at = row * sizes.width + channel;
            x[at] = scale_and_shift(x[at] - mean, scale, channel);
        }
    }
}
