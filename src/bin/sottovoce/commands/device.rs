//! The device for training.

use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Args, ValueEnum};

#[derive(Args)]
pub struct DeviceArguments {
    /// The device for training. A GPU needs a build with its feature: `cargo build --release --features vulkan` (or
    /// metal, cuda).
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceKind,
}

#[derive(Clone, Copy, ValueEnum)]
enum DeviceKind {
    Cpu,
    Vulkan,
    Metal,
    Cuda,
}

impl DeviceArguments {
    /// Opens the device, or prints how to get it.
    pub fn open(&self) -> Result<Device, ExitCode> {
        match self.device {
            DeviceKind::Cpu => Ok(Device::flex()),
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

#[cfg(not(all(feature = "vulkan", feature = "metal", feature = "cuda")))]
fn missing(feature: &str) -> ExitCode {
    super::fail(format!(
        "This build has no {feature}. Build it with the feature: `cargo build --release --features {feature}`, or train with --device cpu."
    ))
}
