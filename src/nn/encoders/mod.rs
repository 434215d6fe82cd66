//! Speech encoders: networks pretrained on much unlabelled or transcribed speech, which turn sound into a sequence of
//! vectors. Equal to the reference implementations in transformers, whose names their parameters keep.

mod inference;
mod last_layers;
mod transformer;
mod wav2vec2;
mod whisper;

pub use inference::Inference;
#[cfg(target_arch = "wasm32")]
pub use inference::{GpuEncoded, GpuError, GpuInference};
pub use last_layers::LastLayers;
pub use wav2vec2::{FeatureNorm, Wav2Vec2, Wav2Vec2Config};
pub use whisper::{Whisper, WhisperConfig};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Most values that stand side by side anywhere in an encoder; the largest one published has 16,384.
const WIDEST: usize = 16_384;
/// Most layers; the largest one published has 48.
const MOST_LAYERS: usize = 96;
/// Frames that a convolution sees at most, and positions that are told apart.
const LONGEST: usize = 16_384;

/// Which encoder, with its sizes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EncoderConfig {
    /// wav2vec 2.0 or HuBERT, which share their network.
    Wav2Vec2(Wav2Vec2Config),
    /// The encoder of Whisper.
    Whisper(WhisperConfig),
}

impl EncoderConfig {
    /// Makes the encoder with fresh random weights.
    pub fn init(&self, device: &Device) -> Encoder {
        match self {
            Self::Wav2Vec2(config) => Encoder::Wav2Vec2(config.init(device)),
            Self::Whisper(config) => Encoder::Whisper(config.init(device)),
        }
    }

    /// Checks that the sizes make a network, and none beyond those that were ever published. What holds is true of every
    /// configuration that comes from outside; [`init`](Self::init) relies on it.
    ///
    /// # Errors
    /// The rule that is broken, with the name of the size.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Wav2Vec2(config) => config.check(),
            Self::Whisper(config) => config.check(),
        }
    }

    /// Values of each vector that comes out.
    pub fn width(&self) -> usize {
        match self {
            Self::Wav2Vec2(config) => config.width,
            Self::Whisper(config) => config.width,
        }
    }

    /// Heads of each layer's attention.
    pub fn heads(&self) -> usize {
        match self {
            Self::Wav2Vec2(config) => config.heads,
            Self::Whisper(config) => config.heads,
        }
    }

    /// The same encoder with its first layers alone, at most `layers`, and nothing after them.
    pub fn cut(self, layers: usize) -> Self {
        if layers >= self.layers() {
            return self;
        }
        match self {
            Self::Wav2Vec2(config) => Self::Wav2Vec2(config.with_layers(layers).with_final_norm(false)),
            Self::Whisper(config) => Self::Whisper(config.with_layers(layers).with_final_norm(false)),
        }
    }

    /// Transformer layers.
    pub fn layers(&self) -> usize {
        match self {
            Self::Wav2Vec2(config) => config.layers,
            Self::Whisper(config) => config.layers,
        }
    }
}

/// Whether `part` goes into `whole` without a rest.
fn divides(part: usize, whole: usize) -> bool {
    part > 0 && whole > 0 && whole.is_multiple_of(part)
}

/// Any of the encoders.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // A program holds one.
pub enum Encoder {
    /// See [`Wav2Vec2`].
    Wav2Vec2(Wav2Vec2),
    /// See [`Whisper`].
    Whisper(Whisper),
}

/// What an encoder makes of sound.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// What goes into the first transformer layer, then what comes out of each, as transformers numbers them; before
    /// the norm after the last layer, where there is one. Each is `[batch, frames, width]`.
    pub hidden_states: Vec<Tensor<3>>,
    /// The end of the network, after that norm, `[batch, frames, width]`.
    pub last: Tensor<3>,
    /// How much each frame (rows) looks at each other (columns), layer by layer, `[batch, heads, frames, frames]`; empty
    /// where that was not asked for.
    pub attentions: Vec<Tensor<4>>,
}
