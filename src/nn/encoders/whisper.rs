//! The encoder of Whisper (Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022), for
//! sound of any length up to half a minute: positions are taken as far as the frames go, and nothing is padded.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, PaddingConfig1d};
use burn::tensor::{Device, Tensor};

use super::Encoded;
use super::transformer::{self, Layer, LayerConfig, normed};
use super::{LONGEST, MOST_LAYERS, WIDEST, divides};
use crate::nn::gelu::gelu;
use crate::rules::first_broken;

/// Sizes of a [`Whisper`]; the defaults are those of `tiny`.
#[derive(Config, Debug)]
pub struct WhisperConfig {
    /// Rows of the log-mel map.
    #[config(default = 80)]
    pub mels: usize,
    /// Values a frame.
    #[config(default = 384)]
    pub width: usize,
    /// Transformer layers.
    #[config(default = 4)]
    pub layers: usize,
    /// Heads of each layer's attention.
    #[config(default = 6)]
    pub heads: usize,
    /// Values between the two dense layers.
    #[config(default = 1536)]
    pub hidden: usize,
    /// Most frames that come out, 50 of them a second.
    #[config(default = 1500)]
    pub positions: usize,
    /// Whether what comes out of the last layer is normed at the end; not if layers were left out.
    #[config(default = true)]
    pub final_norm: bool,
}

impl WhisperConfig {
    /// Makes the encoder with fresh random weights.
    pub fn init(&self, device: &Device) -> Whisper {
        let Self { mels, width, layers, positions, final_norm, .. } = *self;
        let conv = |inputs, stride| {
            Conv1dConfig::new(inputs, width, 3)
                .with_stride(stride)
                .with_padding(PaddingConfig1d::Explicit(1, 1))
                .init(device)
        };
        let layer = self.layer();
        let small = Initializer::Normal { mean: 0.0, std: 0.02 };
        Whisper {
            conv1: conv(mels, 1),
            conv2: conv(width, 2),
            embed_positions: small.init([positions, width], device),
            layers: (0..layers).map(|_| layer.init(device)).collect(),
            layer_norm: final_norm.then(|| LayerNormConfig::new(width).init(device)),
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let in_range = |size: usize, most| (1..=most).contains(&size);
        first_broken(&[
            (in_range(self.mels, 1024), "there must be 1 to 1024 mel bands"),
            (
                in_range(self.width, WIDEST) && in_range(self.hidden, WIDEST),
                "the width of layers and what is between their dense layers must be from 1 to 16384",
            ),
            (self.layers <= MOST_LAYERS, "there must be at most 96 layers"),
            (divides(self.heads, self.width), "the number of attention heads must divide the width"),
            (in_range(self.positions, LONGEST), "there must be 1 to 16384 positions"),
        ])
    }

    pub(super) fn layer(&self) -> LayerConfig {
        let Self { width, heads, hidden, .. } = *self;
        LayerConfig { width, heads, hidden, key_bias: false, norm_first: true, epsilon: 1e-5 }
    }
}

/// Two convolutions that halve the frames, learnt positions, transformer layers, a norm.
#[derive(Module, Debug)]
pub struct Whisper {
    conv1: Conv1d,
    conv2: Conv1d,
    embed_positions: Param<Tensor<2>>,
    layers: Vec<Layer>,
    layer_norm: Option<LayerNorm>,
}

impl Whisper {
    /// # Shapes
    /// - input: log-mel maps, `[batch, mels, frames]`
    /// - output: `frames / 2`, rounded up, and no more than the positions; what is beyond is not heard
    pub fn forward(&self, maps: Tensor<3>) -> Encoded {
        let [positions, width] = self.embed_positions.dims();
        let [batch, mels, frames] = maps.dims();
        let maps = maps.slice([0..batch, 0..mels, 0..frames.min(2 * positions)]);
        let x = gelu(self.conv2.forward(gelu(self.conv1.forward(maps)))).swap_dims(1, 2);
        let frames = x.dims()[1];
        let x = x + self.embed_positions.val().slice([0..frames, 0..width]).unsqueeze::<3>();
        let (hidden_states, attentions) = transformer::run(&self.layers, x);
        let last = hidden_states[hidden_states.len() - 1].clone();
        Encoded { hidden_states, last: normed(last, &self.layer_norm), attentions }
    }
}
