//! Encoders for inference: the same networks as the modules in [`super`], without gradients, with integer weights where the
//! stored weights are quantized. Generic over the [backend](backend::Backend).
//!
//! The values of a frame are contiguous, so that a convolution over time is a matrix product with overlapping windows, and
//! nothing is copied for it. Intermediate buffers are reused from clip to clip; only the returned hidden states are allocated
//! each time.

mod attention;
mod backend;
mod cpu;
#[cfg(feature = "webgpu")]
mod gpu;
mod layer;
mod wav2vec2;
mod weights;
mod whisper;

#[cfg(feature = "webgpu")]
pub use gpu::GpuInference;

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use self::backend::Backend;
use self::cpu::Cpu;
use self::layer::Layer;
use super::{Encoded, EncoderConfig};
use crate::nn::weights::Stored;

/// An encoder for inference on the CPU. Copies share the weights.
#[derive(Clone)]
pub struct Inference {
    network: Arc<Network<Cpu>>,
    backend: Cpu,
    buffers: Buffers<Cpu>,
    width: usize,
    heads: usize,
}

impl Inference {
    /// Builds an encoder; `weights` returns a tensor, in the layout of transformers, for the name of a parameter of the module.
    ///
    /// # Panics
    /// If one is missing or has another shape.
    pub fn new(config: &EncoderConfig, weights: impl FnMut(&str) -> Option<Stored>) -> Self {
        let mut backend = Cpu::default();
        let network = Arc::new(Network::new(config, &mut backend, weights));
        Self { network, backend, buffers: Buffers::default(), width: config.width(), heads: config.heads() }
    }

    /// Encodes one clip: samples for wav2vec 2.0, a row-major feature map for Whisper. The returned tensors are on `device`.
    pub fn forward(&mut self, input: &[f32], with_attention: bool, device: &Device) -> Encoded {
        let Self { network, backend, buffers, width, heads } = self;
        let mut trace = Trace { with_attention, states: Vec::new(), attentions: Vec::new() };
        let last_hidden_state = network.forward(backend, input, buffers, &mut trace);
        let frames = last_hidden_state.len() / *width;
        let state = |values| Tensor::from_data(TensorData::new(values, [1, frames, *width]), device);
        let attention_weights =
            |values| Tensor::from_data(TensorData::new(values, [1, *heads, frames, frames]), device);
        Encoded {
            hidden_states: trace.states.into_iter().map(state).collect(),
            last_hidden_state: state(last_hidden_state),
            attentions: trace.attentions.into_iter().map(attention_weights).collect(),
        }
    }
}

enum Network<B: Backend> {
    Wav2Vec2(wav2vec2::Wav2Vec2<B>),
    Whisper(whisper::Whisper<B>),
}

impl<B: Backend> Network<B> {
    fn new(config: &EncoderConfig, backend: &mut B, mut weights: impl FnMut(&str) -> Option<Stored>) -> Self {
        match config {
            EncoderConfig::Wav2Vec2(config) => {
                Self::Wav2Vec2(wav2vec2::Wav2Vec2::new(config, backend, &mut weights))
            }
            EncoderConfig::Whisper(config) => {
                Self::Whisper(whisper::Whisper::new(config, backend, &mut weights))
            }
        }
    }

    /// Returns the last hidden state; records intermediate values in `trace`.
    fn forward(
        &self,
        backend: &mut B,
        input: &[f32],
        buffers: &mut Buffers<B>,
        trace: &mut Trace<B>,
    ) -> B::Values {
        match self {
            Self::Wav2Vec2(network) => network.forward(backend, input, buffers, trace),
            Self::Whisper(network) => network.forward(backend, input, buffers, trace),
        }
    }
}

/// Intermediate buffers, reused for each clip.
struct Buffers<B: Backend> {
    /// Input and output of the convolutions, alternately.
    convolved: [B::Values; 2],
    /// The frames after a norm.
    normed: B::Values,
    /// Queries, keys and values of each frame.
    projected: B::Values,
    /// The output of attention before its projection.
    context: B::Values,
    /// Hidden values of the feed-forward layers.
    hidden: B::Values,
}

impl<B: Backend> Default for Buffers<B> {
    fn default() -> Self {
        Self {
            convolved: Default::default(),
            normed: Default::default(),
            projected: Default::default(),
            context: Default::default(),
            hidden: Default::default(),
        }
    }
}

/// Copies have buffers of their own.
impl<B: Backend> Clone for Buffers<B> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Hidden states and attention weights recorded by the layers.
struct Trace<B: Backend> {
    with_attention: bool,
    /// The input of the first layer, then the output of each layer.
    states: Vec<B::Values>,
    /// The attention weights of each layer.
    attentions: Vec<B::Values>,
}

/// Applies the layers to the frames in order.
fn run_layers<B: Backend>(
    layers: &[Layer<B>],
    backend: &mut B,
    mut x: B::Values,
    buffers: &mut Buffers<B>,
    trace: &mut Trace<B>,
) -> B::Values {
    let mut record = |backend: &mut B, x: &B::Values| {
        let mut state = B::Values::default();
        backend.copy(x, &mut state);
        trace.states.push(state);
    };
    record(backend, &x);
    for layer in layers {
        let mut attention_weights = trace.with_attention.then(B::Values::default);
        layer.forward(backend, &mut x, buffers, attention_weights.as_mut());
        record(backend, &x);
        trace.attentions.extend(attention_weights);
    }
    x
}
