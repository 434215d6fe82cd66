//! K-means over frames of many crops; the indices of the clusters are a student's targets.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand::rngs::StdRng;

/// Iterations; more change next to nothing.
const ITERATIONS: usize = 20;

/// Centres of clusters.
pub struct Clusters {
    /// `[clusters, width]`.
    centres: Tensor<2>,
}

impl Clusters {
    /// Fits `count` clusters to `frames`, `[frames, width]`, by Lloyd's algorithm, initialized with k-means++ (Arthur
    /// and Vassilvitskii, 2007).
    ///
    /// # Panics
    /// If there are fewer frames than clusters.
    pub fn fit(frames: &Tensor<2>, count: usize, rng: &mut StdRng) -> Self {
        let [total, width] = frames.dims();
        assert!(total >= count, "there must be a frame for each cluster");
        let mut clusters = Self { centres: k_means_plus_plus(frames, count, rng) };
        for _ in 0..ITERATIONS {
            let nearest = clusters.predict(frames.clone());
            let mut counts = vec![0.0_f32; count];
            nearest.iter().for_each(|&cluster| counts[cluster] += 1.0);
            let assigned = one_hot(&nearest, count, &frames.device());
            let sums = assigned.swap_dims(0, 1).matmul(frames.clone());
            let sizes = TensorData::new(counts.iter().map(|count| count.max(1.0)).collect(), [count, 1]);
            let means = sums / Tensor::from_data(sizes, &frames.device());
            // An empty cluster starts again at a random frame.
            let rows = (0..count).map(|cluster| match counts[cluster] {
                0.0 => frames.clone().narrow(0, rng.random_range(0..total), 1),
                _ => means.clone().narrow(0, cluster, 1),
            });
            clusters.centres = Tensor::cat(rows.collect(), 0).reshape([count, width]);
        }
        clusters
    }

    /// The cluster of each of `frames`, `[frames, width]`.
    pub fn predict(&self, frames: Tensor<2>) -> Vec<usize> {
        // |x - c|² = |x|² - 2 x·c + |c|², of which |x|² is the same for all.
        let lengths = self.centres.clone().square().sum_dim(1).swap_dims(0, 1);
        let nearness = frames.matmul(self.centres.clone().swap_dims(0, 1)) * 2.0 - lengths;
        let [_, count] = nearness.dims();
        let nearness: Vec<f32> = nearness.into_data().try_to_vec().expect("f32");
        nearness.chunks_exact(count).map(argmax).collect()
    }
}

/// The index of the largest value.
pub fn argmax(values: &[f32]) -> usize {
    let best = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(index, _)| index)
}

/// A row for each index, with 1 at it.
pub fn one_hot(indices: &[usize], count: usize, device: &Device) -> Tensor<2> {
    let mut rows = vec![0.0_f32; indices.len() * count];
    indices.iter().enumerate().for_each(|(row, &index)| rows[row * count + index] = 1.0);
    Tensor::from_data(TensorData::new(rows, [indices.len(), count]), device)
}

/// Initial centres: frames, each drawn with a probability in proportion to the square of its distance to the nearest
/// one drawn before.
fn k_means_plus_plus(frames: &Tensor<2>, count: usize, rng: &mut StdRng) -> Tensor<2> {
    let [total, _] = frames.dims();
    let mut distances = vec![f32::INFINITY; total];
    let mut drawn = rng.random_range(0..total);
    let mut centres = Vec::with_capacity(count);
    loop {
        let centre = frames.clone().narrow(0, drawn, 1);
        centres.push(centre.clone());
        if centres.len() == count {
            return Tensor::cat(centres, 0);
        }
        let squares = (frames.clone() - centre).square().sum_dim(1).into_data();
        let squares: Vec<f32> = squares.try_to_vec().expect("f32");
        distances.iter_mut().zip(squares).for_each(|(distance, square)| *distance = distance.min(square));
        let sum: f64 = distances.iter().map(|&distance| f64::from(distance)).sum();
        let mut left = rng.random::<f64>() * sum;
        drawn = distances
            .iter()
            .position(|&distance| {
                left -= f64::from(distance);
                left < 0.0
            })
            .unwrap_or(total - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::add_noise;
    use rand::SeedableRng;

    #[test]
    fn separate_groups_of_points_get_clusters_of_their_own() {
        let mut rng = StdRng::seed_from_u64(3);
        let groups = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]];
        let mut points: Vec<f32> = (0..400).flat_map(|n| groups[n % 4]).collect();
        points.iter_mut().for_each(|value| *value += 1e-6);
        add_noise(&mut points, 20.0, &mut rng);
        let device = Device::flex();
        let frames = Tensor::<2>::from_data(TensorData::new(points, [400, 2]), &device);
        let clusters = Clusters::fit(&frames, 4, &mut rng);
        let nearest = clusters.predict(frames);
        let first: Vec<usize> = nearest[..4].to_vec();
        for (n, cluster) in nearest.iter().enumerate() {
            assert_eq!(*cluster, first[n % 4], "point {n}");
        }
        let mut distinct = first.clone();
        distinct.sort_unstable();
        assert_eq!(distinct, [0, 1, 2, 3]);
    }

    #[test]
    fn equal_points_end_the_search_too() {
        let frames = Tensor::<2>::ones([10, 3], &Device::flex());
        let clusters = Clusters::fit(&frames, 4, &mut StdRng::seed_from_u64(1));
        assert_eq!(clusters.predict(frames).len(), 10);
    }
}
