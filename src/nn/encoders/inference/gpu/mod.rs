//! Encoders on a GPU.
//!
//! Weights keep the precision they have on disk, and the inputs of integer layers are quantized as on the CPU, so that both
//! give the same output; sums are of floats. Only reading the result waits for the GPU.

mod backend;
mod kernels;

use self::backend::{Cube, Values};
use super::{Buffers, Network, Trace};
use crate::nn::encoders::EncoderConfig;
use crate::nn::gpu::{Gpu, GpuError};
use crate::nn::weights::Stored;

/// An encoder on a GPU.
pub struct GpuInference {
    network: Network<Cube>,
    backend: Cube,
    buffers: Buffers<Cube>,
}

impl GpuInference {
    /// Uploads the weights; see [`Inference::new`](super::Inference::new).
    ///
    /// # Panics
    /// If a tensor is missing or has another shape.
    pub fn new(config: &EncoderConfig, weights: impl FnMut(&str) -> Option<Stored>, gpu: Gpu) -> Self {
        let mut backend = Cube::new(gpu);
        let network = Network::new(config, &mut backend, weights);
        Self { network, backend, buffers: Buffers::default() }
    }

    /// Encodes one clip, as [`Inference::forward`](super::Inference::forward): the requested hidden states, in the requested
    /// order, each `[frames, width]`.
    ///
    /// # Errors
    /// [`GpuError::Failed`] if the GPU stops.
    pub async fn forward(&mut self, input: &[f32], states: &[usize]) -> Result<Vec<Vec<f32>>, GpuError> {
        let Self { network, backend, buffers } = self;
        let mut trace = Trace { with_attention: false, states: Vec::new(), attentions: Vec::new() };
        network.forward(backend, input, buffers, &mut trace);
        let wanted: Vec<&Values> = states.iter().map(|&state| &trace.states[state]).collect();
        backend.read(&wanted).await
    }
}
