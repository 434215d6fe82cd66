//! A wide convolution over frames, which tells them where they stand.

use burn::module::Module;
use burn::nn::PaddingConfig1d;
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};

use super::Wav2Vec2Config;

/// The convolution. Training kept length and direction of its kernels apart (Salimans and Kingma, "Weight
/// Normalization", 2016); here they are multiplied out.
#[derive(Module, Debug)]
pub struct PositionalConv {
    conv: Conv1d,
}

impl PositionalConv {
    pub fn new(config: &Wav2Vec2Config, device: &Device) -> Self {
        let kernel = config.position_kernel;
        // The reference pads an even kernel by half on both sides and drops the last frame.
        let padding = PaddingConfig1d::Explicit(kernel / 2, (kernel - 1) / 2);
        let conv = Conv1dConfig::new(config.width, config.width, kernel)
            .with_groups(config.position_groups)
            .with_padding(padding)
            .init(device);
        Self { conv }
    }

    /// `[batch, frames, width]`, as it came.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        gelu(self.conv.forward(x.swap_dims(1, 2))).swap_dims(1, 2)
    }
}
