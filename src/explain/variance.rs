//! The variance of each dimension of the embedding over clips: the paper's Figure 6.

use serde::Serialize;

/// Number of dimensions listed at each end of the ranking.
const LISTED: usize = 10;

/// The variance of each dimension of the embedding over some clips.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct EmbeddingVariance {
    /// Number of clips.
    pub clips: usize,
    /// The variance of each dimension.
    pub variance: Vec<f32>,
    /// The ten dimensions with the largest variance, in descending order.
    pub most: Vec<Ranked>,
    /// The ten dimensions with the smallest variance, in ascending order.
    pub least: Vec<Ranked>,
}

/// A dimension with its variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Ranked {
    /// Its index, from 0.
    #[serde(rename = "feature")]
    pub dimension: usize,
    /// Its variance.
    pub variance: f32,
}

impl EmbeddingVariance {
    /// Computes the variance of the embeddings of clips; `None` for fewer than two, or if they differ in length.
    pub fn of<'a>(clips: impl IntoIterator<Item = &'a [f32]>) -> Option<Self> {
        // Welford's algorithm: one pass, numerically stable.
        let mut clips = clips.into_iter();
        let mut means: Vec<f64> = clips.next()?.iter().map(|&value| f64::from(value)).collect();
        let mut squares = vec![0.0; means.len()];
        let mut count = 1;
        for clip in clips {
            if clip.len() != means.len() {
                return None;
            }
            count += 1;
            for ((mean, square), &value) in means.iter_mut().zip(&mut squares).zip(clip) {
                let from_mean = f64::from(value) - *mean;
                *mean += from_mean / f64::from(count);
                *square += from_mean * (f64::from(value) - *mean);
            }
        }
        if count < 2 {
            return None;
        }
        let variance: Vec<f32> = squares.iter().map(|square| (square / f64::from(count)) as f32).collect();
        let mut ranked: Vec<Ranked> = variance
            .iter()
            .enumerate()
            .map(|(dimension, &variance)| Ranked { dimension, variance })
            .collect();
        ranked.sort_by(|a, b| b.variance.total_cmp(&a.variance));
        let least = ranked.iter().rev().take(LISTED).copied().collect();
        ranked.truncate(LISTED);
        Some(Self { clips: count as usize, variance, most: ranked, least })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_ranked_by_their_variance() {
        let clips: Vec<Vec<f32>> =
            (0..5).map(|clip| (0..30).map(|i| 1000.0 + (i * clip) as f32).collect()).collect();
        let found = EmbeddingVariance::of(clips.iter().map(|clip| &clip[..])).unwrap();
        // Of 0, i, 2i, 3i, 4i: 2 i².
        for (i, variance) in found.variance.iter().enumerate() {
            assert!((variance - 2.0 * (i * i) as f32).abs() < 1e-3, "{variance}");
        }
        assert_eq!(
            found.most.iter().map(|r| r.dimension).collect::<Vec<_>>(),
            (20..30).rev().collect::<Vec<_>>()
        );
        assert_eq!(found.least.iter().map(|r| r.dimension).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn one_clip_has_no_variance() {
        assert_eq!(EmbeddingVariance::of([]), None);
        assert_eq!(EmbeddingVariance::of([&[1.0, 2.0][..]]), None);
        assert_eq!(EmbeddingVariance::of([&[1.0, 2.0][..], &[1.0]]), None);
    }
}
