//! Encoders on the CPU without gradients: the same networks as the modules beside this one, on plain slices, with weights
//! that stay integers where they were kept so.
//!
//! A frame's values stand together, so that a convolution over time is a product with windows of a longer stride, and
//! nothing is copied for it. What is computed in between has buffers that are kept from clip to clip; only the hidden states
//! that are handed out are new each time.

mod attention;
mod dense;
mod layer;
mod norm;
mod wav2vec2;
mod whisper;

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use self::layer::Layer;
use super::{Encoded, EncoderConfig};
use crate::nn::quant::Activations;
use crate::nn::weights::Stored;

/// Gives a tensor, in the layout of transformers, for our name of it.
type Weights<'a> = &'a mut dyn FnMut(&str) -> Option<Stored>;

/// An encoder ready to hear. Copies share the weights.
pub struct Inference {
    network: Arc<Network>,
    buffers: Buffers,
}

enum Network {
    Wav2Vec2(wav2vec2::Wav2Vec2),
    Whisper(whisper::Whisper),
}

/// What is computed on the way, used again for each clip.
#[derive(Default)]
struct Buffers {
    rounded: Activations,
    /// In front of the layers, by turns.
    convolved: [Vec<f32>; 2],
    /// A copy of the frames that is normed.
    normed: Vec<f32>,
    /// Queries, keys and values of each frame.
    projected: Vec<f32>,
    /// How much each frame looks at each other, in one head.
    looks: Vec<f32>,
    of_head: Vec<f32>,
    heard: Vec<f32>,
    hidden: Vec<f32>,
}

impl Clone for Inference {
    fn clone(&self) -> Self {
        Self { network: self.network.clone(), buffers: Buffers::default() }
    }
}

impl Inference {
    /// Puts an encoder together; `weights` are asked for by the names of the module's parameters, and come as
    /// transformers lays them out.
    ///
    /// # Panics
    /// If one is missing or of another shape.
    pub fn new(config: &EncoderConfig, mut weights: impl FnMut(&str) -> Option<Stored>) -> Self {
        let network = match config {
            EncoderConfig::Wav2Vec2(config) => {
                Network::Wav2Vec2(wav2vec2::Wav2Vec2::new(config, &mut weights))
            }
            EncoderConfig::Whisper(config) => Network::Whisper(whisper::Whisper::new(config, &mut weights)),
        };
        Self { network: Arc::new(network), buffers: Buffers::default() }
    }

    /// Encodes one clip: samples for wav2vec 2.0, a feature map row by row for Whisper. Tensors are on `device`.
    pub fn forward(&mut self, input: &[f32], with_attention: bool, device: &Device) -> Encoded {
        let mut trace = Trace { with_attention, states: Vec::new(), attentions: Vec::new() };
        let Self { network, buffers } = self;
        let (last, width, heads) = match &**network {
            Network::Wav2Vec2(network) => {
                (network.forward(input, buffers, &mut trace), network.width, network.heads)
            }
            Network::Whisper(network) => {
                (network.forward(input, buffers, &mut trace), network.width, network.heads)
            }
        };
        let frames = last.len() / width;
        let state = |values| Tensor::from_data(TensorData::new(values, [1, frames, width]), device);
        let looks = |values| Tensor::from_data(TensorData::new(values, [1, heads, frames, frames]), device);
        Encoded {
            hidden_states: trace.states.into_iter().map(state).collect(),
            last: state(last),
            attentions: trace.attentions.into_iter().map(looks).collect(),
        }
    }
}

/// What is seen on the way through the layers.
struct Trace {
    with_attention: bool,
    /// What goes into the first layer, and what comes out of each.
    states: Vec<Vec<f32>>,
    /// The looks of all heads of each layer.
    attentions: Vec<Vec<f32>>,
}

/// Sends frames through layers, one after the other.
fn run(layers: &[Layer], mut x: Vec<f32>, buffers: &mut Buffers, trace: &mut Trace) -> Vec<f32> {
    trace.states.push(x.clone());
    for layer in layers {
        let mut looks = trace.with_attention.then(Vec::new);
        layer.forward(&mut x, buffers, looks.as_mut());
        trace.states.push(x.clone());
        trace.attentions.extend(looks);
    }
    x
}
