//! wav2vec 2.0 (Baevski et al., 2020) and HuBERT (Hsu et al., 2021), which is the same network trained otherwise.

mod feature_extractor;
mod positions;
mod strided;

use burn::config::Config;
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use self::feature_extractor::FeatureExtractor;
use self::positions::PositionalConv;
use super::Encoded;
use super::transformer::{self, Layer, LayerConfig, normed};
use super::{LONGEST, MOST_LAYERS, WIDEST, divides};
use crate::audio::SAMPLE_RATE_HZ;
use crate::rules::first_broken;

/// How the convolutions that hear the samples are normed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureNorm {
    /// The first one alone, each channel over time: the base models.
    Group,
    /// Each one, every frame over its channels: the large models.
    Layer,
}

/// Sizes of a [`Wav2Vec2`]; the defaults are those of the base models.
#[derive(Config, Debug)]
pub struct Wav2Vec2Config {
    /// Channels of each convolution that hears the samples.
    #[config(default = "vec![512; 7]")]
    pub conv_channels: Vec<usize>,
    /// Their kernels, in frames of the one before.
    #[config(default = "vec![10, 3, 3, 3, 3, 2, 2]")]
    pub conv_kernels: Vec<usize>,
    /// Their strides.
    #[config(default = "vec![5, 2, 2, 2, 2, 2, 2]")]
    pub conv_strides: Vec<usize>,
    /// Whether they have a bias.
    #[config(default = false)]
    pub conv_bias: bool,
    /// How they are normed.
    #[config(default = "FeatureNorm::Group")]
    pub feature_norm: FeatureNorm,
    /// Whether their output is normed before it is brought to the width of the layers.
    #[config(default = true)]
    pub project_norm: bool,
    /// Values a frame.
    #[config(default = 768)]
    pub width: usize,
    /// Transformer layers.
    #[config(default = 12)]
    pub layers: usize,
    /// Heads of each layer's attention.
    #[config(default = 12)]
    pub heads: usize,
    /// Values between the two dense layers.
    #[config(default = 3072)]
    pub hidden: usize,
    /// Frames that the convolution which tells positions sees.
    #[config(default = 128)]
    pub position_kernel: usize,
    /// Groups of its channels.
    #[config(default = 16)]
    pub position_groups: usize,
    /// Whether layers norm before each half and once at the end ("stable"), or after each half and once at the start.
    #[config(default = false)]
    pub norm_first: bool,
    /// Whether what comes out of the last layer is normed at the end, with `norm_first`; not if layers were left out.
    #[config(default = true)]
    pub final_norm: bool,
    /// Added to variances in norms.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

impl Wav2Vec2Config {
    /// Makes the encoder with fresh random weights.
    pub fn init(&self, device: &Device) -> Wav2Vec2 {
        let channels = *self.conv_channels.last().expect("there is a convolution");
        let norm = |width| LayerNormConfig::new(width).with_epsilon(self.epsilon).init(device);
        let layer = self.layer();
        Wav2Vec2 {
            feature_extractor: FeatureExtractor::new(self, device),
            feature_projection: Projection {
                layer_norm: self.project_norm.then(|| norm(channels)),
                projection: LinearConfig::new(channels, self.width).init(device),
            },
            encoder: Transformer {
                pos_conv_embed: PositionalConv::new(self, device),
                layer_norm: (self.final_norm || !self.norm_first).then(|| norm(self.width)),
                layers: (0..self.layers).map(|_| layer.init(device)).collect(),
                norm_first: self.norm_first,
            },
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let convs = self.conv_channels.len();
        let in_range = |sizes: &[usize], most| sizes.iter().all(|size| (1..=most).contains(size));
        first_broken(&[
            ((1..=MOST_LAYERS).contains(&convs), "there must be 1 to 96 convolutions"),
            (
                self.conv_kernels.len() == convs && self.conv_strides.len() == convs,
                "the channels, kernels and strides of the convolutions must be of one length",
            ),
            (
                in_range(&self.conv_channels, WIDEST) && in_range(&[self.width, self.hidden], WIDEST),
                "channels, the width of layers and what is between their dense layers must be from 1 to 16384",
            ),
            (
                in_range(&self.conv_kernels, 1024) && in_range(&self.conv_strides, 1024),
                "kernels and strides must be from 1 to 1024",
            ),
            (
                self.shortest() <= SAMPLE_RATE_HZ as usize,
                "the convolutions must see at most a second at once",
            ),
            (self.layers <= MOST_LAYERS, "there must be at most 96 layers"),
            (divides(self.heads, self.width), "the number of attention heads must divide the width"),
            (
                (1..=LONGEST).contains(&self.position_kernel),
                "the positional convolution must see 1 to 16384 frames",
            ),
            (
                divides(self.position_groups, self.width),
                "the groups of the positional convolution must divide the width",
            ),
            (
                self.epsilon > 0.0 && (self.epsilon as f32).is_normal(),
                "what is added to variances must be above 0",
            ),
        ])
    }

    pub(super) fn layer(&self) -> LayerConfig {
        LayerConfig {
            width: self.width,
            heads: self.heads,
            hidden: self.hidden,
            key_bias: true,
            norm_first: self.norm_first,
            epsilon: self.epsilon,
        }
    }

    /// Samples that make one frame.
    pub fn shortest(&self) -> usize {
        let convs = self.conv_kernels.iter().zip(&self.conv_strides);
        // Saturating, since `check` asks before it is known that the sizes are sane.
        convs.rev().fold(1_usize, |frames, (&kernel, &stride)| {
            frames.saturating_sub(1).saturating_mul(stride).saturating_add(kernel)
        })
    }

    /// Frames that `samples` samples make.
    pub fn frames(&self, samples: usize) -> usize {
        self.conv_kernels.iter().zip(&self.conv_strides).fold(samples, |frames, (&kernel, stride)| {
            if frames < kernel { 0 } else { 1 + (frames - kernel) / stride }
        })
    }
}

/// Convolutions over samples, a projection, and transformer layers over the frames.
#[derive(Module, Debug)]
pub struct Wav2Vec2 {
    feature_extractor: FeatureExtractor,
    feature_projection: Projection,
    encoder: Transformer,
}

#[derive(Module, Debug)]
struct Projection {
    layer_norm: Option<LayerNorm>,
    projection: Linear,
}

#[derive(Module, Debug)]
struct Transformer {
    pos_conv_embed: PositionalConv,
    layer_norm: Option<LayerNorm>,
    layers: Vec<Layer>,
    norm_first: bool,
}

impl Wav2Vec2 {
    /// # Shapes
    /// - input: `[batch, samples]` at 16 kHz
    /// - output: [`Wav2Vec2Config::frames`] frames, 50 of them a second
    pub fn forward(&self, samples: Tensor<2>) -> Encoded {
        self.attend(self.hear(samples).1)
    }

    /// The first half: what the convolutions hear, normed, and the same brought to the width of the layers.
    ///
    /// # Shapes
    /// - input: `[batch, samples]` at 16 kHz
    /// - output: `[batch, frames, channels]` and `[batch, frames, width]`
    pub fn hear(&self, samples: Tensor<2>) -> (Tensor<3>, Tensor<3>) {
        let Projection { layer_norm, projection } = &self.feature_projection;
        let features = normed(self.feature_extractor.forward(samples), layer_norm);
        (features.clone(), projection.forward(features))
    }

    /// What the first layer is given: frames, `[batch, frames, width]`, that know where they stand.
    pub fn place(&self, frames: Tensor<3>) -> Tensor<3> {
        self.encoder.place(frames)
    }

    /// The same with transformer layers that do not learn.
    pub fn hold_layers(mut self) -> Self {
        self.encoder.layers = self.encoder.layers.into_iter().map(Layer::no_grad).collect();
        self
    }

    /// The second half: what the layers make of frames, `[batch, frames, width]`.
    pub fn attend(&self, frames: Tensor<3>) -> Encoded {
        self.encoder.forward(frames)
    }
}

impl Transformer {
    fn place(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.pos_conv_embed.forward(x);
        if self.norm_first { x } else { normed(x, &self.layer_norm) }
    }

    fn forward(&self, x: Tensor<3>) -> Encoded {
        let (hidden_states, attentions) = transformer::run(&self.layers, self.place(x));
        let last = hidden_states[hidden_states.len() - 1].clone();
        let last = if self.norm_first { normed(last, &self.layer_norm) } else { last };
        Encoded { hidden_states, last, attentions }
    }
}
