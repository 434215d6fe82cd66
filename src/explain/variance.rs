//! How much each feature that a model decides by differs from clip to clip: the paper's Figure 6.

use serde::Serialize;

/// Features that are named on either end.
const NAMED: usize = 10;

/// The variance of each feature over some clips.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureVariance {
    /// Clips.
    pub clips: usize,
    /// One a feature, in their order.
    pub variance: Vec<f32>,
    /// The ten that differ the most, the first most of all.
    pub most: Vec<Ranked>,
    /// The ten that differ the least, the first least of all.
    pub least: Vec<Ranked>,
}

/// A feature with its variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ranked {
    /// Its number, from 0.
    pub feature: usize,
    /// Its variance.
    pub variance: f32,
}

impl FeatureVariance {
    /// Of the [features](crate::model::Model::represent) of clips; nothing of fewer than two, or where different models
    /// read them.
    pub fn of<'a>(clips: impl IntoIterator<Item = &'a [f32]>) -> Option<Self> {
        // Welford's way: one clip after the other, without losing what is small.
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
        let mut ranked: Vec<Ranked> =
            variance.iter().enumerate().map(|(feature, &variance)| Ranked { feature, variance }).collect();
        ranked.sort_by(|a, b| b.variance.total_cmp(&a.variance));
        let least = ranked.iter().rev().take(NAMED).copied().collect();
        ranked.truncate(NAMED);
        Some(Self { clips: count as usize, variance, most: ranked, least })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_ranked_by_their_variance() {
        let clips: Vec<Vec<f32>> =
            (0..5).map(|clip| (0..30).map(|i| 1000.0 + (i * clip) as f32).collect()).collect();
        let found = FeatureVariance::of(clips.iter().map(|clip| &clip[..])).unwrap();
        // Of 0, i, 2i, 3i, 4i: 2 i².
        for (i, variance) in found.variance.iter().enumerate() {
            assert!((variance - 2.0 * (i * i) as f32).abs() < 1e-3, "{variance}");
        }
        assert_eq!(
            found.most.iter().map(|r| r.feature).collect::<Vec<_>>(),
            (20..30).rev().collect::<Vec<_>>()
        );
        assert_eq!(found.least.iter().map(|r| r.feature).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn one_clip_has_no_variance() {
        assert_eq!(FeatureVariance::of([]), None);
        assert_eq!(FeatureVariance::of([&[1.0, 2.0][..]]), None);
        assert_eq!(FeatureVariance::of([&[1.0, 2.0][..], &[1.0]]), None);
    }
}
