//! Whether one voice speaks in several clips, or two that are clearly different.

use serde::{Deserialize, Serialize};

#[cfg(feature = "cpu")]
use super::{Model, SpeakerReference, SpeakerReferenceError};

/// Fewer clips of a voice tell little.
const MIN_CLIPS: usize = 2;
/// Assignments to two groups settle within a few rounds.
const MAX_ROUNDS: usize = 10;
/// Two voices are detected from this separation on: of 2,000 recordings with as many clips of one training speaker, about 1 in 100 exceeds it
/// (`sottovoce fit-voices`). Few clips vary more.
const TWO_FROM: f32 = 3.1;
const TWO_FROM_OF_FEW: f32 = 3.7;
/// Fewer clips are few.
const FEW: usize = 12;
/// Of fewer, nothing was measured.
const FEWEST: usize = 6;

/// Values of the normalised embedding that differ between speakers more than between the clips of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceDimensions {
    /// Their rows in the embedding.
    pub rows: Vec<usize>,
    /// What each is multiplied by.
    pub scales: Vec<f32>,
}

impl VoiceDimensions {
    /// Whether they are of an embedding with this many rows.
    pub(super) fn is_valid(&self, rows: usize) -> bool {
        let are_rows = self.rows.iter().all(|&row| row < rows);
        let are_scales = self.scales.iter().all(|scale| scale.is_finite() && *scale > 0.0);
        !self.rows.is_empty() && self.rows.len() == self.scales.len() && are_rows && are_scales
    }

    /// The scaled values of a normalised embedding.
    pub fn of(&self, embedding: impl Fn(usize) -> f32) -> Vec<f32> {
        self.rows.iter().zip(&self.scales).map(|(&row, scale)| scale * embedding(row)).collect()
    }
}

/// How far two groups of clips are apart: k-means with two groups, started from the two clips that differ most; the distance between their
/// means over the root mean square distance of clips from the mean of their group. 0 if a group has fewer than two clips.
pub fn separation(clips: &[Vec<f32>]) -> f32 {
    let pairs = (0..clips.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let Some((a, b)) = pairs
        .max_by(|&(a, b), &(c, d)| square(&clips[a], &clips[b]).total_cmp(&square(&clips[c], &clips[d])))
    else {
        return 0.0;
    };
    let mut means = [clips[a].clone(), clips[b].clone()];
    let mut is_second: Vec<bool> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let nearer: Vec<bool> =
            clips.iter().map(|clip| square(clip, &means[1]) < square(clip, &means[0])).collect();
        let seconds = nearer.iter().filter(|&&second| second).count();
        if seconds.min(clips.len() - seconds) < MIN_CLIPS {
            return 0.0;
        }
        if nearer == is_second {
            break;
        }
        is_second = nearer;
        means = [false, true].map(|group| {
            let of_group = clips.iter().zip(&is_second).filter(|&(_, &second)| second == group);
            mean(&of_group.map(|(clip, _)| &clip[..]).collect::<Vec<_>>())
        });
    }
    let spread: f32 =
        clips.iter().zip(&is_second).map(|(clip, &second)| square(clip, &means[usize::from(second)])).sum();
    (square(&means[0], &means[1]) / (spread / clips.len() as f32).max(f32::MIN_POSITIVE)).sqrt()
}

/// The [`separation`] of so many clips from which two voices are detected.
pub fn two_voices_from(clips: usize) -> f32 {
    match clips {
        ..FEWEST => f32::INFINITY,
        FEWEST..FEW => TWO_FROM_OF_FEW,
        _ => TWO_FROM,
    }
}

fn square(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn mean(clips: &[&[f32]]) -> Vec<f32> {
    let sums = (0..clips[0].len()).map(|value| clips.iter().map(|clip| clip[value]).sum::<f32>());
    sums.map(|sum| sum / clips.len() as f32).collect()
}

#[cfg(feature = "cpu")]
impl Model {
    /// Whether two voices that are clearly different speak in clips, such as a woman's and a man's, from the reference of each clip.
    /// `false` says little: about half of all pairs of speakers, those of like voices, are not distinguished.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] when the model cannot tell, or a reference is of another model.
    pub fn has_two_voices(&self, clips: &[SpeakerReference]) -> Result<bool, SpeakerReferenceError> {
        let not_taken = || SpeakerReferenceError::NotTaken(self.manifest().name.clone());
        let head = self.manifest().speaker.as_ref().ok_or_else(not_taken)?;
        let dimensions = head.voices.as_ref().ok_or_else(not_taken)?;
        clips.iter().try_for_each(|clip| clip.check_owner(self.owner()))?;
        let voices = clips.iter().filter(|clip| clip.clips() > 0);
        let voices: Vec<Vec<f32>> = voices.map(|clip| dimensions.of(|row| clip.mean_value(row))).collect();
        Ok(separation(&voices) >= two_voices_from(voices.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clips around a point, as far from it as `spread`.
    fn around(point: [f32; 2], spread: f32) -> [Vec<f32>; 4] {
        [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
            .map(|step: [f32; 2]| step.iter().zip(point).map(|(step, at)| at + spread * step).collect())
    }

    #[test]
    fn the_distance_of_two_groups_is_in_units_of_their_spread() {
        let groups = [around([0.0, 0.0], 0.5), around([6.0, 8.0], 0.5)].concat();
        assert!((separation(&groups) - 20.0).abs() < 1e-4, "{}", separation(&groups));
        let reversed: Vec<Vec<f32>> = groups.iter().rev().cloned().collect();
        assert_eq!(separation(&groups), separation(&reversed));
    }

    #[test]
    fn one_group_is_little_separated() {
        assert!(separation(&around([3.0, 1.0], 1.0)) < 2.5);
        assert!(separation(&vec![vec![1.0, 2.0]; 6]) == 0.0, "all alike");
    }

    #[test]
    fn a_single_clip_is_no_group() {
        let clips = [around([0.0, 0.0], 0.5).to_vec(), vec![vec![50.0, 50.0]]].concat();
        assert_eq!(separation(&clips), 0.0);
        for few in [vec![], vec![vec![1.0]], vec![vec![1.0], vec![9.0]], vec![vec![f32::NAN]; 5]] {
            assert!(separation(&few) < two_voices_from(few.len()), "{few:?}");
        }
    }

    #[test]
    fn dimensions_must_be_of_the_embedding() {
        let dimensions =
            |rows: &[usize], scales: &[f32]| VoiceDimensions { rows: rows.into(), scales: scales.into() };
        assert!(dimensions(&[0, 7], &[1.0, 0.5]).is_valid(8));
        for (rows, scales) in [
            (&[][..], &[][..]),
            (&[8], &[1.0]),
            (&[0, 1], &[1.0]),
            (&[0], &[f32::NAN]),
            (&[0], &[0.0]),
            (&[0], &[f32::INFINITY]),
        ] {
            assert!(!dimensions(rows, scales).is_valid(8), "{rows:?} {scales:?}");
        }
        assert_eq!(dimensions(&[2, 0], &[10.0, 1.0]).of(|row| row as f32), [20.0, 0.0]);
    }
}
