//! The WebGPU backend, in the browser.
//!
//! Weights keep the precision they have on disk, and the inputs of integer layers are quantized as on the CPU, so that both
//! give the same output; sums are of floats. Only reading the result waits for the GPU.

mod backend;
mod kernels;

use self::backend::{Values, WebGpu};
use super::{Buffers, Network, Trace};
use crate::nn::encoders::EncoderConfig;
use crate::nn::weights::Stored;

/// Why a GPU is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// None is available to this page.
    #[error("this browser offers no graphics processor ({0})")]
    Missing(String),
    /// It stopped, or its output is wrong.
    #[error("the graphics processor stopped ({0})")]
    Failed(String),
}

impl GpuError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "gpu-missing",
            Self::Failed(_) => "gpu-failed",
        }
    }
}

/// An encoder on a GPU.
pub struct GpuInference {
    network: Network<WebGpu>,
    backend: WebGpu,
    buffers: Buffers<WebGpu>,
}

/// The output of an encoder on a GPU, in the layouts of [`Encoded`](crate::nn::encoders::Encoded).
#[derive(Debug, Clone)]
pub struct GpuEncoded {
    /// The requested hidden states, in the requested order, each `[frames, width]`.
    pub hidden_states: Vec<Vec<f32>>,
    /// The output of the network, `[frames, width]`.
    pub last_hidden_state: Vec<f32>,
    /// Attention weights of each layer, `[heads, frames, frames]`; empty unless requested.
    pub attentions: Vec<Vec<f32>>,
}

impl GpuInference {
    /// Initializes a GPU and uploads the weights; see [`Inference::new`](super::Inference::new).
    ///
    /// # Errors
    /// [`GpuError`] if there is none, or it cannot run the network.
    ///
    /// # Panics
    /// If a tensor is missing or has another shape.
    pub async fn new(
        config: &EncoderConfig,
        weights: impl FnMut(&str) -> Option<Stored>,
    ) -> Result<Self, GpuError> {
        let mut backend = WebGpu::open().await?;
        let network = Network::new(config, &mut backend, weights);
        Ok(Self { network, backend, buffers: Buffers::default() })
    }

    /// Encodes one clip, as [`Inference::forward`](super::Inference::forward).
    ///
    /// # Errors
    /// [`GpuError::Failed`] if the GPU stops.
    pub async fn forward(
        &mut self,
        input: &[f32],
        states: &[usize],
        with_attention: bool,
    ) -> Result<GpuEncoded, GpuError> {
        let Self { network, backend, buffers } = self;
        let mut trace = Trace { with_attention, states: Vec::new(), attentions: Vec::new() };
        let last_hidden_state = network.forward(backend, input, buffers, &mut trace);
        let wanted: Vec<&Values> = states
            .iter()
            .map(|&state| &trace.states[state])
            .chain(std::iter::once(&last_hidden_state))
            .chain(&trace.attentions)
            .collect();
        let mut read = backend.read(&wanted).await?.into_iter();
        Ok(GpuEncoded {
            hidden_states: read.by_ref().take(states.len()).collect(),
            last_hidden_state: read.next().expect("requested"),
            attentions: read.collect(),
        })
    }
}
