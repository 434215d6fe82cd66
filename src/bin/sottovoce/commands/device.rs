//! Which processor trains.

use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Args, ValueEnum};

#[derive(Args)]
pub struct DeviceArguments {
    /// What computes. A GPU needs a build with its feature: `cargo build --release --features vulkan` (or metal, cuda).
    #[arg(long, value_enum, default_value = "cpu")]
    device: Kind,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Cpu,
    Vulkan,
    Metal,
    Cuda,
}

impl DeviceArguments {
    /// The device, or what to do to get it.
    pub fn open(&self) -> Result<Device, ExitCode> {
        match self.device {
            Kind::Cpu => Ok(Device::flex()),
            #[cfg(feature = "vulkan")]
            Kind::Vulkan => Ok(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(feature = "vulkan"))]
            Kind::Vulkan => Err(missing("vulkan")),
            #[cfg(feature = "metal")]
            Kind::Metal => Ok(Device::metal(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(not(feature = "metal"))]
            Kind::Metal => Err(missing("metal")),
            #[cfg(feature = "cuda")]
            Kind::Cuda => Ok(Device::cuda(0)),
            #[cfg(not(feature = "cuda"))]
            Kind::Cuda => Err(missing("cuda")),
        }
    }
}

#[cfg(not(all(feature = "vulkan", feature = "metal", feature = "cuda")))]
fn missing(feature: &str) -> ExitCode {
    super::fail(format!(
        "This build has no {feature}. Build it with the feature: `cargo build --release --features {feature}`, or train with --device cpu."
    ))
}
