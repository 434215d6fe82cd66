//! What all objectives share: a batch with its targets, the masked encoder, and the loss that comes out.

use burn::module::Param;
use burn::tensor::{Tensor, TensorData};
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::nn::encoders::{Encoded, Wav2Vec2};

/// What an encoder is trained for: a head on top of it, with its loss.
pub trait Objective {
    /// Runs the encoder on a batch and computes the loss.
    fn loss(&self, encoder: &MaskedEncoder, batch: &Batch, rng: &mut StdRng) -> LossOutput;

    /// Whether the loss depends on the transformer layers; otherwise only the convolutions get gradients.
    fn uses_layers(&self) -> bool {
        true
    }
}

/// Crops of an optimizer step, or of a shard of it, with their targets.
pub struct Batch {
    /// Augmented samples, `[batch, samples]`.
    pub augmented: Tensor<2>,
    /// Which frames are masked, crop by crop.
    pub mask: Vec<bool>,
    /// Targets, computed by the teacher from the clean samples.
    pub targets: Targets,
    /// Share of the run that is done, 0 to 1.
    pub progress: f32,
}

/// Targets of a batch, frame by frame.
pub enum Targets {
    /// None: the objective needs no teacher.
    None,
    /// The cluster of each frame.
    Units(Vec<usize>),
    /// Standardised hidden states of the teacher, `batch * frames * width` each.
    States(Vec<Vec<f32>>),
}

impl Targets {
    /// The cluster of each frame; empty for other objectives.
    pub fn units(&self) -> &[usize] {
        if let Self::Units(units) = self { units } else { &[] }
    }

    /// The teacher's hidden states; empty for other objectives.
    pub fn states(&self) -> &[Vec<f32>] {
        if let Self::States(states) = self { states } else { &[] }
    }
}

/// The loss of a batch.
pub struct LossOutput {
    /// The loss, with its graph.
    pub loss: Tensor<1>,
    /// Metrics of the same batch.
    pub metrics: LossMetrics,
}

/// Metrics of a batch that people can read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LossMetrics {
    /// Accuracy on the masked frames; for distillation, the share of the teacher's variance that is explained.
    #[serde(rename = "found")]
    pub accuracy: f32,
    /// The same by chance.
    pub chance: f32,
    /// Share of the clusters, or of the codebooks' entries, that the batch uses.
    pub used: f32,
}

/// An encoder, with the embedding that replaces masked frames.
pub struct MaskedEncoder<'a> {
    /// The encoder.
    pub encoder: &'a Wav2Vec2,
    /// The embedding, `[width]`.
    pub mask: &'a Param<Tensor<1>>,
}

impl MaskedEncoder<'_> {
    /// Output of the convolutions, `[batch, frames, channels]`, and the input of the transformer,
    /// `[batch, frames, width]`, without positional embeddings, its masked frames replaced.
    pub fn extract_features(&self, batch: &Batch) -> (Tensor<3>, Tensor<3>) {
        let (features, frames) = self.encoder.extract_features(batch.augmented.clone());
        (features, self.replace_masked(frames, &batch.mask))
    }

    /// The input of the first transformer layer: frames with positional embeddings.
    pub fn add_positions(&self, frames: Tensor<3>) -> Tensor<3> {
        self.encoder.add_positions(frames)
    }

    /// The transformer on frames from [`extract_features`](Self::extract_features).
    pub fn encode(&self, frames: Tensor<3>) -> Encoded {
        self.encoder.encode(frames)
    }

    fn replace_masked(&self, frames: Tensor<3>, mask: &[bool]) -> Tensor<3> {
        if !mask.contains(&true) {
            return frames;
        }
        let [batch, count, _] = frames.dims();
        let mask: Vec<f32> = mask.iter().map(|&masked| f32::from(u8::from(masked))).collect();
        let mask = Tensor::<3>::from_data(TensorData::new(mask, [batch, count, 1]), &frames.device());
        frames * (mask.clone().neg() + 1.0) + self.mask.val().unsqueeze::<3>() * mask
    }
}

/// Scales rows to length 1.
pub fn normalize_rows(rows: Tensor<2>) -> Tensor<2> {
    let lengths = (rows.clone().square().sum_dim(1) + 1e-8).sqrt();
    rows / lengths
}
