// Elementwise kernels.

struct Sizes {
    length: u32,
    // For `pad`: channels of a frame, groups of channels, frames, and padding before and after them.
    width: u32, groups: u32, frames: u32, before: u32, after: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(256)
fn copy(@builtin(global_invocation_id) place: vec3u) {
    if (place.x < sizes.length) {
        out[place.x] = x[place.x];
    }
}

@compute @workgroup_size(256)
fn add(@builtin(global_invocation_id) place: vec3u) {
    if (place.x < sizes.length) {
        out[place.x] += x[place.x];
    }
}

@compute @workgroup_size(256)
fn pad(@builtin(global_invocation_id) place: vec3u) {
    if (place.x >= sizes.length) {
        return;
    }
    let channels = sizes.width / sizes.groups;
    let channel = place.x % channels;
    let padded = place.x / channels;
    let all = sizes.before + sizes.frames + sizes.after;
    let group = padded / all;
    let frame = padded % all;
    if (frame < sizes.before || frame >= sizes.before + sizes.frames) {
        out[place.x] = 0.0;
    } else {
        out[place.x] = x[(frame - sizes.before) * sizes.width + group * channels + channel];
    }
}
