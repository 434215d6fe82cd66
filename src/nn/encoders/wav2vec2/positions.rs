//! A wide convolution over frames, which tells them where they stand.

use burn::module::Module;
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::tensor::{Device, Tensor};

use super::Wav2Vec2Config;
use super::strided::convolve_groups;
use crate::nn::gelu::gelu;

/// The convolution. Training kept length and direction of its kernels apart (Salimans and Kingma, "Weight
/// Normalization", 2016); here they are multiplied out.
#[derive(Module, Debug)]
pub struct PositionalConv {
    conv: Conv1d,
}

impl PositionalConv {
    pub fn new(config: &Wav2Vec2Config, device: &Device) -> Self {
        let conv = Conv1dConfig::new(config.width, config.width, config.position_kernel)
            .with_groups(config.position_groups)
            .init(device);
        Self { conv }
    }

    /// `[batch, frames, width]`, as it came.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let kernel = self.conv.weight.val();
        let [batch, _, width] = x.dims();
        let [_, _, seen] = kernel.dims();
        // The reference pads an even kernel by half on both sides and drops the last frame.
        let [before, after] =
            [seen / 2, (seen - 1) / 2].map(|frames| Tensor::zeros([batch, frames, width], &x.device()));
        let bias = self.conv.bias.as_ref().expect("the convolution has a bias").val();
        gelu(convolve_groups(Tensor::cat(vec![before, x, after], 1), kernel, bias, self.conv.groups))
    }
}
