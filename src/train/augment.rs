//! Small changes to normalised feature maps that leave the emotion as it is, so that no map is seen twice alike.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

/// Frames by which a map is moved in time, either way.
const MAX_SHIFT: usize = 24;
/// Bands of time that are blanked, and the most frames of each.
const TIME_MASKS: usize = 2;
const MAX_TIME_MASK: usize = 24;
/// Coefficients that are blanked, at most.
const MAX_ROW_MASK: usize = 4;
/// Decibels by which the voice is made louder or softer.
const MAX_GAIN_DB: f32 = 6.0;

/// What a change of loudness does to a map, in units of the normalised rows.
pub struct Loudness {
    /// Added to the first coefficient for each decibel.
    pub first_coefficient: f32,
    /// Mean and standard deviation of the loudness row, which a gain multiplies before normalisation.
    pub rms_mean: f32,
    /// See `rms_mean`.
    pub rms_std: f32,
}

/// Copies `map`, of `columns` frames, into `out` with a random shift, gain and blanked bands.
pub fn augment(map: &[f32], columns: usize, loudness: &Loudness, rng: &mut StdRng, out: &mut Vec<f32>) {
    let shift = rng.random_range(0..=2 * MAX_SHIFT) as isize - MAX_SHIFT as isize;
    let start = out.len();
    for row in map.chunks_exact(columns) {
        // What leaves at one end comes in at the other: there is silence at the end of most clips.
        let (head, tail) = row.split_at(shift.rem_euclid(columns as isize) as usize);
        out.extend_from_slice(tail);
        out.extend_from_slice(head);
    }
    let out = &mut out[start..];

    let gain_db = rng.random_range(-MAX_GAIN_DB..=MAX_GAIN_DB);
    let rows = out.len() / columns;
    for value in &mut out[..columns] {
        *value += gain_db * loudness.first_coefficient;
    }
    let factor = 10.0_f32.powf(gain_db / 20.0);
    for value in &mut out[(rows - 1) * columns..] {
        let rms = *value * loudness.rms_std + loudness.rms_mean;
        *value = (rms * factor - loudness.rms_mean) / loudness.rms_std;
    }

    for _ in 0..TIME_MASKS {
        let width = rng.random_range(0..=MAX_TIME_MASK);
        let from = rng.random_range(0..=columns - width);
        for row in out.chunks_exact_mut(columns) {
            row[from..from + width].fill(0.0);
        }
    }
    let height = rng.random_range(0..=MAX_ROW_MASK);
    let from = rng.random_range(0..=rows - height);
    out[from * columns..(from + height) * columns].fill(0.0);
}

/// The order of `count` things, shuffled.
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
    fn augmented_maps_keep_their_size_and_stay_finite() {
        let loudness = Loudness { first_coefficient: 0.1, rms_mean: 0.05, rms_std: 0.05 };
        let map: Vec<f32> = (0..41 * 216).map(|i| (i as f32 * 0.01).sin()).collect();
        let mut rng = StdRng::seed_from_u64(3);
        for _ in 0..20 {
            let mut out = Vec::new();
            augment(&map, 216, &loudness, &mut rng, &mut out);
            assert_eq!(out.len(), map.len());
            assert!(out.iter().all(|value| value.is_finite()));
            assert_ne!(out, map);
        }
    }

    #[test]
    fn shuffling_keeps_every_index() {
        let mut shuffled = shuffled((0..100).collect(), &mut StdRng::seed_from_u64(1));
        assert_ne!(shuffled, (0..100).collect::<Vec<_>>());
        shuffled.sort_unstable();
        assert_eq!(shuffled, (0..100).collect::<Vec<_>>());
    }
}
