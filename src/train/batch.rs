//! Batches of changed maps with their soft labels.

use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::StdRng;
use rand::{Rng, RngExt};

use super::spectrogram::Gain;
use super::{Dataset, Recipe};
use crate::model::Emotion;

const CLASSES: usize = Emotion::ALL.len();

/// Maps and what the network should say of them.
pub struct Batch {
    /// `[clips, rows, columns]`.
    pub maps: Tensor<3>,
    /// Weight of each class for each clip: `[clips, classes]`.
    pub targets: Tensor<2>,
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
        let [rows, columns] = self.dataset.size;
        let mut maps = Vec::with_capacity(indices.len() * rows * columns);
        let mut targets: Vec<[f32; CLASSES]> = Vec::with_capacity(indices.len());
        for &index in indices {
            let copies = &self.dataset.maps[index];
            let map = &copies[rng.random_range(0..copies.len())];
            self.recipe.spectrogram.change(map, columns, &self.gain, rng, &mut maps);
            targets.push(self.target(self.dataset.labels[index]));
        }
        if self.recipe.mixup > 0.0 {
            mix(&mut maps, &mut targets, self.recipe.mixup, rng);
        }
        let maps = TensorData::new(maps, [indices.len(), rows, columns]);
        let targets = TensorData::new(targets.into_flattened(), [indices.len(), CLASSES]);
        Batch { maps: Tensor::from_data(maps, device), targets: Tensor::from_data(targets, device) }
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

/// Mixes every clip with its neighbour, the last with the first, in a proportion drawn for each pair (Zhang et al.,
/// "mixup: Beyond Empirical Risk Minimization", 2018).
fn mix(maps: &mut [f32], targets: &mut [[f32; CLASSES]], alpha: f32, rng: &mut StdRng) {
    let size = maps.len() / targets.len();
    let first: Vec<f32> = maps[..size].to_vec();
    let first_target = targets[0];
    for clip in 0..targets.len() {
        let share = beta(alpha, rng).max(0.5);
        let (map, rest) = maps[clip * size..].split_at_mut(size);
        let other = if rest.is_empty() { &first[..] } else { &rest[..size] };
        for (value, other) in map.iter_mut().zip(other) {
            *value = share * *value + (1.0 - share) * other;
        }
        let other = targets.get(clip + 1).copied().unwrap_or(first_target);
        for (value, other) in targets[clip].iter_mut().zip(other) {
            *value = share * *value + (1.0 - share) * other;
        }
    }
}

/// A number from the symmetric beta distribution, by Jöhnk's method, which is quick for a small `alpha`.
fn beta(alpha: f32, rng: &mut impl Rng) -> f32 {
    loop {
        let x = rng.random::<f32>().powf(1.0 / alpha);
        let y = rng.random::<f32>().powf(1.0 / alpha);
        let sum = x + y;
        if sum > 0.0 && sum <= 1.0 {
            return x / sum;
        }
    }
}

/// The order of things, shuffled.
pub fn shuffled(mut indices: Vec<usize>, rng: &mut impl Rng) -> Vec<usize> {
    for last in (1..indices.len()).rev() {
        indices.swap(last, rng.random_range(0..=last));
    }
    indices
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn shuffling_keeps_every_index() {
        let mut shuffled = shuffled((0..100).collect(), &mut StdRng::seed_from_u64(1));
        assert_ne!(shuffled, (0..100).collect::<Vec<_>>());
        shuffled.sort_unstable();
        assert_eq!(shuffled, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn beta_is_symmetric_and_small_alphas_favour_the_ends() {
        let mut rng = StdRng::seed_from_u64(2);
        let draws: Vec<f32> = (0..4000).map(|_| beta(0.3, &mut rng)).collect();
        let mean = draws.iter().sum::<f32>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
        let ends = draws.iter().filter(|&&x| !(0.1..0.9).contains(&x)).count();
        assert!(ends > 2000, "{ends}");
    }

    #[test]
    fn mixing_moves_maps_and_targets_by_the_same_share() {
        let mut maps = vec![1.0, 1.0, 2.0, 2.0, 4.0, 4.0];
        let mut targets = [0, 1, 2].map(|class| std::array::from_fn(|i| if i == class { 1.0 } else { 0.0 }));
        mix(&mut maps, &mut targets, 0.5, &mut StdRng::seed_from_u64(1));
        for (clip, (own, other)) in [(1.0, 2.0), (2.0, 4.0), (4.0, 1.0)].into_iter().enumerate() {
            let share = targets[clip][clip];
            assert!((0.5..=1.0).contains(&share));
            assert!((targets[clip].iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert!((maps[2 * clip] - (share * own + (1.0 - share) * other)).abs() < 1e-5);
        }
    }
}
