//! Speech encoders: networks pretrained on large amounts of unlabelled or transcribed speech, from audio to a sequence of
//! hidden states. Equal to the reference implementations in transformers, whose parameter names they keep.

mod inference;
mod last_layers;
mod transformer;
mod wav2vec2;
mod whisper;

#[cfg(feature = "webgpu")]
pub use inference::GpuInference;
pub use inference::Inference;
pub use last_layers::LastLayers;
pub use wav2vec2::{FeatureNorm, Wav2Vec2, Wav2Vec2Config};
pub use whisper::{Whisper, WhisperConfig};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Maximum width of any layer; the largest published encoder has 16,384.
const MAX_WIDTH: usize = 16_384;
/// Maximum number of layers; the largest published encoder has 48.
const MAX_LAYERS: usize = 96;
/// Maximum kernel of the positional convolution, and maximum number of positions.
const MAX_FRAMES: usize = 16_384;

/// The configuration of an encoder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EncoderConfig {
    /// wav2vec 2.0 or HuBERT, which have the same architecture.
    Wav2Vec2(Wav2Vec2Config),
    /// The encoder of Whisper.
    Whisper(WhisperConfig),
}

impl EncoderConfig {
    /// Initializes the encoder with random weights.
    pub fn init(&self, device: &Device) -> Encoder {
        match self {
            Self::Wav2Vec2(config) => Encoder::Wav2Vec2(config.init(device)),
            Self::Whisper(config) => Encoder::Whisper(config.init(device)),
        }
    }

    /// Checks that the sizes make a network, and are not larger than those of any published encoder. Every configuration from
    /// outside passes this check; [`init`](Self::init) relies on it.
    ///
    /// # Errors
    /// The rule that is broken, with the name of the size.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Wav2Vec2(config) => config.check(),
            Self::Whisper(config) => config.check(),
        }
    }

    /// Width of the hidden states.
    pub fn width(&self) -> usize {
        match self {
            Self::Wav2Vec2(config) => config.width,
            Self::Whisper(config) => config.width,
        }
    }

    /// Number of attention heads in each layer.
    pub fn heads(&self) -> usize {
        match self {
            Self::Wav2Vec2(config) => config.heads,
            Self::Whisper(config) => config.heads,
        }
    }

    /// Truncates the encoder to its first `layers` layers, without the final norm.
    pub fn cut(self, layers: usize) -> Self {
        if layers >= self.layers() {
            return self;
        }
        match self {
            Self::Wav2Vec2(config) => Self::Wav2Vec2(config.with_layers(layers).with_final_norm(false)),
            Self::Whisper(config) => Self::Whisper(config.with_layers(layers).with_final_norm(false)),
        }
    }

    /// Number of transformer layers.
    pub fn layers(&self) -> usize {
        match self {
            Self::Wav2Vec2(config) => config.layers,
            Self::Whisper(config) => config.layers,
        }
    }
}

/// Returns whether `part` divides `whole`.
fn divides(part: usize, whole: usize) -> bool {
    part > 0 && whole > 0 && whole.is_multiple_of(part)
}

/// An encoder of any architecture.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // A program holds one.
pub enum Encoder {
    /// See [`Wav2Vec2`].
    Wav2Vec2(Wav2Vec2),
    /// See [`Whisper`].
    Whisper(Whisper),
}

/// The output of an encoder.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The input of the first transformer layer, then the output of each layer, numbered as in transformers; before the
    /// final norm, if there is one. Each is `[batch, frames, width]`.
    pub hidden_states: Vec<Tensor<3>>,
    /// The output of the network, after the final norm, `[batch, frames, width]`.
    pub last_hidden_state: Tensor<3>,
    /// The attention weights of each layer, `[batch, heads, frames, frames]`: how much each frame (rows) attends to each other
    /// (columns); empty unless requested.
    pub attentions: Vec<Tensor<4>>,
}
