//! On a GPU through WebGPU, in the browser.
//!
//! Weights keep the bits that they have on disk, and what is multiplied with integers is rounded as on the CPU, so that both
//! say the same; the sums are of floats. Nothing waits for the GPU but the end, which is awaited.

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
    /// There is none for this page.
    #[error("this browser offers no graphics processor ({0})")]
    Missing(String),
    /// It stopped, or did not do as it was told.
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

/// What an encoder on a GPU makes of sound, in the layouts of [`Encoded`](crate::nn::encoders::Encoded).
#[derive(Debug, Clone)]
pub struct GpuEncoded {
    /// The states that were asked for, in that order, each `[frames, width]`.
    pub hidden_states: Vec<Vec<f32>>,
    /// The end of the network.
    pub last: Vec<f32>,
    /// `[heads, frames, frames]` of each layer; empty where that was not asked for.
    pub attentions: Vec<Vec<f32>>,
}

impl GpuInference {
    /// Sets up a GPU and brings the weights to it; see [`Inference::new`](super::Inference::new).
    ///
    /// # Errors
    /// [`GpuError`] when there is none, or it does not take them.
    ///
    /// # Panics
    /// If a tensor is missing or of another shape.
    pub async fn new(
        config: &EncoderConfig,
        weights: impl FnMut(&str) -> Option<Stored>,
    ) -> Result<Self, GpuError> {
        let mut backend = WebGpu::open().await?;
        let network = Network::new(config, &mut backend, weights);
        Ok(Self { network, backend, buffers: Buffers::default() })
    }

    /// Encodes one clip as [`Inference::forward`](super::Inference::forward) does.
    ///
    /// # Errors
    /// [`GpuError::Failed`] when the GPU stops.
    pub async fn forward(
        &mut self,
        input: &[f32],
        states: &[usize],
        with_attention: bool,
    ) -> Result<GpuEncoded, GpuError> {
        let Self { network, backend, buffers } = self;
        let mut trace = Trace { with_attention, states: Vec::new(), attentions: Vec::new() };
        let last = network.forward(backend, input, buffers, &mut trace);
        let wanted: Vec<&Values> = states
            .iter()
            .map(|&state| &trace.states[state])
            .chain(std::iter::once(&last))
            .chain(&trace.attentions)
            .collect();
        let mut read = backend.read(&wanted).await?.into_iter();
        Ok(GpuEncoded {
            hidden_states: read.by_ref().take(states.len()).collect(),
            last: read.next().expect("asked for"),
            attentions: read.collect(),
        })
    }
}
