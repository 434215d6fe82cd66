//! The compute kernels.

use wgpu::{
    BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType, BufferBindingType,
    ComputePipeline, ComputePipelineDescriptor, Device, PipelineCompilationOptions, PipelineLayoutDescriptor,
    ShaderModuleDescriptor, ShaderSource, ShaderStages,
};

/// Distance between the sizes of two consecutive dispatches, in bytes.
pub const SIZES_STEP: usize = 256;

/// A pipeline and its bindings: the sizes, input buffers and, last, one output buffer.
pub struct Kernel {
    pub pipeline: ComputePipeline,
    pub layout: BindGroupLayout,
}

/// All kernels.
pub struct Kernels {
    pub matmul_f32: Kernel,
    pub matmul_i8: Kernel,
    pub quant_params: Kernel,
    pub over_channels: Kernel,
    pub over_time: Kernel,
    pub softmax: Kernel,
    pub copy: Kernel,
    pub add: Kernel,
    pub pad: Kernel,
}

impl Kernels {
    /// Compiles all kernels.
    pub fn new(device: &Device) -> Self {
        let module = |source: String| {
            let source = ShaderSource::Wgsl(source.into());
            device.create_shader_module(ShaderModuleDescriptor { label: None, source })
        };
        let exact = include_str!("kernels/exact.wgsl");
        let matmuls = module([include_str!("kernels/matmul.wgsl"), exact].concat());
        let quant_params = module([include_str!("kernels/quant_params.wgsl"), exact].concat());
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
            let pipeline_layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
                bind_group_layouts: &[Some(&layout)],
                ..Default::default()
            });
            let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
                label: Some(entry_point),
                layout: Some(&pipeline_layout),
                module,
                entry_point: Some(entry_point),
                compilation_options: PipelineCompilationOptions { constants, ..Default::default() },
                cache: None,
            });
            Kernel { pipeline, layout }
        };
        Self {
            matmul_f32: kernel(&matmuls, "matmul", 4, &[("INTEGERS", 0.0)]),
            matmul_i8: kernel(&matmuls, "matmul", 4, &[("INTEGERS", 1.0)]),
            quant_params: kernel(&quant_params, "quant_params", 1, &[]),
            over_channels: kernel(&norms, "over_channels", 1, &[]),
            over_time: kernel(&norms, "over_time", 1, &[]),
            softmax: kernel(&norms, "softmax", 1, &[]),
            copy: kernel(&values, "copy", 1, &[]),
            add: kernel(&values, "add", 1, &[]),
            pad: kernel(&values, "pad", 1, &[]),
        }
    }
}
