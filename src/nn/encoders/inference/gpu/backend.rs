//! The operations of encoders as a queue of dispatches, which is submitted when values are read.

use std::sync::{Arc, Mutex, PoisonError};

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wgpu::util::DeviceExt;
use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindingResource, Buffer, BufferBinding, BufferDescriptor,
    BufferSize, BufferUsages, CommandEncoder, ComputePipeline, Device, DeviceDescriptor, Instance, MapMode,
    Queue, RequestAdapterOptions,
};

use super::GpuError;
use super::kernels::{Kernel, Kernels, SIZES_STEP};
use crate::nn::encoders::inference::backend::{Backend, NormAxis};
use crate::nn::encoders::inference::weights::{DenseWeights, NormWeights, Rows};
use crate::nn::quant::{Epilogue, Windows};

/// Rows and columns of the output tile of a workgroup in a matrix product.
const TILE: [usize; 2] = [32, 64];
/// Number of values of a workgroup in elementwise kernels.
const ELEMENTWISE: usize = 256;
/// Number of channels of a workgroup in a norm over time.
const CHANNELS: usize = 16;

/// A GPU with its kernels.
pub struct WebGpu {
    device: Device,
    queue: Queue,
    kernels: Kernels,
    /// The first error since it was opened.
    failure: Failure,
    /// Dispatches that are not submitted yet, in order.
    dispatches: Vec<Dispatch>,
    /// The sizes of each dispatch, at intervals of [`SIZES_STEP`] bytes.
    sizes: Vec<u8>,
    /// The sizes on the GPU.
    uniform: Buffer,
    /// Attention weights that are not requested.
    attention_weights: Values,
    /// Quantization parameters of the inputs.
    quant_params: Values,
    /// A placeholder for bindings that a kernel does not read.
    unread: Buffer,
    /// Buffers that no values own any more, but dispatches may use.
    released: Released,
}

struct Dispatch {
    pipeline: ComputePipeline,
    bound: BindGroup,
    sizes_at: u32,
    workgroups: [u32; 3],
}

/// Maximum number of dispatches in a submission.
const DISPATCHES: usize = 1024;

/// Floats in the GPU's memory.
#[derive(Default)]
pub struct Values {
    allocation: Option<Allocation>,
    length: usize,
}

impl Values {
    fn buffer(&self) -> &Buffer {
        &self.allocation.as_ref().expect("written before it is read").buffer
    }
}

/// GPU memory. The browser would free it on garbage collection, which is rare, since the handle takes only a few bytes of the
/// page's own memory.
struct Allocation {
    buffer: Buffer,
    released: Released,
}

impl Drop for Allocation {
    fn drop(&mut self) {
        self.released.lock().unwrap_or_else(PoisonError::into_inner).push(self.buffer.clone());
    }
}

type Released = Arc<Mutex<Vec<Buffer>>>;

/// A linear layer, or one for each group of channels.
pub struct Dense {
    weights: Buffer,
    is_integers: bool,
    /// The scales, then the biases.
    channels: Buffer,
    inputs: usize,
    /// Row stride of the weights.
    row: usize,
    outputs: usize,
    groups: usize,
}

/// A norm.
pub struct Norm {
    /// The scales, then the shifts.
    channels: Buffer,
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

impl WebGpu {
    /// Initializes the GPU of the browser.
    ///
    /// # Errors
    /// [`GpuError`] if there is none, or the kernels do not compile on it.
    pub async fn open() -> Result<Self, GpuError> {
        let missing = |error: &dyn std::fmt::Display| GpuError::Missing(error.to_string());
        let adapter = Instance::default().request_adapter(&RequestAdapterOptions::default()).await;
        let adapter = adapter.map_err(|error| missing(&error))?;
        let device = adapter
            .request_device(&DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() })
            .await;
        let (device, queue) = device.map_err(|error| missing(&error))?;
        let failure = Failure::default();
        let [wrong, lost] = [failure.clone(), failure.clone()];
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| wrong.set(error.to_string())));
        device.set_device_lost_callback(move |_, detail| lost.set(detail));
        let kernels = Kernels::new(&device);
        let buffer = |size, usage| {
            device.create_buffer(&BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
        };
        let uniform =
            buffer((DISPATCHES * SIZES_STEP) as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        let unread = buffer(16, BufferUsages::STORAGE);
        Ok(Self {
            kernels,
            failure,
            dispatches: Vec::new(),
            sizes: Vec::new(),
            uniform,
            attention_weights: Values::default(),
            quant_params: Values::default(),
            unread,
            released: Released::default(),
            device,
            queue,
        })
    }

    /// Submits all dispatches and reads `values` back.
    ///
    /// # Errors
    /// [`GpuError::Failed`] if the GPU stopped.
    pub async fn read(&mut self, values: &[&Values]) -> Result<Vec<Vec<f32>>, GpuError> {
        let bytes = |values: &Values| 4 * values.length as u64;
        let all = values.iter().map(|values| bytes(values)).sum();
        let out = self.device.create_buffer(&BufferDescriptor {
            label: None,
            size: all,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut commands = self.commands();
        let mut at = 0;
        for values in values {
            commands.copy_buffer_to_buffer(values.buffer(), 0, &out, at, bytes(values));
            at += bytes(values);
        }
        self.queue.submit([commands.finish()]);
        let mapped = JsFuture::from(Promise::new(&mut |resolve, reject| {
            out.map_async(MapMode::Read, .., move |result| {
                let settled = match result {
                    Ok(()) => resolve.call0(&JsValue::NULL),
                    Err(error) => reject.call1(&JsValue::NULL, &error.to_string().into()),
                };
                // Settling a promise cannot fail.
                let _ = settled;
            });
        }))
        .await;
        if let Some(detail) = self.failure.message() {
            return Err(GpuError::Failed(detail));
        }
        let failed = |detail: String| GpuError::Failed(detail);
        mapped.map_err(|error| failed(error.as_string().unwrap_or_default()))?;
        let range = out.get_mapped_range(..).map_err(|error| failed(error.to_string()))?;
        let mut floats = range.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let read = values.iter().map(|values| floats.by_ref().take(values.length).collect()).collect();
        drop(range);
        out.destroy();
        // All dispatches are complete.
        let released = std::mem::take(&mut *self.released.lock().unwrap_or_else(PoisonError::into_inner));
        released.iter().for_each(Buffer::destroy);
        Ok(read)
    }

    /// Encodes all dispatches.
    fn commands(&mut self) -> CommandEncoder {
        self.queue.write_buffer(&self.uniform, 0, &self.sizes);
        self.sizes.clear();
        let mut commands = self.device.create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&Default::default());
        for Dispatch { pipeline, bound, sizes_at, workgroups: [x, y, z] } in self.dispatches.drain(..) {
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &bound, &[sizes_at]);
            pass.dispatch_workgroups(x, y, z);
        }
        drop(pass);
        commands
    }

    /// Queues a dispatch of a kernel. Missing sizes are 0.
    fn dispatch(
        &mut self,
        kernel: fn(&Kernels) -> &Kernel,
        sizes: &[u32],
        buffers: &[&Buffer],
        workgroups: [usize; 3],
    ) {
        if self.dispatches.len() == DISPATCHES {
            let commands = self.commands().finish();
            self.queue.submit([commands]);
        }
        let Kernel { pipeline, layout } = kernel(&self.kernels);
        let sizes_of_one =
            BufferBinding { buffer: &self.uniform, offset: 0, size: BufferSize::new(SIZES_STEP as u64) };
        let mut entries =
            vec![BindGroupEntry { binding: 0, resource: BindingResource::Buffer(sizes_of_one) }];
        entries.extend(
            (1..)
                .zip(buffers)
                .map(|(binding, buffer)| BindGroupEntry { binding, resource: buffer.as_entire_binding() }),
        );
        let bound =
            self.device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &entries });
        let sizes_at = self.sizes.len();
        self.sizes.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        self.sizes.resize(sizes_at + SIZES_STEP, 0);
        self.dispatches.push(Dispatch {
            pipeline: pipeline.clone(),
            bound,
            sizes_at: sizes_at as u32,
            workgroups: workgroups.map(|count| count as u32),
        });
    }

    fn multiply(&mut self, kernel: fn(&Kernels) -> &Kernel, matmul: Matmul, buffers: &[&Buffer; 5]) {
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

    fn constant(&self, bytes: &[u8]) -> Buffer {
        self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: None,
            contents: bytes,
            usage: BufferUsages::STORAGE,
        })
    }

    /// Resizes to `length` values; the contents are lost if the allocation grows.
    fn resize(&self, values: &mut Values, length: usize) {
        let size = 4 * length.max(1) as u64;
        if values.allocation.as_ref().is_none_or(|allocation| allocation.buffer.size() < size) {
            let buffer = self.device.create_buffer(&BufferDescriptor {
                label: None,
                size,
                usage: BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            });
            values.allocation = Some(Allocation { buffer, released: self.released.clone() });
        }
        values.length = length;
    }
}

impl Backend for WebGpu {
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
        let weights = self.constant(&bytes);
        Dense {
            weights,
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
        self.resize(values, from.len());
        let bytes: Vec<u8> = from.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.queue.write_buffer(values.buffer(), 0, &bytes);
    }

    fn len(values: &Values) -> usize {
        values.length
    }

    fn copy(&mut self, x: &Values, out: &mut Values) {
        self.resize(out, x.length);
        self.elementwise(|kernels| &kernels.copy, &[], x, out);
    }

    fn add(&mut self, x: &mut Values, y: &Values) {
        self.elementwise(|kernels| &kernels.add, &[], y, x);
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
        self.elementwise(|kernels| &kernels.pad, &[width, groups, frames, before, after], x, out);
    }

    fn linear(&mut self, dense: &Dense, x: &Values, stride: usize, epilogue: Epilogue, out: &mut Values) {
        let Dense { weights, is_integers, channels, inputs, row, outputs, groups } = dense;
        let group_length = x.length / groups;
        let rows = if group_length < *inputs { 0 } else { 1 + (group_length - inputs) / stride };
        let width = groups * outputs;
        if epilogue != Epilogue::Accumulate {
            self.resize(out, rows * width);
        }
        let kernel: fn(&Kernels) -> &Kernel = match is_integers {
            true => |kernels| &kernels.matmul_i8,
            false => |kernels| &kernels.matmul_f32,
        };
        let quant_params =
            if *is_integers { self.quantize(x, [*inputs, stride, rows], *groups) } else { [0, 0] };
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
        let params_buffer = if *is_integers { self.quant_params.buffer() } else { &self.unread }.clone();
        self.multiply(kernel, matmul, &[x.buffer(), weights, channels, &params_buffer, out.buffer()]);
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
        let (kernel, groups): (fn(&Kernels) -> &Kernel, _) = match axis {
            NormAxis::Channels => (|kernels| &kernels.over_channels, rows),
            NormAxis::Time => (|kernels| &kernels.over_time, norm.width.div_ceil(CHANNELS)),
        };
        let share = match axis {
            NormAxis::Channels => 1.0 / norm.width as f32,
            NormAxis::Time => 1.0 / rows as f32,
        };
        let sizes =
            [rows as u32, norm.width as u32, norm.epsilon.to_bits(), epilogue as u32, share.to_bits()];
        self.dispatch(kernel, &sizes, &[&norm.channels, x.buffer()], [groups, 1, 1]);
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
        let mut internal = std::mem::take(&mut self.attention_weights);
        let attention_weights = attention_weights.unwrap_or(&mut internal);
        self.resize(attention_weights, heads * frames * frames);
        self.resize(context, frames * width);
        let part = |number: usize| Layout { start: number * width, row: 3 * width, value: 1, batch: size };
        let weights_layout = || Layout { start: 0, row: frames, value: 1, batch: frames * frames };
        let unread = self.unread.clone();
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
        let buffers = [projected.buffer(), projected.buffer(), &unread, &unread, attention_weights.buffer()];
        self.multiply(|kernels| &kernels.matmul_f32, matmul, &buffers);
        let sizes = [frames as u32, frames as u32, 0, 0];
        self.dispatch(
            |kernels| &kernels.softmax,
            &sizes,
            &[&unread, attention_weights.buffer()],
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
        let buffers = [attention_weights.buffer(), projected.buffer(), &unread, &unread, context.buffer()];
        self.multiply(|kernels| &kernels.matmul_f32, matmul, &buffers);
        self.attention_weights = internal;
    }
}

impl WebGpu {
    /// Computes the quantization parameters of the rows of `x`, as [`Activations`](crate::nn::quant::Activations) does.
    /// Returns their row stride and group stride.
    fn quantize(&mut self, x: &Values, [width, stride, count]: [usize; 3], groups: usize) -> [usize; 2] {
        let group_length = x.length / groups;
        let is_per_row = Windows { values: &[], stride, width, count }.is_per_row();
        let (width, rows) = if is_per_row { (width, count) } else { (group_length, 1) };
        let mut quant_params = std::mem::take(&mut self.quant_params);
        self.resize(&mut quant_params, 4 * groups * rows);
        let sizes = [width, stride, group_length, rows].map(|size| size as u32);
        self.dispatch(
            |kernels| &kernels.quant_params,
            &sizes,
            &[x.buffer(), quant_params.buffer()],
            [rows, groups, 1],
        );
        self.quant_params = quant_params;
        [usize::from(is_per_row), rows]
    }

    /// Queues an elementwise kernel over all values of `out`.
    fn elementwise(&mut self, kernel: fn(&Kernels) -> &Kernel, sizes: &[usize], x: &Values, out: &Values) {
        let sizes: Vec<u32> = std::iter::once(&out.length).chain(sizes).map(|&size| size as u32).collect();
        let groups = out.length.div_ceil(ELEMENTWISE);
        self.dispatch(kernel, &sizes, &[x.buffer(), out.buffer()], [groups, 1, 1]);
    }

    fn floats(&self, parts: &[Vec<f32>]) -> Buffer {
        let bytes: Vec<u8> = parts.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(&bytes)
    }
}

/// The message of the first error.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    fn set(&self, detail: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(detail);
    }

    fn message(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
