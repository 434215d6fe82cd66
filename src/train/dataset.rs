//! Feature maps of all clips, in memory.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;

use super::TrainError;
use crate::audio::{Clip, ClipSettings, ReadOptions, decode};
use crate::corpus::Utterance;
use crate::features::{FrontEnd, FrontEndSettings};
use crate::model::{Emotion, ModelError, Normalisation};

/// Feature maps with their labels. Maps are row by row, all of one size.
pub struct Dataset {
    /// Rows and columns of every map.
    pub size: [usize; 2],
    /// One map a clip, before normalisation.
    pub maps: Vec<Vec<f32>>,
    /// The acted emotion of each clip.
    pub labels: Vec<Emotion>,
}

impl Dataset {
    /// Decodes every recording and makes its feature map, on all cores; `progress` hears of each one done.
    ///
    /// # Errors
    /// The first recording that cannot be read, or front-end settings that cannot be used.
    pub fn extract(
        utterances: &[Utterance],
        clip: &ClipSettings,
        front_end: &FrontEndSettings,
        progress: &(dyn Fn() + Sync),
    ) -> Result<Self, TrainError> {
        let read = ReadOptions { stop_after_s: Some(clip.reach_s()), ..ReadOptions::default() };
        let next = AtomicUsize::new(0);
        let maps: Vec<OnceLock<Vec<f32>>> = utterances.iter().map(|_| OnceLock::new()).collect();
        let failure = Mutex::new(None);
        let work = || -> Result<(), TrainError> {
            let mut front_end = FrontEnd::new(front_end).map_err(ModelError::from)?;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(utterance) = utterances.get(index) else { break };
                let path = || utterance.path.display().to_string();
                let bytes = fs::read(&utterance.path)
                    .map_err(|error| TrainError::File { path: path(), detail: error.to_string() })?;
                let recording =
                    decode(&bytes, &read).map_err(|source| TrainError::Recording { path: path(), source })?;
                let clip = Clip::cut(&recording.samples, clip);
                let _ = maps[index].set(front_end.extract(clip.samples()).into_values());
                progress();
            }
            Ok(())
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    if let Err(error) = work() {
                        // Leaves nothing to do for the other threads.
                        next.store(utterances.len(), Ordering::Relaxed);
                        failure.lock().expect("no thread panics with the lock").get_or_insert(error);
                    }
                });
            }
        });
        if let Some(error) = failure.into_inner().expect("no thread panics with the lock") {
            return Err(error);
        }
        Ok(Self {
            size: [front_end.rows(), front_end.columns(clip.len())],
            maps: maps.into_iter().map(|map| map.into_inner().expect("every index was taken")).collect(),
            labels: utterances.iter().map(|utterance| utterance.emotion).collect(),
        })
    }

    /// Mean and standard deviation of each row over the maps at `indices`.
    pub fn normalisation(&self, indices: &[usize]) -> Normalisation {
        let [rows, columns] = self.size;
        let count = (indices.len() * columns) as f64;
        let mut normalisation = Normalisation { mean: Vec::new(), std: Vec::new() };
        for row in 0..rows {
            let values =
                || indices.iter().flat_map(move |&index| &self.maps[index][row * columns..][..columns]);
            let mean = values().map(|&value| f64::from(value)).sum::<f64>() / count;
            let variance = values().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
            normalisation.mean.push(mean as f32);
            normalisation.std.push(variance.sqrt().max(1e-6) as f32);
        }
        normalisation
    }

    /// Normalises every map in place.
    pub fn normalise(&mut self, normalisation: &Normalisation) {
        for map in &mut self.maps {
            normalisation.apply(map, self.size[1]);
        }
    }
}
