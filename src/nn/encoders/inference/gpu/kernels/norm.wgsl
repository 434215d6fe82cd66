// Norms and the softmax, in place.

struct Sizes {
    rows: u32, width: u32,
    epsilon: f32,
    // 0: keep, 1: GELU.
    then: u32,
    // One divided by the number of values that a mean is taken of.
    share: f32,
    nothing: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// `width` scales, then `width` shifts.
@group(0) @binding(1) var<storage, read> channels: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

const LANES = 64u;
// Of the lanes, those beside each other in a frame.
const BESIDE = 16u;

var<workgroup> lanes: array<f32, LANES>;

// The sum over all lanes whose numbers leave the same rest when divided by `step`.
fn sum(value: f32, lane: u32, step: u32) -> f32 {
    workgroupBarrier();
    lanes[lane] = value;
    workgroupBarrier();
    for (var half = LANES / 2; half >= step; half /= 2) {
        if (lane < half) {
            lanes[lane] += lanes[lane + half];
        }
        workgroupBarrier();
    }
    return lanes[lane % step];
}

fn highest(value: f32, lane: u32) -> f32 {
    workgroupBarrier();
    lanes[lane] = value;
    workgroupBarrier();
    for (var half = LANES / 2; half >= 1; half /= 2) {
        if (lane < half) {
            lanes[lane] = max(lanes[lane], lanes[lane + half]);
        }
        workgroupBarrier();
    }
    return lanes[0];
}

fn finished(value: f32, scale: f32, channel: u32) -> f32 {
    let normed = settled(settled(value * scale) * channels[channel]) + channels[sizes.width + channel];
    if (sizes.then == 1) {
        return gelu(normed);
    }
    return normed;
}

// Every frame over its channels: a workgroup each.
@compute @workgroup_size(64)
fn over_channels(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let start = group.x * sizes.width;
    var part = 0.0;
    for (var i = lane; i < sizes.width; i += LANES) {
        part += x[start + i];
    }
    let mean = settled(sum(part, lane, 1u) * sizes.share);
    part = 0.0;
    for (var i = lane; i < sizes.width; i += LANES) {
        let off = x[start + i] - mean;
        part += settled(off * off);
    }
    let scale = inverse_square_root(settled(sum(part, lane, 1u) * sizes.share) + sizes.epsilon);
    for (var i = lane; i < sizes.width; i += LANES) {
        x[start + i] = finished(x[start + i] - mean, scale, i);
    }
}

// Every channel over time: a workgroup for some channels beside each other.
@compute @workgroup_size(64)
fn over_time(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let channel = group.x * BESIDE + lane % BESIDE;
    let is_there = channel < sizes.width;
    let first = lane / BESIDE;
    let step = LANES / BESIDE;
    var part = 0.0;
    if (is_there) {
        for (var row = first; row < sizes.rows; row += step) {
            part += x[row * sizes.width + channel];
        }
    }
    let mean = settled(sum(part, lane, BESIDE) * sizes.share);
    part = 0.0;
    if (is_there) {
        for (var row = first; row < sizes.rows; row += step) {
            let off = x[row * sizes.width + channel] - mean;
            part += settled(off * off);
        }
    }
    let scale = inverse_square_root(settled(sum(part, lane, BESIDE) * sizes.share) + sizes.epsilon);
    if (is_there) {
        for (var row = first; row < sizes.rows; row += step) {
            let at = row * sizes.width + channel;
            x[at] = finished(x[at] - mean, scale, channel);
        }
    }
}

// Every row's values as shares of their exponentials: a workgroup each.
@compute @workgroup_size(64)
fn softmax(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let start = (group.y * sizes.rows + group.x) * sizes.width;
    var top = x[start];
    for (var i = lane; i < sizes.width; i += LANES) {
        top = max(top, x[start + i]);
    }
    top = highest(top, lane);
    var part = 0.0;
    for (var i = lane; i < sizes.width; i += LANES) {
        let share = exponential(x[start + i] - top);
        x[start + i] = share;
        part += share;
    }
    let scale = reciprocal(sum(part, lane, 1u));
    for (var i = lane; i < sizes.width; i += LANES) {
        x[start + i] *= scale;
    }
}
