//! What a GPU computes in place of the CPU.

use crate::nn::gpu::GpuError;

/// Runs the encoder and the classifier of one model; everything around them stays on the CPU.
// Whoever calls it waits for it: no other thread has a part in this.
#[allow(async_fn_in_trait)]
pub trait Accelerator {
    /// Encodes the prepared input of an encoder: the given hidden states, each `[frames, width]`.
    ///
    /// # Errors
    /// [`GpuError`] when the GPU stops.
    async fn encode(&mut self, input: &[f32], states: &[usize]) -> Result<Vec<Vec<f32>>, GpuError>;

    /// Classifies a normalised feature map of `rows` rows.
    ///
    /// # Errors
    /// [`GpuError`] when the GPU stops.
    async fn classify(&mut self, map: &[f32], rows: usize) -> Result<Classified, GpuError>;
}

/// The output of a classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// The [embedding](crate::nn::classifiers::Classifier::embed).
    pub embedding: Vec<f32>,
    /// One logit for each class.
    pub logits: Vec<f32>,
}
