//! The programs that run on the GPU.

use wgpu::{
    BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType, BufferBindingType,
    ComputePipeline, ComputePipelineDescriptor, Device, PipelineCompilationOptions, PipelineLayoutDescriptor,
    ShaderModuleDescriptor, ShaderSource, ShaderStages,
};

/// Bytes from the sizes of one dispatch to those of the next.
pub const SIZES_STEP: usize = 256;

/// A program with what it takes: its sizes, buffers that it reads and, last, one that it writes.
pub struct Kernel {
    pub pipeline: ComputePipeline,
    pub layout: BindGroupLayout,
}

/// All of them.
pub struct Kernels {
    pub product_of_floats: Kernel,
    pub product_of_integers: Kernel,
    pub grids: Kernel,
    pub over_channels: Kernel,
    pub over_time: Kernel,
    pub softmax: Kernel,
    pub copy: Kernel,
    pub add: Kernel,
    pub pad: Kernel,
}

impl Kernels {
    /// Compiles them.
    pub fn new(device: &Device) -> Self {
        let module = |source: String| {
            let source = ShaderSource::Wgsl(source.into());
            device.create_shader_module(ShaderModuleDescriptor { label: None, source })
        };
        let exact = include_str!("kernels/exact.wgsl");
        let products = module([include_str!("kernels/product.wgsl"), exact].concat());
        let grids = module([include_str!("kernels/grids.wgsl"), exact].concat());
        let norms = module([include_str!("kernels/norm.wgsl"), exact].concat());
        let values = module(include_str!("kernels/values.wgsl").to_owned());
        let kernel = |module, entry_point, read: u32, constants: &[(&str, f64)]| {
            let buffer = |binding, ty| BindGroupLayoutEntry {
                binding,
                visibility: ShaderStages::COMPUTE,
                ty: BindingType::Buffer {
                    ty,
                    has_dynamic_offset: ty == BufferBindingType::Uniform,
                    min_binding_size: None,
                },
                count: None,
            };
            let mut entries = vec![buffer(0, BufferBindingType::Uniform)];
            entries.extend(
                (1..=read).map(|binding| buffer(binding, BufferBindingType::Storage { read_only: true })),
            );
            entries.push(buffer(read + 1, BufferBindingType::Storage { read_only: false }));
            let layout = device
                .create_bind_group_layout(&BindGroupLayoutDescriptor { label: None, entries: &entries });
            let of_pipeline = device.create_pipeline_layout(&PipelineLayoutDescriptor {
                bind_group_layouts: &[Some(&layout)],
                ..Default::default()
            });
            let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
                label: Some(entry_point),
                layout: Some(&of_pipeline),
                module,
                entry_point: Some(entry_point),
                compilation_options: PipelineCompilationOptions { constants, ..Default::default() },
                cache: None,
            });
            Kernel { pipeline, layout }
        };
        Self {
            product_of_floats: kernel(&products, "product", 4, &[("INTEGERS", 0.0)]),
            product_of_integers: kernel(&products, "product", 4, &[("INTEGERS", 1.0)]),
            grids: kernel(&grids, "grids_of_rows", 1, &[]),
            over_channels: kernel(&norms, "over_channels", 1, &[]),
            over_time: kernel(&norms, "over_time", 1, &[]),
            softmax: kernel(&norms, "softmax", 1, &[]),
            copy: kernel(&values, "copy", 1, &[]),
            add: kernel(&values, "add", 1, &[]),
            pad: kernel(&values, "pad", 1, &[]),
        }
    }
}
