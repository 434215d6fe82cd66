//! wav2vec 2.0 (Baevski et al., 2020) and HuBERT (Hsu et al., 2021), the same architecture with another training objective.

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
use super::{MAX_FRAMES, MAX_LAYERS, MAX_WIDTH, divides};
use crate::rules::first_broken;

/// Samples that a frame may depend on, at most; wav2vec 2.0 has 400.
const MAX_RECEPTIVE_FIELD: usize = 16_000;

/// The norms of the feature extractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureNorm {
    /// Group norm with one channel per group after the first convolution only: the base models.
    Group,
    /// Layer norm after every convolution: the large models.
    Layer,
}

/// Sizes of a [`Wav2Vec2`]; the defaults are those of the base models.
#[derive(Config, Debug)]
pub struct Wav2Vec2Config {
    /// Number of output channels of each convolution of the feature extractor.
    #[config(default = "vec![512; 7]")]
    pub conv_channels: Vec<usize>,
    /// Kernel size of each convolution.
    #[config(default = "vec![10, 3, 3, 3, 3, 2, 2]")]
    pub conv_kernels: Vec<usize>,
    /// Stride of each convolution.
    #[config(default = "vec![5, 2, 2, 2, 2, 2, 2]")]
    pub conv_strides: Vec<usize>,
    /// Whether the convolutions have a bias.
    #[config(default = false)]
    pub conv_bias: bool,
    /// The norms of the convolutions.
    #[config(default = "FeatureNorm::Group")]
    pub feature_norm: FeatureNorm,
    /// Whether there is a layer norm before the projection to the width of the layers.
    #[config(default = true)]
    pub project_norm: bool,
    /// Width of the hidden states.
    #[config(default = 768)]
    pub width: usize,
    /// Number of transformer layers.
    #[config(default = 12)]
    pub layers: usize,
    /// Number of attention heads in each layer.
    #[config(default = 12)]
    pub heads: usize,
    /// Hidden width of the feed-forward networks.
    #[config(default = 3072)]
    pub hidden: usize,
    /// Kernel size of the positional convolution, in frames.
    #[config(default = 128)]
    pub position_kernel: usize,
    /// Number of groups of the positional convolution.
    #[config(default = 16)]
    pub position_groups: usize,
    /// Pre-norm with a final norm ("stable layer norm") instead of post-norm with an initial norm.
    #[config(default = false)]
    pub norm_first: bool,
    /// Whether there is a final norm, with `norm_first`; not if the encoder is truncated.
    #[config(default = true)]
    pub final_norm: bool,
    /// Epsilon of the layer norms.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

impl Wav2Vec2Config {
    /// Initializes the encoder with random weights.
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
            ((1..=MAX_LAYERS).contains(&convs), "there must be 1 to 96 convolutions"),
            (
                self.conv_kernels.len() == convs && self.conv_strides.len() == convs,
                "the channels, kernels and strides of the convolutions must be of one length",
            ),
            (
                in_range(&self.conv_channels, MAX_WIDTH) && in_range(&[self.width, self.hidden], MAX_WIDTH),
                "channels, the width of layers and what is between their dense layers must be from 1 to 16384",
            ),
            (
                in_range(&self.conv_kernels, 1024) && in_range(&self.conv_strides, 1024),
                "kernels and strides must be from 1 to 1024",
            ),
            (
                self.receptive_field() <= MAX_RECEPTIVE_FIELD,
                "the receptive field of the convolutions must be at most 16000 samples",
            ),
            (self.layers <= MAX_LAYERS, "there must be at most 96 layers"),
            (divides(self.heads, self.width), "the number of attention heads must divide the width"),
            (
                (1..=MAX_FRAMES).contains(&self.position_kernel),
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

    /// Receptive field of a frame, in samples.
    pub fn receptive_field(&self) -> usize {
        let convs = self.conv_kernels.iter().zip(&self.conv_strides);
        // Saturating, since `check` calls this before the sizes are known to be valid.
        convs.rev().fold(1_usize, |frames, (&kernel, &stride)| {
            frames.saturating_sub(1).saturating_mul(stride).saturating_add(kernel)
        })
    }

    /// Number of frames for `samples` samples.
    pub fn frames(&self, samples: usize) -> usize {
        self.conv_kernels.iter().zip(&self.conv_strides).fold(samples, |frames, (&kernel, stride)| {
            if frames < kernel { 0 } else { 1 + (frames - kernel) / stride }
        })
    }
}

/// A convolutional feature extractor, a projection, and transformer layers.
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
    /// - output: [`Wav2Vec2Config::frames`] frames, 50 per second
    pub fn forward(&self, samples: Tensor<2>) -> Encoded {
        self.encode(self.extract_features(samples).1)
    }

    /// The first part: returns the normed features of the convolutions, and their projection to the width of the layers.
    ///
    /// # Shapes
    /// - input: `[batch, samples]` at 16 kHz
    /// - output: `[batch, frames, channels]` and `[batch, frames, width]`
    pub fn extract_features(&self, samples: Tensor<2>) -> (Tensor<3>, Tensor<3>) {
        let Projection { layer_norm, projection } = &self.feature_projection;
        let features = normed(self.feature_extractor.forward(samples), layer_norm);
        (features.clone(), projection.forward(features))
    }

    /// Adds positional embeddings to frames, `[batch, frames, width]`: returns the input of the first layer.
    pub fn add_positions(&self, frames: Tensor<3>) -> Tensor<3> {
        self.encoder.add_positions(frames)
    }

    /// Freezes the transformer layers.
    pub fn freeze_layers(mut self) -> Self {
        self.encoder.layers = self.encoder.layers.into_iter().map(Layer::no_grad).collect();
        self
    }

    /// The second part: adds positional embeddings to frames, `[batch, frames, width]`, and applies the transformer layers.
    pub fn encode(&self, frames: Tensor<3>) -> Encoded {
        self.encoder.forward(frames)
    }
}

impl Transformer {
    fn add_positions(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.pos_conv_embed.forward(x);
        if self.norm_first { x } else { normed(x, &self.layer_norm) }
    }

    fn forward(&self, x: Tensor<3>) -> Encoded {
        let (hidden_states, attentions) = transformer::run_layers(&self.layers, self.add_positions(x));
        let last = hidden_states[hidden_states.len() - 1].clone();
        let last_hidden_state = if self.norm_first { normed(last, &self.layer_norm) } else { last };
        Encoded { hidden_states, last_hidden_state, attentions }
    }
}
