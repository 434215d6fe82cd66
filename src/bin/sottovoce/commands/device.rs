//! The devices for training and for inference.

use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use sottovoce::analyzer::Analyzer;
use sottovoce::corpus::SplitKind;
#[cfg(feature = "webgpu")]
use sottovoce::model::GpuModel;
use sottovoce::parallel::cores;

use super::ModelArguments;

#[derive(Args)]
pub struct DeviceArguments {
    /// The device for training. A GPU needs a build with its feature: `cargo build --release --features vulkan` (or
    /// metal, cuda; webgpu for wgpu, which takes any GPU and is slower).
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceKind,
}

#[derive(Clone, Copy, ValueEnum)]
enum DeviceKind {
    Cpu,
    Wgpu,
    Vulkan,
    Metal,
    Cuda,
}

impl DeviceArguments {
    /// Opens the device, or prints how to get it.
    pub fn open(&self) -> Result<Device, ExitCode> {
        match self.device {
            DeviceKind::Cpu => Ok(Device::flex()),
            #[cfg(feature = "webgpu")]
            DeviceKind::Wgpu => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(feature = "webgpu"))]
            DeviceKind::Wgpu => Err(missing("webgpu")),
            #[cfg(feature = "vulkan")]
            DeviceKind::Vulkan => Ok(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(feature = "vulkan"))]
            DeviceKind::Vulkan => Err(missing("vulkan")),
            #[cfg(feature = "metal")]
            DeviceKind::Metal => Ok(Device::metal(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(feature = "metal"))]
            DeviceKind::Metal => Err(missing("metal")),
            #[cfg(feature = "cuda")]
            DeviceKind::Cuda => Ok(Device::cuda(0)),
            #[cfg(not(feature = "cuda"))]
            DeviceKind::Cuda => Err(missing("cuda")),
        }
    }
}

#[cfg(not(all(feature = "vulkan", feature = "metal", feature = "cuda", feature = "webgpu")))]
fn missing(feature: &str) -> ExitCode {
    super::fail(format!(
        "This build has no {feature}. Build it with the feature: `cargo build --release --features {feature}`, or leave out --device."
    ))
}

#[derive(Args)]
pub struct InferenceDeviceArguments {
    /// The device for the networks. `wgpu` is a GPU by Vulkan, Metal or Direct3D 12, and needs a build with its feature:
    /// `cargo build --release --features webgpu`.
    #[arg(long, value_enum, default_value = "cpu")]
    pub device: InferenceDevice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InferenceDevice {
    Cpu,
    // The system decides by which interface.
    #[value(aliases = ["vulkan", "metal"])]
    Wgpu,
}

impl InferenceDevice {
    /// An analyzer with a model's weights for a split.
    pub fn analyzer(self, model: &ModelArguments, split: SplitKind) -> Result<Analyzer, ExitCode> {
        match self {
            Self::Cpu => model.load_for(split).map(Analyzer::new),
            #[cfg(feature = "webgpu")]
            Self::Wgpu => {
                let mut analyzer = Analyzer::new(model.load_for(split)?);
                let gpu = GpuModel::load(model.folder_for(split)).map_err(super::fail)?;
                eprintln!("The networks run on {}.", gpu.gpu().name());
                analyzer.use_gpu(gpu, |error| eprintln!("On the CPU from here on: {error}."));
                Ok(analyzer)
            }
            #[cfg(not(feature = "webgpu"))]
            Self::Wgpu => Err(missing("webgpu")),
        }
    }

    /// Several of them: one per core, or one for the GPU.
    pub fn analyzers(self, model: &ModelArguments, split: SplitKind) -> Result<Vec<Analyzer>, ExitCode> {
        let count = match self {
            Self::Cpu => cores(),
            Self::Wgpu => 1,
        };
        (0..count).map(|_| self.analyzer(model, split)).collect()
    }
}
