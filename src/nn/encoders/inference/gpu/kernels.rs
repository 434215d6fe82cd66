//! The compute kernels: WGSL, which CubeCL passes to the GPU as it is.

use burn::cubecl::ir::metadata::Info;
use burn::cubecl::ir::settings::Dim3;
use burn::cubecl::ir::{AddressType, ElemType, UIntKind};
use burn::cubecl::prelude::{
    CubeKernel, ExecutionMode, KernelDefinition, KernelId, KernelMetadata, KernelSettings, PrecompiledSource,
    Scope,
};

/// A kernel. Its bindings are the buffers, inputs before outputs, and then the sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kernel {
    MatmulF32,
    MatmulI8,
    QuantParams,
    OverChannels,
    OverTime,
    Softmax,
    Copy,
    Add,
    Pad,
}

impl Kernel {
    fn entry_point(self) -> &'static str {
        match self {
            Self::MatmulF32 | Self::MatmulI8 => "matmul",
            Self::QuantParams => "quant_params",
            Self::OverChannels => "over_channels",
            Self::OverTime => "over_time",
            Self::Softmax => "softmax",
            Self::Copy => "copy",
            Self::Add => "add",
            Self::Pad => "pad",
        }
    }

    /// The parts of its module.
    fn parts(self) -> &'static [&'static str] {
        const EXACT: &str = include_str!("kernels/exact.wgsl");
        const LANES: &str = include_str!("kernels/lanes.wgsl");
        const MATMUL: &str = include_str!("kernels/matmul.wgsl");
        const NORM: &str = include_str!("kernels/norm.wgsl");
        match self {
            // CubeCL sets no overridable constants.
            Self::MatmulF32 => &["const INTEGERS = false;\n", MATMUL, EXACT],
            Self::MatmulI8 => &["const INTEGERS = true;\n", MATMUL, EXACT],
            Self::QuantParams => &[include_str!("kernels/quant_params.wgsl"), EXACT],
            Self::OverChannels | Self::OverTime => &[NORM, LANES, EXACT],
            Self::Softmax => &[include_str!("kernels/softmax.wgsl"), LANES, EXACT],
            Self::Copy | Self::Add | Self::Pad => &[include_str!("kernels/values.wgsl")],
        }
    }
}

impl KernelMetadata for Kernel {
    /// Identifies the text, which is compiled once.
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(*self)
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Kernel {
    /// Empty: the source is given.
    fn define(&self) -> KernelDefinition {
        let settings = KernelSettings::new(Dim3::new_single(), ExecutionMode::Unchecked, AddressType::U32);
        KernelDefinition { body: Scope::root(settings.clone()), settings, info: Info::default() }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.parts().concat(),
            entrypoint_name: self.entry_point().to_owned(),
            lang: "wgsl",
        })
    }
}
