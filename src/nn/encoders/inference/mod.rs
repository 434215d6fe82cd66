//! Encoders without gradients: the same networks as the modules beside this one, with weights that stay integers where
//! they were kept so. Written once, for any [backend](backend::Backend).
//!
//! A frame's values stand together, so that a convolution over time is a product with windows of a longer stride, and
//! nothing is copied for it. What is computed in between has buffers that are kept from clip to clip; only the hidden states
//! that are handed out are new each time.

mod attention;
mod backend;
mod cpu;
#[cfg(target_arch = "wasm32")]
mod gpu;
mod layer;
mod wav2vec2;
mod weights;
mod whisper;

#[cfg(target_arch = "wasm32")]
pub use gpu::{GpuEncoded, GpuError, GpuInference};

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use self::backend::Backend;
use self::cpu::Cpu;
use self::layer::Layer;
use super::{Encoded, EncoderConfig};
use crate::nn::weights::Stored;

/// An encoder ready to hear, on the CPU. Copies share the weights.
#[derive(Clone)]
pub struct Inference {
    network: Arc<Network<Cpu>>,
    backend: Cpu,
    buffers: Buffers<Cpu>,
    width: usize,
    heads: usize,
}

impl Inference {
    /// Puts an encoder together; `weights` are asked for by the names of the module's parameters, and come as
    /// transformers lays them out.
    ///
    /// # Panics
    /// If one is missing or of another shape.
    pub fn new(config: &EncoderConfig, weights: impl FnMut(&str) -> Option<Stored>) -> Self {
        let mut backend = Cpu::default();
        let network = Arc::new(Network::new(config, &mut backend, weights));
        Self { network, backend, buffers: Buffers::default(), width: config.width(), heads: config.heads() }
    }

    /// Encodes one clip: samples for wav2vec 2.0, a feature map row by row for Whisper. Tensors are on `device`.
    pub fn forward(&mut self, input: &[f32], with_attention: bool, device: &Device) -> Encoded {
        let Self { network, backend, buffers, width, heads } = self;
        let mut trace = Trace { with_attention, states: Vec::new(), attentions: Vec::new() };
        let last = network.forward(backend, input, buffers, &mut trace);
        let frames = last.len() / *width;
        let state = |values| Tensor::from_data(TensorData::new(values, [1, frames, *width]), device);
        let looks = |values| Tensor::from_data(TensorData::new(values, [1, *heads, frames, frames]), device);
        Encoded {
            hidden_states: trace.states.into_iter().map(state).collect(),
            last: state(last),
            attentions: trace.attentions.into_iter().map(looks).collect(),
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

    /// The end of the network; what is seen on the way is left in `trace`.
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

/// What is computed on the way, used again for each clip.
struct Buffers<B: Backend> {
    /// In front of the layers, by turns.
    convolved: [B::Values; 2],
    /// A copy of the frames that is normed.
    normed: B::Values,
    /// Queries, keys and values of each frame.
    projected: B::Values,
    /// What each frame hears of the others.
    heard: B::Values,
    /// Between the dense layers.
    hidden: B::Values,
}

impl<B: Backend> Default for Buffers<B> {
    fn default() -> Self {
        Self {
            convolved: Default::default(),
            normed: Default::default(),
            projected: Default::default(),
            heard: Default::default(),
            hidden: Default::default(),
        }
    }
}

/// Buffers are no part of what a copy shares.
impl<B: Backend> Clone for Buffers<B> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What is seen on the way through the layers.
struct Trace<B: Backend> {
    with_attention: bool,
    /// What goes into the first layer, and what comes out of each.
    states: Vec<B::Values>,
    /// The looks of all heads of each layer.
    attentions: Vec<B::Values>,
}

/// Sends frames through layers, one after the other.
fn run<B: Backend>(
    layers: &[Layer<B>],
    backend: &mut B,
    mut x: B::Values,
    buffers: &mut Buffers<B>,
    trace: &mut Trace<B>,
) -> B::Values {
    let mut seen = |backend: &mut B, x: &B::Values| {
        let mut state = B::Values::default();
        backend.copy(x, &mut state);
        trace.states.push(state);
    };
    seen(backend, &x);
    for layer in layers {
        let mut looks = trace.with_attention.then(B::Values::default);
        layer.forward(backend, &mut x, buffers, looks.as_mut());
        seen(backend, &x);
        trace.attentions.extend(looks);
    }
    x
}
