//! The convolutional feature extractor, from samples to frames.

use std::f64::consts::SQRT_2;

use burn::module::Module;
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, Initializer, LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Tensor};

use super::strided::convolve;
use super::{FeatureNorm, Wav2Vec2Config};
use crate::nn::gelu::gelu;

#[derive(Module, Debug)]
pub struct FeatureExtractor {
    conv_layers: Vec<ConvLayer>,
}

#[derive(Module, Debug)]
struct ConvLayer {
    conv: Conv1d,
    layer_norm: Option<Norm>,
}

#[derive(Module, Debug)]
enum Norm {
    Group(GroupNorm),
    Layer(LayerNorm),
}

impl FeatureExtractor {
    pub fn new(config: &Wav2Vec2Config, device: &Device) -> Self {
        // As in fairseq: frames keep their variance from one convolution to the next. With burn's smaller default weights they
        // shrink to where GELU is linear, and the output of an untrained network hardly depends on the level.
        let weights = Initializer::KaimingNormal { gain: SQRT_2, fan_out_only: false };
        let mut inputs = 1;
        let mut conv_layers = Vec::new();
        for (index, &channels) in config.conv_channels.iter().enumerate() {
            let conv = Conv1dConfig::new(inputs, channels, config.conv_kernels[index])
                .with_stride(config.conv_strides[index])
                .with_initializer(weights.clone())
                .with_bias(config.conv_bias);
            let layer_norm = match config.feature_norm {
                FeatureNorm::Group if index > 0 => None,
                FeatureNorm::Group => {
                    Some(Norm::Group(GroupNormConfig::new(channels, channels).init(device)))
                }
                FeatureNorm::Layer => Some(Norm::Layer(LayerNormConfig::new(channels).init(device))),
            };
            conv_layers.push(ConvLayer { conv: conv.init(device), layer_norm });
            inputs = channels;
        }
        Self { conv_layers }
    }

    /// `[batch, samples]` to `[batch, frames, channels]`.
    pub fn forward(&self, samples: Tensor<2>) -> Tensor<3> {
        self.conv_layers.iter().fold(samples.unsqueeze_dim(2), |x, ConvLayer { conv, layer_norm }| {
            let bias = conv.bias.as_ref().map(|bias| bias.val());
            let x = convolve(x, conv.weight.val(), bias, conv.stride);
            gelu(match layer_norm {
                None => x,
                Some(Norm::Group(norm)) => over_time(x, norm),
                Some(Norm::Layer(norm)) => norm.forward(x),
            })
        })
    }
}

/// Normalises each channel over time, then scales and shifts it (group norm with one channel per group).
fn over_time(x: Tensor<3>, norm: &GroupNorm) -> Tensor<3> {
    let centred = x.clone() - x.mean_dim(1);
    let variance = centred.clone().square().mean_dim(1);
    let gamma = norm.gamma.as_ref().expect("the norm has parameters").val().unsqueeze::<3>();
    let beta = norm.beta.as_ref().expect("the norm has parameters").val().unsqueeze::<3>();
    centred * ((variance + norm.epsilon).sqrt().recip() * gamma) + beta
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    #[test]
    fn an_untrained_feature_extractor_keeps_the_variance_of_its_input() {
        let device = Device::flex();
        let config = Wav2Vec2Config::new().with_conv_channels(vec![32; 7]);
        let noise = Tensor::random([1, 16_000], Distribution::Normal(0.0, 1.0), &device);
        let frames = FeatureExtractor::new(&config, &device).forward(noise);
        let power: f32 = frames.square().mean().into_scalar();
        assert!(power > 0.02 && power < 2.0, "{power}");
    }
}
