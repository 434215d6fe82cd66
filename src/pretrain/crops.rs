//! Crops of recordings, all of one length.

use std::fs;

use rand::RngExt;
use rand::rngs::StdRng;

use super::{CropAugmentation, PretrainError, PretrainWatcher};
use crate::audio::{ReadOptions, SAMPLE_RATE_HZ, decode};
use crate::corpus::{SplitKind, SplitSettings, Utterance};
use crate::parallel;

/// A crop of a recording, twice.
pub struct Crop {
    /// Clean, at a random speed: for the teacher.
    pub clean: Vec<f32>,
    /// Augmented: for the student.
    pub augmented: Vec<f32>,
}

/// Recordings in memory, at 16 kHz.
pub struct Crops {
    recordings: Vec<Vec<f32>>,
    length: usize,
    augmentation: CropAugmentation,
}

/// The recordings to train on: those in the train set of both the random split and the speakers' split of this seed, so
/// that the encoder has seen no validation or test clip of either.
pub fn train_set(utterances: &[Utterance], seed: u64) -> Vec<usize> {
    let [random, speaker] = [SplitKind::Random, SplitKind::Speaker]
        .map(|kind| SplitSettings { kind, seed }.divide(utterances).train);
    random.into_iter().filter(|index| speaker.binary_search(index).is_ok()).collect()
}

impl Crops {
    /// Reads the recordings at `indices`. Those that cannot be read are reported to `watcher` and left out.
    ///
    /// # Errors
    /// [`PretrainError::NoRecordings`] when there are none.
    pub fn read(
        utterances: &[Utterance],
        indices: &[usize],
        crop_s: f32,
        augmentation: &CropAugmentation,
        watcher: &dyn PretrainWatcher,
    ) -> Result<Self, PretrainError> {
        let recordings = parallel::map(indices, vec![(); parallel::cores()], |(), &index| {
            let path = &utterances[index].path;
            let read = fs::read(path)
                .map_err(|error| error.to_string())
                .and_then(|bytes| decode(&bytes, &ReadOptions::default()).map_err(|error| error.to_string()));
            watcher.read(indices.len());
            read.map(|recording| recording.samples).map_err(|reason| watcher.unreadable(path, &reason)).ok()
        });
        let recordings: Vec<Vec<f32>> =
            recordings.into_iter().flatten().filter(|samples| !samples.is_empty()).collect();
        if recordings.is_empty() {
            return Err(PretrainError::NoRecordings);
        }
        let length = (crop_s * SAMPLE_RATE_HZ as f32) as usize;
        Ok(Self { recordings, length, augmentation: augmentation.clone() })
    }

    /// Total duration of the recordings, in seconds.
    pub fn seconds(&self) -> f32 {
        self.recordings.iter().map(|samples| samples.len() as f32).sum::<f32>() / SAMPLE_RATE_HZ as f32
    }

    /// Samples of a crop.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Draws a crop of a random recording, padded with zeros if the recording is too short.
    pub fn draw(&self, rng: &mut StdRng) -> Crop {
        let clean = self.cut(rng);
        let other = self.cut(rng);
        Crop { augmented: self.augmentation.apply(&clean, &other, rng), clean }
    }

    fn cut(&self, rng: &mut StdRng) -> Vec<f32> {
        let recording = &self.recordings[rng.random_range(0..self.recordings.len())];
        let mut samples = self.augmentation.change_speed(recording, rng);
        let start = rng.random_range(0..=samples.len().saturating_sub(self.length));
        samples.drain(..start);
        samples.resize(self.length, 0.0);
        samples
    }
}
