// out[batch][row][column] = Σ x[batch][row][i] × weight[batch][column][i], with an epilogue. Each workgroup computes a
// tile of 32 rows and 64 columns, each invocation 4 × 4 values of it, from slices of the inputs in workgroup memory.
//
// For weights of eight bits, inputs are quantized with the same parameters as on the CPU, and sums of floats are accumulated
// input by input, so that both give the same output.

struct Sizes {
    rows: u32, columns: u32, inputs: u32,
    // Start, row stride and batch stride. Values of a row are contiguous.
    x_start: u32, x_row: u32, x_batch: u32,
    weight_start: u32, weight_row: u32, weight_input: u32, weight_batch: u32,
    out_row: u32, out_batch: u32,
    // Of the scales and biases: batch stride, and the number of each.
    channel_batch: u32, channels: u32,
    // 0: none, 1: GELU, 2: accumulate.
    epilogue: u32,
    // Row stride and batch stride of the quantization parameters.
    params_row: u32, params_batch: u32,
    zero: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> channels: array<f32>;
// Quantization parameters of the inputs, for integer weights: scale, inverse scale, and zero point.
@group(0) @binding(3) var<storage, read> params: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

const ROWS = 32u;
const COLUMNS = 64u;
const SLICE = 16u;

var<workgroup> x_slice: array<vec4f, SLICE * ROWS / 4>;
var<workgroup> weight_slice: array<vec4f, SLICE * COLUMNS / 4>;

fn weight(index: u32) -> f32 {
    if (INTEGERS) {
        return f32(extractBits(bitcast<i32>(weights[index / 4]), 8 * (index % 4), 8u));
    }
    return bitcast<f32>(weights[index]);
}

fn params_of(batch: u32, row: u32) -> vec4f {
    if (!INTEGERS || row >= sizes.rows) {
        return vec4f(1.0, 1.0, 0.0, 0.0);
    }
    return params[batch * sizes.params_batch + row * sizes.params_row];
}

// Quantized, less the zero point, if weights are integers.
fn x_at(batch: u32, row: u32, input: u32, quant: vec4f) -> f32 {
    if (row >= sizes.rows || input >= sizes.inputs) {
        return 0.0;
    }
    let value = x[sizes.x_start + batch * sizes.x_batch + row * sizes.x_row + input];
    if (INTEGERS) {
        return clamp(round(value * quant.y) + quant.z, 0.0, 127.0) - quant.z;
    }
    return value;
}

fn weight_at(batch: u32, column: u32, input: u32) -> f32 {
    if (column >= sizes.columns || input >= sizes.inputs) {
        return 0.0;
    }
    let start = sizes.weight_start + batch * sizes.weight_batch;
    return weight(start + column * sizes.weight_row + input * sizes.weight_input);
}

// Products and sums of integers are exact, fused or not.
fn times(value: f32, weights: vec4f) -> vec4f {
    let product = value * weights;
    if (INTEGERS) {
        return product;
    }
    return bitcast<vec4f>(bitcast<vec4u>(product) ^ vec4u(sizes.zero));
}

@compute @workgroup_size(16, 8)
fn matmul(
    @builtin(workgroup_id) tile: vec3u,
    @builtin(local_invocation_id) place: vec3u,
    @builtin(local_invocation_index) index: u32,
) {
    let batch = tile.z;
    let first_row = tile.y * ROWS;
    let first_column = tile.x * COLUMNS;
    let input = index % SLICE;
    let four = index / SLICE;
    var sums: array<vec4f, 4>;
    let row = first_row + 4 * four;
    let row_params = array(params_of(batch, row), params_of(batch, row + 1), params_of(batch, row + 2), params_of(batch, row + 3));
    for (var slice = 0u; slice < sizes.inputs; slice += SLICE) {
        let at = slice + input;
        x_slice[input * ROWS / 4 + four] = vec4f(
            x_at(batch, row, at, row_params[0]), x_at(batch, row + 1, at, row_params[1]),
            x_at(batch, row + 2, at, row_params[2]), x_at(batch, row + 3, at, row_params[3]),
        );
        for (var half = 0u; half < 2; half += 1) {
            let column = first_column + 4 * (four + 8 * half);
            weight_slice[input * COLUMNS / 4 + four + 8 * half] = vec4f(
                weight_at(batch, column, at), weight_at(batch, column + 1, at),
                weight_at(batch, column + 2, at), weight_at(batch, column + 3, at),
            );
        }
        workgroupBarrier();
        for (var i = 0u; i < SLICE; i += 1) {
            let w = weight_slice[i * COLUMNS / 4 + place.x];
            let v = x_slice[i * ROWS / 4 + place.y];
            sums[0] += times(v.x, w);
            sums[1] += times(v.y, w);
            sums[2] += times(v.z, w);
            sums[3] += times(v.w, w);
        }
        workgroupBarrier();
    }
    for (var r = 0u; r < 4; r += 1) {
        let row = first_row + 4 * place.y + r;
        let activation_scale = params_of(batch, row).x;
        for (var c = 0u; c < 4; c += 1) {
            let column = first_column + 4 * place.x + c;
            if (row < sizes.rows && column < sizes.columns) {
                var value = sums[r][c];
                if (sizes.channels > 0) {
                    let channel = batch * sizes.channel_batch + column;
                    let scale = unfused(activation_scale * channels[channel]);
                    value = unfused(value * scale) + channels[sizes.channels + channel];
                }
                let at = batch * sizes.out_batch + row * sizes.out_row + column;
                switch sizes.epilogue {
                    case 1: { out[at] = gelu(value); }
                    case 2: { out[at] += value; }
                    default: { out[at] = value; }
                }
            }
        }
    }
}
