//! HuBERT's objective: predict the cluster of each masked frame.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::StdRng;

use super::clusters::argmax;
use super::objective::{Batch, LossMetrics, LossOutput, MaskedEncoder, Objective, normalize_rows};

/// Dimensions in which frames and clusters are compared.
const WIDTH: usize = 256;
/// Cosines are divided by this before softmax, as in the paper.
const TEMPERATURE: f32 = 0.1;

/// Predicts the cluster of a frame.
#[derive(Module, Debug)]
pub struct UnitHead {
    projection: Linear,
    /// Embeddings of the clusters, `[clusters, WIDTH]`.
    clusters: Param<Tensor<2>>,
    /// Weight of the frames that are not masked, against 1 for those that are.
    unmasked: f32,
}

impl UnitHead {
    pub fn new(width: usize, clusters: usize, unmasked: f32, device: &Device) -> Self {
        let spread = Initializer::Normal { mean: 0.0, std: 1.0 };
        Self {
            projection: LinearConfig::new(width, WIDTH).init(device),
            clusters: spread.init([clusters, WIDTH], device),
            unmasked,
        }
    }
}

impl Objective for UnitHead {
    /// Cross-entropy of the masked frames, and `unmasked` times that of the others.
    fn loss(&self, encoder: &MaskedEncoder, batch: &Batch, _rng: &mut StdRng) -> LossOutput {
        let (_, frames) = encoder.extract_features(batch);
        let last = encoder.encode(frames).last_hidden_state;
        let (units, mask) = (batch.targets.units(), &batch.mask[..]);
        let [crops, frames, width] = last.dims();
        let [count, _] = self.clusters.dims();
        let device = last.device();
        let frames = self.projection.forward(last.reshape([crops * frames, width]));
        let cosines = normalize_rows(frames).matmul(normalize_rows(self.clusters.val()).swap_dims(0, 1));
        let log_probabilities = log_softmax(cosines / TEMPERATURE, 1);
        let masked = mask.iter().filter(|masked| **masked).count();
        let weights = [self.unmasked / (mask.len() - masked).max(1) as f32, 1.0 / masked.max(1) as f32];
        let mut targets = vec![0.0_f32; units.len() * count];
        for (row, (&unit, &masked)) in units.iter().zip(mask).enumerate() {
            targets[row * count + unit] = weights[usize::from(masked)];
        }
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [units.len(), count]), &device);
        let predicted: Vec<f32> =
            log_probabilities.clone().into_data().try_to_vec().expect("probabilities are f32");
        LossOutput {
            loss: (log_probabilities * targets).sum().neg(),
            metrics: metrics(&predicted, units, mask, count),
        }
    }
}

fn metrics(predicted: &[f32], units: &[usize], mask: &[bool], count: usize) -> LossMetrics {
    let (mut right, mut masked) = (0, 0);
    let mut sizes = vec![0_usize; count];
    let frames = predicted.chunks_exact(count).zip(units).zip(mask);
    for ((predicted, &unit), _) in frames.filter(|(_, masked)| **masked) {
        right += usize::from(argmax(predicted) == unit);
        masked += 1;
        sizes[unit] += 1;
    }
    let share = |count: usize| count as f32 / masked.max(1) as f32;
    LossMetrics {
        accuracy: share(right),
        // Of always predicting the most frequent unit.
        chance: share(sizes.iter().copied().max().unwrap_or(0)),
        used: sizes.iter().filter(|size| **size > 0).count() as f32 / count as f32,
    }
}
