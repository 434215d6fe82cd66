//! Batches of changed maps with their soft labels.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::Beta;

use super::spectrogram::Gain;
use super::{Dataset, Recipe};
use crate::model::Emotion;

const CLASSES: usize = Emotion::ALL.len();

/// Feature maps and their targets.
pub struct Batch {
    /// The maps of the clips, row by row.
    pub maps: Vec<Vec<f32>>,
    /// Weight of each class for each clip, mixed: `[clips, classes]`.
    pub targets: Tensor<2>,
    /// How much of each clip is its own, the rest being its neighbour's; none if clips are not mixed.
    shares: Option<Vec<f32>>,
}

impl Batch {
    /// Mixes the classifier's inputs, `[clips, rows, columns]`, as the targets are mixed.
    pub fn mix(&self, inputs: Tensor<3>) -> Tensor<3> {
        match &self.shares {
            Some(shares) => mix(inputs, shares),
            None => inputs,
        }
    }
}

/// Makes batches from a dataset by a recipe.
pub struct Batches<'a> {
    dataset: &'a Dataset,
    recipe: &'a Recipe,
    gain: Gain,
    weights: [f32; CLASSES],
}

impl<'a> Batches<'a> {
    /// For the clips at `train`, of a dataset that is normalised.
    pub fn new(dataset: &'a Dataset, recipe: &'a Recipe, gain: Gain, train: &[usize]) -> Self {
        let mut counts = [0_usize; CLASSES];
        train.iter().for_each(|&index| counts[dataset.labels[index].index()] += 1);
        let present = counts.iter().filter(|&&count| count > 0).count();
        let weight = |count: usize| match count {
            _ if !recipe.class_weights => 1.0,
            0 => 0.0,
            _ => train.len() as f32 / (present * count) as f32,
        };
        Self { dataset, recipe, gain, weights: counts.map(weight) }
    }

    /// Changed maps of the clips at `indices`.
    pub fn draw(&self, indices: &[usize], rng: &mut StdRng, device: &Device) -> Batch {
        let mut maps = Vec::with_capacity(indices.len());
        let mut targets: Vec<[f32; CLASSES]> = Vec::with_capacity(indices.len());
        for &index in indices {
            let map = self.map(index, rng);
            let columns = map.len() / self.dataset.rows;
            maps.push(self.recipe.spectrogram.change(map, columns, &self.gain, rng));
            targets.push(self.target(self.dataset.labels[index]));
        }
        let mixup = self.recipe.mixup;
        let shares = (mixup > 0.0).then(|| {
            let beta = Beta::new(mixup, mixup).expect("above 0");
            indices.iter().map(|_| rng.sample(beta).max(0.5)).collect::<Vec<f32>>()
        });
        let targets = TensorData::new(targets.into_flattened(), [indices.len(), CLASSES]);
        let targets = Tensor::from_data(targets, device);
        let targets = match &shares {
            Some(shares) => mix(targets, shares),
            None => targets,
        };
        Batch { maps, targets, shares }
    }

    /// The map of a clip, or of one of its augmented copies.
    fn map(&self, index: usize, rng: &mut StdRng) -> &[f32] {
        let maps = &self.dataset.maps[index];
        let drawn = match (self.recipe.original_share, maps.len()) {
            (None, count) => rng.random_range(0..count),
            (Some(_), 1) => 0,
            (Some(share), _) if rng.random::<f32>() < share => 0,
            (Some(_), count) => rng.random_range(1..count),
        };
        &maps[drawn]
    }

    fn target(&self, label: Emotion) -> [f32; CLASSES] {
        let smoothing = self.recipe.label_smoothing;
        let weight = self.weights[label.index()];
        Emotion::ALL.map(|emotion| {
            let right = if emotion == label { 1.0 - smoothing } else { 0.0 };
            weight * (right + smoothing / CLASSES as f32)
        })
    }
}

/// Mixes every clip with its neighbour, the last with the first, keeping of each its share (Zhang et al., "mixup: Beyond
/// Empirical Risk Minimization", 2018). Clips stand along the first dimension.
fn mix<const D: usize>(clips: Tensor<D>, shares: &[f32]) -> Tensor<D> {
    let mut shape = [1; D];
    shape[0] = shares.len();
    let shares = Tensor::<D>::from_data(TensorData::new(shares.to_vec(), shape), &clips.device());
    let first = clips.clone().narrow(0, 0, 1);
    let others = match shape[0] {
        1 => first,
        count => Tensor::cat(vec![clips.clone().narrow(0, 1, count - 1), first], 0),
    };
    others.clone() + (clips - others) * shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_keeps_the_share_of_each_clip_and_takes_the_rest_from_its_neighbour() {
        let clips = Tensor::<2>::from_data([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]], &Device::flex());
        let mixed = mix(clips.clone(), &[0.5, 1.0, 0.75]).into_data();
        let expected = [[1.5, 15.0], [2.0, 20.0], [3.25, 32.5]];
        mixed.assert_approx_eq::<f32>(&expected.into(), burn::tensor::Tolerance::absolute(1e-5));
        let alone = mix(clips.narrow(0, 0, 1), &[0.6]).into_data();
        alone.assert_approx_eq::<f32>(&[[1.0, 10.0]].into(), burn::tensor::Tolerance::absolute(1e-5));
    }
}
