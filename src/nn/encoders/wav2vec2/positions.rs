//! Convolutional positional embeddings.

use burn::module::Module;
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::tensor::{Device, Tensor};

use super::Wav2Vec2Config;
use super::strided::convolve_groups;
use crate::nn::gelu::gelu;

/// The positional convolution. It is trained with weight normalisation (Salimans and Kingma, "Weight Normalization",
/// 2016); here magnitude and direction are fused.
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

    /// `[batch, frames, width]` to the same shape.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let kernel = self.conv.weight.val();
        let [batch, _, width] = x.dims();
        let [_, _, size] = kernel.dims();
        // The reference implementation pads an even kernel by half on both sides and drops the last frame.
        let [before, after] =
            [size / 2, (size - 1) / 2].map(|frames| Tensor::zeros([batch, frames, width], &x.device()));
        let bias = self.conv.bias.as_ref().expect("the convolution has a bias").val();
        gelu(convolve_groups(Tensor::cat(vec![before, x, after], 1), kernel, bias, self.conv.groups))
    }
}
