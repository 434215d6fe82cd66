//! SpecAugment (Park et al., "SpecAugment", 2019) on the input map of a speech encoder.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// How much of a map is masked, by its mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecAugment {
    /// Groups of neighbouring bands.
    pub band_masks: usize,
    /// Most bands of each.
    pub bands: usize,
    /// Stretches of time.
    pub time_masks: usize,
    /// Most frames of each.
    pub frames: usize,
    /// Most of each, as a share of the clip, 0 to 1.
    pub time_share: f32,
}

impl SpecAugment {
    /// Masks a map of `rows` bands, row by row.
    pub fn apply(&self, map: &mut [f32], rows: usize, rng: &mut StdRng) {
        let columns = map.len() / rows.max(1);
        if columns == 0 {
            return;
        }
        let mean = map.iter().sum::<f32>() / map.len() as f32;
        let longest = self.frames.min((self.time_share * columns as f32) as usize);
        for _ in 0..self.band_masks {
            let (first, count) = span(rows, self.bands.min(rows - 1), rng);
            map[first * columns..(first + count) * columns].fill(mean);
        }
        for _ in 0..self.time_masks {
            let (first, count) = span(columns, longest, rng);
            map.chunks_exact_mut(columns).for_each(|row| row[first..first + count].fill(mean));
        }
    }
}

/// Up to `most` neighbours among `length`: the first, and how many.
fn span(length: usize, most: usize, rng: &mut impl Rng) -> (usize, usize) {
    let count = rng.random_range(0..=most);
    (rng.random_range(0..=length - count), count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn masks_are_whole_bands_and_frames_of_the_mean_and_no_more_than_asked_for() {
        let settings = SpecAugment { band_masks: 1, bands: 3, time_masks: 1, frames: 9, time_share: 0.2 };
        let (rows, columns) = (8, 30);
        let map: Vec<f32> = (0..rows * columns).map(|n| n as f32).collect();
        let mean = map.iter().sum::<f32>() / map.len() as f32;
        let (mut most_bands, mut most_frames) = (0, 0);
        for seed in 0..200 {
            let mut masked = map.clone();
            settings.apply(&mut masked, rows, &mut StdRng::seed_from_u64(seed));
            let is_masked = |row: usize, column: usize| masked[row * columns + column] == mean;
            let bands = (0..rows).filter(|&row| (0..columns).all(|column| is_masked(row, column))).count();
            let frames = (0..columns).filter(|&column| (0..rows).all(|row| is_masked(row, column))).count();
            let changed = masked.iter().zip(&map).filter(|(after, before)| after != before).count();
            assert_eq!(changed, bands * columns + frames * rows - bands * frames);
            (most_bands, most_frames) = (most_bands.max(bands), most_frames.max(frames));
        }
        assert_eq!((most_bands, most_frames), (3, 6));
    }

    #[test]
    fn empty_maps_and_samples_are_no_special_case() {
        let settings = SpecAugment { band_masks: 2, bands: 12, time_masks: 2, frames: 40, time_share: 1.0 };
        settings.apply(&mut [], 80, &mut StdRng::seed_from_u64(1));
        let mut samples = vec![1.0, -1.0, 1.0];
        settings.apply(&mut samples, 1, &mut StdRng::seed_from_u64(1));
        assert_eq!(samples.len(), 3);
    }
}
