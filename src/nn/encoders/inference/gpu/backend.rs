//! The operations of encoders as a queue of dispatches on a CubeCL client, which runs them when values are read.

use burn::cubecl::prelude::CubeCount;
use burn::cubecl::server::{Handle, KernelArguments, MetadataBindingInfo};

use super::kernels::Kernel;
use crate::nn::encoders::inference::backend::{Backend, NormAxis};
use crate::nn::encoders::inference::weights::{DenseWeights, NormWeights, Rows};
use crate::nn::gpu::{Gpu, GpuError};
use crate::nn::quant::{Epilogue, Windows};

/// Rows and columns of the output tile of a workgroup in a matrix product.
const TILE: [usize; 2] = [32, 64];
/// Number of values of a workgroup in elementwise kernels.
const ELEMENTWISE: usize = 256;
/// Number of channels of a workgroup in a norm over time.
const CHANNELS: usize = 16;
/// Words of the largest structure of sizes, that of a matrix product, in whole vectors.
const UNIFORM_WORDS: usize = 20;

/// Operations on a GPU. Its allocator reuses the memory of values that are dropped.
pub struct Cube {
    gpu: Gpu,
    /// A placeholder for bindings that a kernel does not read.
    unread: Handle,
}

/// Floats in the GPU's memory.
#[derive(Default)]
pub struct Values {
    handle: Option<Handle>,
    length: usize,
}

impl Values {
    fn handle(&self) -> &Handle {
        self.handle.as_ref().expect("written before it is read")
    }
}

/// A linear layer, or one for each group of channels.
pub struct Dense {
    weights: Handle,
    is_integers: bool,
    /// The scales, then the biases.
    channels: Handle,
    inputs: usize,
    /// Row stride of the weights.
    row: usize,
    outputs: usize,
    groups: usize,
}

/// A norm.
pub struct Norm {
    /// The scales, then the shifts.
    channels: Handle,
    width: usize,
    epsilon: f32,
}

/// The arguments of a batched matrix product: `rows × columns` sums over `inputs`.
struct Matmul {
    rows: usize,
    columns: usize,
    inputs: usize,
    batches: usize,
    x: Layout,
    weights: Layout,
    out: Layout,
    channels: Channels,
    epilogue: Epilogue,
    /// Row stride and batch stride of the quantization parameters.
    quant_params: [usize; 2],
}

/// Offset of the first row, and strides.
struct Layout {
    start: usize,
    /// Row stride.
    row: usize,
    /// Stride within a row.
    value: usize,
    /// Batch stride.
    batch: usize,
}

/// Number of scales and biases of a product, per batch and in all; none are read if `all` is 0.
struct Channels {
    per_batch: usize,
    all: usize,
}

impl Cube {
    /// On a GPU.
    pub fn new(gpu: Gpu) -> Self {
        let unread = gpu.client().create_from_slice(&[0; 16]);
        Self { gpu, unread }
    }

    /// Runs all dispatches and reads `values` back.
    ///
    /// # Errors
    /// [`GpuError::Failed`] if the GPU stopped.
    pub async fn read(&self, values: &[&Values]) -> Result<Vec<Vec<f32>>, GpuError> {
        let handles = values.iter().map(|values| values.handle().clone()).collect();
        let read = self.gpu.client().read_async(handles).await;
        self.gpu.check()?;
        let read = read.map_err(|error| GpuError::Failed(error.to_string()))?;
        let floats =
            |bytes: &[u8]| bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect();
        Ok(read.iter().map(|bytes| floats(bytes)).collect())
    }

    /// Queues a dispatch of a kernel. Sizes beyond the given ones are 0.
    fn dispatch(&self, kernel: Kernel, sizes: &[u32], buffers: &[&Handle], workgroups: [usize; 3]) {
        // A binding must not be smaller than the shader's structure; its last word is 0.
        let mut words = sizes.to_vec();
        words.resize(UNIFORM_WORDS, 0);
        let (pairs, _) = words.as_chunks();
        let words = pairs.iter().map(|&[low, high]| u64::from(low) | u64::from(high) << 32).collect();
        let [x, y, z] = workgroups.map(|count| count as u32);
        let arguments = buffers.iter().fold(KernelArguments::new(), |arguments, &buffer| {
            arguments.with_buffer(buffer.clone().binding())
        });
        self.gpu.client().launch(
            Box::new(kernel),
            CubeCount::Static(x, y, z),
            arguments.with_info(MetadataBindingInfo::custom(words)),
        );
    }

    fn multiply(&self, kernel: Kernel, matmul: Matmul, buffers: &[&Handle; 5]) {
        let Matmul { rows, columns, inputs, batches, x, weights, out, channels, epilogue, quant_params } =
            matmul;
        let sizes = [
            [rows, columns, inputs],
            [x.start, x.row, x.batch],
            [weights.start, weights.row, weights.value],
            [weights.batch, out.row, out.batch],
            [channels.per_batch, channels.all, epilogue as usize],
        ];
        let sizes = sizes.into_iter().flatten().chain(quant_params);
        let sizes: Vec<u32> = sizes.map(|size| size as u32).collect();
        let tiles = [columns.div_ceil(TILE[1]), rows.div_ceil(TILE[0]), batches];
        self.dispatch(kernel, &sizes, buffers, tiles);
    }

    /// Resizes to `length` values, whose contents are lost.
    fn resize(&self, values: &mut Values, length: usize) {
        if values.handle.is_none() || values.length != length {
            *values = Values { handle: Some(self.gpu.client().empty(4 * length.max(1))), length };
        }
    }

    fn floats(&self, parts: &[Vec<f32>]) -> Handle {
        let bytes: Vec<u8> = parts.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        self.gpu.client().create_from_slice(&bytes)
    }

    /// Computes the quantization parameters of the rows of `x`, as [`Activations`](crate::nn::quant::Activations) does.
    /// Returns them, and their row stride and group stride.
    fn quantize(
        &self,
        x: &Values,
        [width, stride, count]: [usize; 3],
        groups: usize,
    ) -> (Handle, [usize; 2]) {
        let group_length = x.length / groups;
        let is_per_row = Windows { values: &[], stride, width, count }.is_per_row();
        let (width, rows) = if is_per_row { (width, count) } else { (group_length, 1) };
        let quant_params = self.gpu.client().empty(16 * groups * rows);
        let sizes = [width, stride, group_length, rows].map(|size| size as u32);
        self.dispatch(Kernel::QuantParams, &sizes, &[x.handle(), &quant_params], [rows, groups, 1]);
        (quant_params, [usize::from(is_per_row), rows])
    }

    /// Queues an elementwise kernel over all values of `out`.
    fn elementwise(&self, kernel: Kernel, sizes: &[usize], x: &Values, out: &Values) {
        let sizes: Vec<u32> = std::iter::once(&out.length).chain(sizes).map(|&size| size as u32).collect();
        let groups = out.length.div_ceil(ELEMENTWISE);
        self.dispatch(kernel, &sizes, &[x.handle(), out.handle()], [groups, 1, 1]);
    }
}

impl Backend for Cube {
    type Values = Values;
    type Dense = Dense;
    type Norm = Norm;

    fn dense(&self, groups: Vec<DenseWeights>) -> Dense {
        let (inputs, outputs) = (groups[0].inputs, groups[0].biases.len());
        let count = groups.len();
        let is_integers = groups.iter().all(|group| matches!(group.rows, Rows::Integers { .. }));
        // Words hold four integers, or one float.
        let row = if is_integers { inputs.next_multiple_of(4) } else { inputs };
        let (mut bytes, mut all_scales, mut all_biases) = (Vec::new(), Vec::new(), Vec::new());
        for DenseWeights { rows, biases, .. } in groups {
            all_biases.extend(biases);
            match rows {
                Rows::Integers { codes, scales } => {
                    for codes in codes.chunks_exact(inputs) {
                        bytes.extend(codes.iter().map(|&code| code as u8));
                        bytes.resize(bytes.len().next_multiple_of(4), 0);
                    }
                    all_scales.extend(scales);
                }
                Rows::Floats(values) => {
                    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                    all_scales.resize(all_biases.len(), 1.0);
                }
            }
        }
        Dense {
            weights: self.gpu.client().create_from_slice(&bytes),
            is_integers,
            channels: self.floats(&[all_scales, all_biases]),
            inputs,
            row,
            outputs,
            groups: count,
        }
    }

    fn norm(&self, NormWeights { gamma, beta, epsilon }: NormWeights) -> Norm {
        Norm { width: gamma.len(), channels: self.floats(&[gamma, beta]), epsilon }
    }

    fn load(&mut self, values: &mut Values, from: &[f32]) {
        *values = Values { handle: Some(self.floats(&[from.to_vec()])), length: from.len() };
    }

    fn len(values: &Values) -> usize {
        values.length
    }

    fn copy(&mut self, x: &Values, out: &mut Values) {
        self.resize(out, x.length);
        self.elementwise(Kernel::Copy, &[], x, out);
    }

    fn add(&mut self, x: &mut Values, y: &Values) {
        self.elementwise(Kernel::Add, &[], y, x);
    }

    fn pad(
        &mut self,
        x: &Values,
        width: usize,
        groups: usize,
        [before, after]: [usize; 2],
        out: &mut Values,
    ) {
        let frames = x.length / width;
        self.resize(out, (before + frames + after) * width);
        self.elementwise(Kernel::Pad, &[width, groups, frames, before, after], x, out);
    }

    fn linear(&mut self, dense: &Dense, x: &Values, stride: usize, epilogue: Epilogue, out: &mut Values) {
        let Dense { weights, is_integers, channels, inputs, row, outputs, groups } = dense;
        let group_length = x.length / groups;
        let rows = if group_length < *inputs { 0 } else { 1 + (group_length - inputs) / stride };
        let width = groups * outputs;
        if epilogue != Epilogue::Accumulate {
            self.resize(out, rows * width);
        }
        let (kernel, (params, quant_params)) = match is_integers {
            true => (Kernel::MatmulI8, self.quantize(x, [*inputs, stride, rows], *groups)),
            false => (Kernel::MatmulF32, (self.unread.clone(), [0, 0])),
        };
        let matmul = Matmul {
            rows,
            columns: *outputs,
            inputs: *inputs,
            batches: *groups,
            x: Layout { start: 0, row: stride, value: 1, batch: group_length },
            weights: Layout { start: 0, row: *row, value: 1, batch: row * outputs },
            out: Layout { start: 0, row: width, value: 1, batch: *outputs },
            channels: Channels { per_batch: *outputs, all: width },
            epilogue,
            quant_params,
        };
        self.multiply(kernel, matmul, &[x.handle(), weights, channels, &params, out.handle()]);
    }

    fn feed_forward(
        &mut self,
        [intermediate, output]: [&Dense; 2],
        normed: &Values,
        hidden: &mut Values,
        x: &mut Values,
    ) {
        self.linear(intermediate, normed, intermediate.inputs, Epilogue::Gelu, hidden);
        self.linear(output, hidden, output.inputs, Epilogue::Accumulate, x);
    }

    fn normalise(&mut self, norm: &Norm, axis: NormAxis, epilogue: Epilogue, x: &mut Values) {
        let rows = x.length / norm.width;
        let (kernel, groups, count) = match axis {
            NormAxis::Channels => (Kernel::OverChannels, rows, norm.width),
            NormAxis::Time => (Kernel::OverTime, norm.width.div_ceil(CHANNELS), rows),
        };
        let share = 1.0 / count as f32;
        let sizes =
            [rows as u32, norm.width as u32, norm.epsilon.to_bits(), epilogue as u32, share.to_bits()];
        self.dispatch(kernel, &sizes, &[&norm.channels, x.handle()], [groups, 1, 1]);
    }

    fn attention(
        &mut self,
        projected: &Values,
        width: usize,
        heads: usize,
        context: &mut Values,
        attention_weights: Option<&mut Values>,
    ) {
        let frames = projected.length / (3 * width);
        let size = width / heads;
        let mut internal = Values::default();
        let attention_weights = attention_weights.unwrap_or(&mut internal);
        self.resize(attention_weights, heads * frames * frames);
        self.resize(context, frames * width);
        let part = |number: usize| Layout { start: number * width, row: 3 * width, value: 1, batch: size };
        let weights_layout = || Layout { start: 0, row: frames, value: 1, batch: frames * frames };
        let matmul = Matmul {
            rows: frames,
            columns: frames,
            inputs: size,
            batches: heads,
            x: part(0),
            weights: part(1),
            out: weights_layout(),
            channels: Channels { per_batch: 0, all: 0 },
            epilogue: Epilogue::None,
            quant_params: [0, 0],
        };
        let (x, unread) = (projected.handle(), &self.unread);
        self.multiply(Kernel::MatmulF32, matmul, &[x, x, unread, unread, attention_weights.handle()]);
        self.dispatch(
            Kernel::Softmax,
            &[frames as u32, frames as u32],
            &[attention_weights.handle()],
            [frames, heads, 1],
        );
        let matmul = Matmul {
            rows: frames,
            columns: size,
            inputs: frames,
            batches: heads,
            x: weights_layout(),
            // The columns of the values are the rows of the weights.
            weights: Layout { row: 1, value: 3 * width, ..part(2) },
            out: Layout { start: 0, row: width, value: 1, batch: size },
            channels: Channels { per_batch: 0, all: 0 },
            epilogue: Epilogue::None,
            quant_params: [0, 0],
        };
        let buffers = [attention_weights.handle(), x, unread, unread, context.handle()];
        self.multiply(Kernel::MatmulF32, matmul, &buffers);
    }
}
