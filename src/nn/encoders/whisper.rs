//! The encoder of Whisper (Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022), for audio of
//! any length up to 30 seconds: positional embeddings are truncated to the frames, and nothing is padded.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, PaddingConfig1d};
use burn::tensor::{Device, Tensor};

use super::Encoded;
use super::transformer::{self, Layer, LayerConfig, normed};
use super::{MAX_FRAMES, MAX_LAYERS, MAX_WIDTH, divides};
use crate::nn::gelu::gelu;
use crate::rules::first_broken;

/// Sizes of a [`Whisper`]; the defaults are those of `tiny`.
#[derive(Config, Debug)]
pub struct WhisperConfig {
    /// Number of mel bands.
    #[config(default = 80)]
    pub mels: usize,
    /// Width of the hidden states.
    #[config(default = 384)]
    pub width: usize,
    /// Number of transformer layers.
    #[config(default = 4)]
    pub layers: usize,
    /// Number of attention heads in each layer.
    #[config(default = 6)]
    pub heads: usize,
    /// Hidden width of the feed-forward networks.
    #[config(default = 1536)]
    pub hidden: usize,
    /// Maximum number of output frames, 50 per second.
    #[config(default = 1500)]
    pub positions: usize,
    /// Whether there is a final norm; not if the encoder is truncated.
    #[config(default = true)]
    pub final_norm: bool,
}

impl WhisperConfig {
    /// Initializes the encoder with random weights.
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
                in_range(self.width, MAX_WIDTH) && in_range(self.hidden, MAX_WIDTH),
                "the width of layers and what is between their dense layers must be from 1 to 16384",
            ),
            (self.layers <= MAX_LAYERS, "there must be at most 96 layers"),
            (divides(self.heads, self.width), "the number of attention heads must divide the width"),
            (in_range(self.positions, MAX_FRAMES), "there must be 1 to 16384 positions"),
        ])
    }

    pub(super) fn layer(&self) -> LayerConfig {
        let Self { width, heads, hidden, .. } = *self;
        LayerConfig { width, heads, hidden, key_bias: false, norm_first: true, epsilon: 1e-5 }
    }
}

/// Two convolutions with a total stride of 2, learned positional embeddings, transformer layers, a final norm.
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
    /// - output: `frames / 2` frames, rounded up, at most as many as there are positions; the input is truncated to these
    pub fn forward(&self, maps: Tensor<3>) -> Encoded {
        let [positions, width] = self.embed_positions.dims();
        let [batch, mels, frames] = maps.dims();
        let maps = maps.slice([0..batch, 0..mels, 0..frames.min(2 * positions)]);
        let x = gelu(self.conv2.forward(gelu(self.conv1.forward(maps)))).swap_dims(1, 2);
        let frames = x.dims()[1];
        let x = x + self.embed_positions.val().slice([0..frames, 0..width]).unsqueeze::<3>();
        let (hidden_states, attentions) = transformer::run_layers(&self.layers, x);
        let last = hidden_states[hidden_states.len() - 1].clone();
        Encoded { hidden_states, last_hidden_state: normed(last, &self.layer_norm), attentions }
    }
}
