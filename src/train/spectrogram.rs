//! Changes to normalised feature maps that leave the emotion as it is, so that no map is seen twice alike.

use rand::RngExt;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use crate::features::FeatureKind;
use crate::model::{Features, Normalisation};

/// How far maps are changed; each time within these. The masks are SpecAugment's (Park et al., 2019).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpectrogramSettings {
    /// Frames by which a map is moved in time at most, either way.
    pub shift: usize,
    /// Decibels by which the voice is made louder or softer at most.
    pub gain_db: f32,
    /// Stretches of time that are blanked, and the most frames of each.
    pub time_masks: usize,
    /// See `time_masks`.
    pub time_mask: usize,
    /// Groups of neighbouring rows that are blanked, and the most rows of each.
    pub row_masks: usize,
    /// See `row_masks`.
    pub row_mask: usize,
}

/// What a change of loudness does to a normalised map.
pub struct Gain {
    /// Added to each row for each decibel.
    per_decibel: Vec<f32>,
    /// Mean and standard deviation of the loudness row, the last, which a gain multiplies before normalisation.
    loudness: Option<(f32, f32)>,
}

impl Gain {
    /// For the maps of a front end and their normalisation.
    ///
    /// A gain of `g` dB adds `g` to every mel band, so `g * sqrt(bands)` to the first orthonormal coefficient.
    pub fn new(inputs: &Inputs, normalise: &Normalisation) -> Self {
        let Inputs::Features(Features::Map(front_end)) = inputs else {
            // What a gain does to an encoder's states is not known without the encoder.
            return Self { per_decibel: vec![0.0; inputs.rows()], loudness: None };
        };
        match front_end.kind {
            FeatureKind::LogMel => {
                Self { per_decibel: normalise.std.iter().map(|std| 1.0 / std).collect(), loudness: None }
            }
            FeatureKind::WhisperLogMel => Self {
                per_decibel: normalise.std.iter().map(|std| 1.0 / (40.0 * std)).collect(),
                loudness: None,
            },
            FeatureKind::MfccRms => {
                let last = front_end.rows() - 1;
                let mut per_decibel = vec![0.0; front_end.rows()];
                per_decibel[0] = (front_end.n_mels as f32).sqrt() / normalise.std[0];
                Self { per_decibel, loudness: Some((normalise.mean[last], normalise.std[last])) }
            }
        }
    }

    /// Makes a map of `columns` frames louder by `gain_db`.
    fn apply(&self, map: &mut [f32], columns: usize, gain_db: f32) {
        for (row, per_decibel) in map.chunks_exact_mut(columns).zip(&self.per_decibel) {
            row.iter_mut().for_each(|value| *value += gain_db * per_decibel);
        }
        if let Some((mean, std)) = self.loudness {
            let factor = 10.0_f32.powf(gain_db / 20.0);
            let last = map.len() - columns;
            for value in &mut map[last..] {
                *value = ((*value * std + mean) * factor - mean) / std;
            }
        }
    }
}

impl SpectrogramSettings {
    /// `map`, of `columns` frames, with a random shift, gain and blanked parts.
    pub fn change(&self, map: &[f32], columns: usize, gain: &Gain, rng: &mut StdRng) -> Vec<f32> {
        let mut changed = Vec::with_capacity(map.len());
        let shift = rng.random_range(0..=2 * self.shift) as isize - self.shift as isize;
        for row in map.chunks_exact(columns) {
            // What leaves at one end comes in at the other: there is silence at the end of most clips.
            let (head, tail) = row.split_at(shift.rem_euclid(columns as isize) as usize);
            changed.extend_from_slice(tail);
            changed.extend_from_slice(head);
        }
        let map = &mut changed[..];
        gain.apply(map, columns, self.gain_db * (2.0 * rng.random::<f32>() - 1.0));
        for _ in 0..self.time_masks {
            let width = rng.random_range(0..=self.time_mask.min(columns));
            let from = rng.random_range(0..=columns - width);
            map.chunks_exact_mut(columns).for_each(|row| row[from..from + width].fill(0.0));
        }
        let rows = map.len() / columns;
        for _ in 0..self.row_masks {
            let height = rng.random_range(0..=self.row_mask.min(rows));
            let from = rng.random_range(0..=rows - height);
            map[from * columns..(from + height) * columns].fill(0.0);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::{FrontEnd, FrontEndSettings};
    use rand::SeedableRng;

    fn normalisation(rows: usize) -> Normalisation {
        Normalisation { mean: (0..rows).map(|i| i as f32 * 0.1).collect(), std: vec![2.0; rows] }
    }

    fn noise() -> Vec<f32> {
        let mut rng = StdRng::seed_from_u64(9);
        (0..16_000).map(|_| 0.2 * rng.random::<f32>() - 0.1).collect()
    }

    /// The map of a louder recording is the changed map of the softer one.
    #[test]
    fn a_gain_on_the_map_is_a_gain_on_the_recording() {
        for settings in [FrontEndSettings::mfcc_rms(), FrontEndSettings::log_mel()] {
            let mut front_end = FrontEnd::new(&settings).expect("usable settings");
            let normalise = normalisation(settings.rows());
            let samples = noise();
            let louder: Vec<f32> = samples.iter().map(|sample| sample * 10.0_f32.powf(0.25)).collect();
            let [map, expected] = [samples, louder].map(|samples| {
                let map = front_end.extract(&samples);
                let columns = map.columns();
                let mut values = map.into_values();
                normalise.apply(&mut values, columns);
                values
            });
            let mut changed = map;
            let columns = changed.len() / settings.rows();
            let gain = Gain::new(&Inputs::Features(Features::Map(settings.clone())), &normalise);
            gain.apply(&mut changed, columns, 5.0);
            for (a, b) in changed.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-2, "{:?}: {a} instead of {b}", settings.kind);
            }
        }
    }

    #[test]
    fn without_settings_nothing_changes_and_with_each_something_does() {
        let inputs = Inputs::Features(Features::Map(FrontEndSettings::mfcc_rms()));
        let gain = Gain::new(&inputs, &normalisation(41));
        let map: Vec<f32> = (0..41 * 216).map(|i| 1.5 + (i as f32 * 0.01).sin()).collect();
        let change = |settings: &SpectrogramSettings| {
            let changed = settings.change(&map, 216, &gain, &mut StdRng::seed_from_u64(3));
            assert_eq!(changed.len(), map.len());
            changed
        };
        let none = SpectrogramSettings::default();
        let unchanged = change(&none);
        assert!(unchanged.iter().zip(&map).all(|(a, b)| (a - b).abs() < 1e-5));
        let blanks = |map: &[f32]| map.iter().filter(|&&value| value == 0.0).count();
        assert!(change(&SpectrogramSettings { shift: 24, ..none.clone() })[..216] != unchanged[..216]);
        assert!(change(&SpectrogramSettings { gain_db: 6.0, ..none.clone() })[..216] != unchanged[..216]);
        let timed = blanks(&change(&SpectrogramSettings { time_masks: 2, time_mask: 24, ..none.clone() }));
        assert!(timed > 0 && timed.is_multiple_of(41), "{timed}");
        let rowed = blanks(&change(&SpectrogramSettings { row_masks: 2, row_mask: 4, ..none }));
        assert!(rowed > 0 && rowed.is_multiple_of(216), "{rowed}");
    }
}
