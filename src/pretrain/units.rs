//! HuBERT's objective: of each masked frame, find the cluster that the teacher's frame belongs to.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use super::clusters::largest;
use super::student::{Figures, Outcome, to_unit_length};

/// Values that a frame and a cluster are compared by.
const WIDTH: usize = 256;
/// Cosines are divided by this before softmax, as in the paper.
const TEMPERATURE: f32 = 0.1;

/// Names the cluster of a frame.
#[derive(Module, Debug)]
pub struct UnitHead {
    projection: Linear,
    /// `[clusters, WIDTH]`.
    clusters: Param<Tensor<2>>,
}

impl UnitHead {
    pub fn new(width: usize, clusters: usize, device: &Device) -> Self {
        let spread = Initializer::Normal { mean: 0.0, std: 1.0 };
        Self {
            projection: LinearConfig::new(width, WIDTH).init(device),
            clusters: spread.init([clusters, WIDTH], device),
        }
    }

    /// Cross-entropy of the masked frames, and `unmasked` times that of the others.
    ///
    /// # Shapes
    /// - last: `[batch, frames, width]`
    /// - units and mask: `batch * frames`
    pub fn loss(&self, last: Tensor<3>, units: &[usize], mask: &[bool], unmasked: f32) -> Outcome {
        let [batch, frames, width] = last.dims();
        let [count, _] = self.clusters.dims();
        let device = last.device();
        let frames = self.projection.forward(last.reshape([batch * frames, width]));
        let cosines = to_unit_length(frames).matmul(to_unit_length(self.clusters.val()).swap_dims(0, 1));
        let scores = log_softmax(cosines / TEMPERATURE, 1);
        let masked = mask.iter().filter(|masked| **masked).count();
        let weights = [unmasked / (mask.len() - masked).max(1) as f32, 1.0 / masked.max(1) as f32];
        let mut targets = vec![0.0_f32; units.len() * count];
        for (row, (&unit, &masked)) in units.iter().zip(mask).enumerate() {
            targets[row * count + unit] = weights[usize::from(masked)];
        }
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [units.len(), count]), &device);
        let said: Vec<f32> = scores.clone().into_data().try_to_vec().expect("scores are f32");
        Outcome { loss: (scores * targets).sum().neg(), figures: figures(&said, units, mask, count) }
    }
}

fn figures(said: &[f32], units: &[usize], mask: &[bool], count: usize) -> Figures {
    let (mut found, mut masked) = (0, 0);
    let mut sizes = vec![0_usize; count];
    for ((said, &unit), _) in said.chunks_exact(count).zip(units).zip(mask).filter(|(_, masked)| **masked) {
        found += usize::from(largest(said) == unit);
        masked += 1;
        sizes[unit] += 1;
    }
    let share = |count: usize| count as f32 / masked.max(1) as f32;
    Figures {
        found: share(found),
        // Who always names the commonest unit is right so often.
        chance: share(sizes.iter().copied().max().unwrap_or(0)),
        used: sizes.iter().filter(|size| **size > 0).count() as f32 / count as f32,
    }
}
