//! The operations of encoders as a list of dispatches, which goes to the GPU when something is read.

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
use crate::nn::encoders::inference::backend::{Backend, Over};
use crate::nn::encoders::inference::weights::{DenseWeights, NormWeights, Rows};
use crate::nn::quant::{Then, Windows};

/// Rows and columns of the tile that a workgroup makes of a product.
const TILE: [usize; 2] = [32, 64];
/// Values that a workgroup takes where each is for itself.
const EACH: usize = 256;
/// Channels that a workgroup takes of a norm over time.
const BESIDE: usize = 16;

/// A GPU with the programs for it.
pub struct WebGpu {
    device: Device,
    queue: Queue,
    kernels: Kernels,
    /// What went wrong since it was opened: the first of it says why.
    failure: Failure,
    /// What is to be done, in this order.
    dispatches: Vec<Dispatch>,
    /// The sizes for each, [`SIZES_STEP`] bytes apart.
    sizes: Vec<u8>,
    /// Them on the GPU.
    uniform: Buffer,
    /// How much each frame looks at each other.
    looks: Values,
    /// To which grids inputs are rounded.
    grids: Values,
    /// For a kernel that is told not to read it.
    unread: Buffer,
    /// Memory that values no longer take, but dispatches may.
    given_up: GivenUp,
}

struct Dispatch {
    pipeline: ComputePipeline,
    bound: BindGroup,
    sizes_at: u32,
    workgroups: [u32; 3],
}

/// Most dispatches between two readings.
const DISPATCHES: usize = 1024;

/// Floats in the GPU's memory.
#[derive(Default)]
pub struct Values {
    room: Option<Room>,
    length: usize,
}

impl Values {
    fn buffer(&self) -> &Buffer {
        &self.room.as_ref().expect("written before it is read").buffer
    }
}

/// Memory of the GPU. The browser would free it when it comes to collecting garbage, which it seldom does for the few bytes
/// that stand for it in the page's own memory.
struct Room {
    buffer: Buffer,
    given_up: GivenUp,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).push(self.buffer.clone());
    }
}

type GivenUp = Arc<Mutex<Vec<Buffer>>>;

/// A dense layer, or one for each group of channels.
pub struct Dense {
    weights: Buffer,
    is_integers: bool,
    /// The scales, then the biases.
    channels: Buffer,
    inputs: usize,
    /// Values from a row of weights to the next.
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

/// `rows × columns` sums over `inputs`, in several batches, as the kernel takes them.
struct Product {
    rows: usize,
    columns: usize,
    inputs: usize,
    batches: usize,
    x: Layout,
    weights: Layout,
    out: Layout,
    channels: Channels,
    then: Then,
    /// From the grid of a row to that of the next, and of a batch.
    grids: [usize; 2],
}

/// Where values lie: those of the first row begin at `start`.
struct Layout {
    start: usize,
    /// From a row to the next.
    row: usize,
    /// From a value of a row to the next.
    value: usize,
    /// From a batch to the next.
    batch: usize,
}

/// The scales and biases of a product; none are read if there are none at all.
struct Channels {
    of_batch: usize,
    all: usize,
}

impl WebGpu {
    /// Sets up the GPU that the browser offers.
    ///
    /// # Errors
    /// [`GpuError`] when it offers none, or the programs do not compile on it.
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
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| wrong.tell(error.to_string())));
        device.set_device_lost_callback(move |_, detail| lost.tell(detail));
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
            looks: Values::default(),
            grids: Values::default(),
            unread,
            given_up: GivenUp::default(),
            device,
            queue,
        })
    }

    /// Does what is to be done and brings `values` out of the GPU's memory.
    ///
    /// # Errors
    /// [`GpuError::Failed`] when the GPU stopped on the way.
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
                let told = match result {
                    Ok(()) => resolve.call0(&JsValue::NULL),
                    Err(error) => reject.call1(&JsValue::NULL, &error.to_string().into()),
                };
                // A promise takes what it is told.
                let _ = told;
            });
        }))
        .await;
        if let Some(detail) = self.failure.told() {
            return Err(GpuError::Failed(detail));
        }
        let failed = |detail: String| GpuError::Failed(detail);
        mapped.map_err(|error| failed(error.as_string().unwrap_or_default()))?;
        let range = out.get_mapped_range(..).map_err(|error| failed(error.to_string()))?;
        let mut floats = range.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let read = values.iter().map(|values| floats.by_ref().take(values.length).collect()).collect();
        drop(range);
        out.destroy();
        // All dispatches are done.
        let given_up = std::mem::take(&mut *self.given_up.lock().unwrap_or_else(PoisonError::into_inner));
        given_up.iter().for_each(Buffer::destroy);
        Ok(read)
    }

    /// Everything that is to be done.
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

    /// Adds a run of a kernel to what is to be done. What it is not told of its sizes is 0.
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

    fn multiply(&mut self, kernel: fn(&Kernels) -> &Kernel, product: Product, buffers: &[&Buffer; 5]) {
        let Product { rows, columns, inputs, batches, x, weights, out, channels, then, grids } = product;
        let sizes = [
            [rows, columns, inputs],
            [x.start, x.row, x.batch],
            [weights.start, weights.row, weights.value],
            [weights.batch, out.row, out.batch],
            [channels.of_batch, channels.all, then as usize],
        ];
        let sizes = sizes.into_iter().flatten().chain(grids);
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

    /// Makes room for `length` values; what was there is lost if there was less.
    fn resize(&self, values: &mut Values, length: usize) {
        let size = 4 * length.max(1) as u64;
        if values.room.as_ref().is_none_or(|room| room.buffer.size() < size) {
            let buffer = self.device.create_buffer(&BufferDescriptor {
                label: None,
                size,
                usage: BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            });
            values.room = Some(Room { buffer, given_up: self.given_up.clone() });
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
        // Words of four integers, or of a float.
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
        self.each(|kernels| &kernels.copy, &[], x, out);
    }

    fn add(&mut self, x: &mut Values, y: &Values) {
        self.each(|kernels| &kernels.add, &[], y, x);
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
        self.each(|kernels| &kernels.pad, &[width, groups, frames, before, after], x, out);
    }

    fn product(&mut self, dense: &Dense, x: &Values, stride: usize, then: Then, out: &mut Values) {
        let Dense { weights, is_integers, channels, inputs, row, outputs, groups } = dense;
        let of_group = x.length / groups;
        let rows = if of_group < *inputs { 0 } else { 1 + (of_group - inputs) / stride };
        let width = groups * outputs;
        if then != Then::Add {
            self.resize(out, rows * width);
        }
        let kernel: fn(&Kernels) -> &Kernel = match is_integers {
            true => |kernels| &kernels.product_of_integers,
            false => |kernels| &kernels.product_of_floats,
        };
        let grids = if *is_integers { self.round(x, [*inputs, stride, rows], *groups) } else { [0, 0] };
        let product = Product {
            rows,
            columns: *outputs,
            inputs: *inputs,
            batches: *groups,
            x: Layout { start: 0, row: stride, value: 1, batch: of_group },
            weights: Layout { start: 0, row: *row, value: 1, batch: row * outputs },
            out: Layout { start: 0, row: width, value: 1, batch: *outputs },
            channels: Channels { of_batch: *outputs, all: width },
            then,
            grids,
        };
        let rounded_to = if *is_integers { self.grids.buffer() } else { &self.unread }.clone();
        self.multiply(kernel, product, &[x.buffer(), weights, channels, &rounded_to, out.buffer()]);
    }

    fn feed_forward(
        &mut self,
        [intermediate, output]: [&Dense; 2],
        normed: &Values,
        hidden: &mut Values,
        x: &mut Values,
    ) {
        self.product(intermediate, normed, intermediate.inputs, Then::Gelu, hidden);
        self.product(output, hidden, output.inputs, Then::Add, x);
    }

    fn normalise(&mut self, norm: &Norm, over: Over, then: Then, x: &mut Values) {
        let rows = x.length / norm.width;
        let (kernel, groups): (fn(&Kernels) -> &Kernel, _) = match over {
            Over::Channels => (|kernels| &kernels.over_channels, rows),
            Over::Time => (|kernels| &kernels.over_time, norm.width.div_ceil(BESIDE)),
        };
        let share = match over {
            Over::Channels => 1.0 / norm.width as f32,
            Over::Time => 1.0 / rows as f32,
        };
        let sizes = [rows as u32, norm.width as u32, norm.epsilon.to_bits(), then as u32, share.to_bits()];
        self.dispatch(kernel, &sizes, &[&norm.channels, x.buffer()], [groups, 1, 1]);
    }

    fn attend(
        &mut self,
        projected: &Values,
        width: usize,
        heads: usize,
        heard: &mut Values,
        kept: Option<&mut Values>,
    ) {
        let frames = projected.length / (3 * width);
        let size = width / heads;
        let mut own = std::mem::take(&mut self.looks);
        let looks = kept.unwrap_or(&mut own);
        self.resize(looks, heads * frames * frames);
        self.resize(heard, frames * width);
        let part = |number: usize| Layout { start: number * width, row: 3 * width, value: 1, batch: size };
        let of_looks = || Layout { start: 0, row: frames, value: 1, batch: frames * frames };
        let unread = self.unread.clone();
        let product = Product {
            rows: frames,
            columns: frames,
            inputs: size,
            batches: heads,
            x: part(0),
            weights: part(1),
            out: of_looks(),
            channels: Channels { of_batch: 0, all: 0 },
            then: Then::Keep,
            grids: [0, 0],
        };
        let buffers = [projected.buffer(), projected.buffer(), &unread, &unread, looks.buffer()];
        self.multiply(|kernels| &kernels.product_of_floats, product, &buffers);
        let sizes = [frames as u32, frames as u32, 0, 0];
        self.dispatch(|kernels| &kernels.softmax, &sizes, &[&unread, looks.buffer()], [frames, heads, 1]);
        let product = Product {
            rows: frames,
            columns: size,
            inputs: frames,
            batches: heads,
            x: of_looks(),
            // Each column of the values is what one value of a frame is made of.
            weights: Layout { row: 1, value: 3 * width, ..part(2) },
            out: Layout { start: 0, row: width, value: 1, batch: size },
            channels: Channels { of_batch: 0, all: 0 },
            then: Then::Keep,
            grids: [0, 0],
        };
        let buffers = [looks.buffer(), projected.buffer(), &unread, &unread, heard.buffer()];
        self.multiply(|kernels| &kernels.product_of_floats, product, &buffers);
        self.looks = own;
    }
}

impl WebGpu {
    /// Decides to which grids the rows of `x` are rounded, as [`Activations`](crate::nn::quant::Activations) does.
    /// Returns the distance from the grid of a row to that of the next, and of a group.
    fn round(&mut self, x: &Values, [width, stride, count]: [usize; 3], groups: usize) -> [usize; 2] {
        let of_group = x.length / groups;
        let has_own = Windows { values: &[], stride, width, count }.have_own_grids();
        let (width, rows) = if has_own { (width, count) } else { (of_group, 1) };
        let mut grids = std::mem::take(&mut self.grids);
        self.resize(&mut grids, 4 * groups * rows);
        let sizes = [width, stride, of_group, rows].map(|size| size as u32);
        self.dispatch(|kernels| &kernels.grids, &sizes, &[x.buffer(), grids.buffer()], [rows, groups, 1]);
        self.grids = grids;
        [usize::from(has_own), rows]
    }

    /// Adds a run of a kernel that makes each value of `out` for itself, as far as there are values.
    fn each(&mut self, kernel: fn(&Kernels) -> &Kernel, sizes: &[usize], x: &Values, out: &Values) {
        let sizes: Vec<u32> = std::iter::once(&out.length).chain(sizes).map(|&size| size as u32).collect();
        let groups = out.length.div_ceil(EACH);
        self.dispatch(kernel, &sizes, &[x.buffer(), out.buffer()], [groups, 1, 1]);
    }

    fn floats(&self, parts: &[Vec<f32>]) -> Buffer {
        let bytes: Vec<u8> = parts.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(&bytes)
    }
}

/// Where it is written down what went wrong first.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    fn tell(&self, detail: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(detail);
    }

    fn told(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
