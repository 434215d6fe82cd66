//! Features of all clips, in memory.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

use super::Watcher;
use super::cache::{Cache, digest};
use super::inputs::{InputExtractor, Inputs};
use crate::audio::{Clip, ClipSettings, ReadOptions, decode};
use crate::augment::WaveformSettings;
use crate::corpus::Utterance;
use crate::model::{Emotion, Normalisation};
use crate::parallel;
use crate::run::{RunError, failed};
use crate::vad::speech_segments;

/// Changed whenever speech detection changes, so that older cached maps are not used.
const VAD: &str = "silero-6.2 at -26 dBFS";

/// How maps are made from recordings.
pub struct Extraction<'a> {
    /// How a clip is cut.
    pub clip: &'a ClipSettings,
    /// What is extracted from a clip.
    pub inputs: &'a Inputs,
    /// What makes it.
    pub extractor: &'a InputExtractor,
    /// How copies of a clip are changed.
    pub waveform: Option<&'a WaveformSettings>,
    /// Where maps are cached.
    pub cache: &'a Path,
}

/// Feature maps with their labels. Maps are row by row.
pub struct Dataset {
    /// Rows of every map; maps of clips that differ in length may differ in columns.
    pub rows: usize,
    /// The maps of each clip: its own, then those of its changed copies, if it has any. None if they were not asked for
    /// or the recording is unreadable.
    pub maps: Vec<Vec<Vec<f32>>>,
    /// The acted emotion of each clip.
    pub labels: Vec<Emotion>,
}

/// The caches of a run, and the settings behind their records.
struct Caches {
    originals: Cache,
    copies: Option<Cache>,
}

impl Caches {
    fn open(extraction: &Extraction) -> std::io::Result<Self> {
        let Extraction { clip, inputs, waveform, cache, .. } = extraction;
        let settings = |waveform: Option<&WaveformSettings>| {
            // How many copies there are changes none of them.
            let waveform = waveform.map(|waveform| WaveformSettings { copies: 0, ..waveform.clone() });
            json!({ "clip": clip, "vad": VAD, "front_end": inputs, "waveform": waveform }).to_string()
        };
        Ok(Self {
            originals: Cache::open(cache, &settings(None))?,
            copies: waveform.map(|waveform| Cache::open(cache, &settings(Some(waveform)))).transpose()?,
        })
    }
}

impl Dataset {
    /// Makes the feature maps of the recordings at `wanted`, and those of changed copies of those at `copied`, on all
    /// cores. Maps that were made before come from the cache. Recordings that cannot be read are reported to `watcher`
    /// and have no maps.
    ///
    /// # Errors
    /// A cache that cannot be written.
    pub fn extract(
        utterances: &[Utterance],
        wanted: &[usize],
        copied: &[usize],
        extraction: &Extraction,
        watcher: &dyn Watcher,
    ) -> Result<Self, RunError> {
        let caches = Caches::open(extraction).map_err(|e| failed(extraction.cache, &e))?;
        let copied: BTreeSet<usize> = copied.iter().copied().collect();
        let extractors = vec![extraction.extractor.clone(); parallel::cores()];
        let mut maps = vec![Vec::new(); utterances.len()];
        let make = |extractor: &mut InputExtractor, &index: &usize| {
            let utterance = &utterances[index];
            let found = read(utterance, copied.contains(&index), extraction, &caches, extractor)
                .map_err(|error| failed(extraction.cache, &error))?;
            watcher.extracted(wanted.len());
            let made = found.unwrap_or_else(|reason| {
                watcher.unreadable(&utterance.path, &reason);
                Vec::new()
            });
            Ok((index, made))
        };
        parallel::stream(wanted, extractors, make, |made: Result<_, RunError>| {
            let (index, made) = made?;
            maps[index] = made;
            Ok(())
        })?;
        Ok(Self {
            rows: extraction.inputs.rows(),
            maps,
            labels: utterances.iter().map(|utterance| utterance.emotion).collect(),
        })
    }

    /// Those of `indices` whose recordings could be read.
    pub fn readable(&self, indices: &[usize]) -> Vec<usize> {
        indices.iter().copied().filter(|&index| !self.maps[index].is_empty()).collect()
    }

    /// The acted emotions of the clips at `indices`.
    pub fn labels_of(&self, indices: &[usize]) -> Vec<Emotion> {
        indices.iter().map(|&index| self.labels[index]).collect()
    }

    /// Mean and standard deviation of each row over the unchanged maps at `indices`.
    pub fn normalisation(&self, indices: &[usize]) -> Normalisation {
        let maps: Vec<&[f32]> = indices.iter().map(|&index| &self.maps[index][0][..]).collect();
        normalisation(&maps, self.rows)
    }

    /// Normalises every map in place.
    pub fn normalise(&mut self, normalisation: &Normalisation) {
        for map in self.maps.iter_mut().flatten() {
            let columns = map.len() / self.rows;
            normalisation.apply(map, columns);
        }
    }
}

/// Mean and standard deviation of each of the `rows` rows over all `maps`.
pub fn normalisation(maps: &[&[f32]], rows: usize) -> Normalisation {
    let count = (maps.iter().map(|map| map.len()).sum::<usize>() / rows) as f64;
    let mut normalisation = Normalisation { mean: Vec::new(), std: Vec::new() };
    for row in 0..rows {
        let values = || {
            maps.iter().flat_map(move |map| {
                let columns = map.len() / rows;
                &map[row * columns..][..columns]
            })
        };
        let mean = values().map(|&value| f64::from(value)).sum::<f64>() / count;
        let variance = values().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
        normalisation.mean.push(mean as f32);
        normalisation.std.push(variance.sqrt().max(1e-6) as f32);
    }
    normalisation
}

/// The maps of one recording, or why it cannot be read.
fn read(
    utterance: &Utterance,
    with_copies: bool,
    extraction: &Extraction,
    caches: &Caches,
    extractor: &mut InputExtractor,
) -> std::io::Result<Result<Vec<Vec<f32>>, String>> {
    let bytes = match fs::read(&utterance.path) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let waveform = extraction.waveform.filter(|_| with_copies);
    let reach_s = waveform.map_or(0.0, |waveform| waveform.reach_s(extraction.clip));
    let options =
        ReadOptions { stop_after_s: Some(reach_s.max(extraction.clip.reach_s())), ..ReadOptions::default() };
    // Decoded only once a map is missing.
    let mut decoded: Option<Vec<f32>> = None;
    let mut maps = Vec::new();
    for copy in 0..=waveform.map_or(0, |waveform| waveform.copies) {
        let key = digest(&[&bytes, &copy.to_le_bytes()]);
        let cache =
            if copy == 0 { &caches.originals } else { caches.copies.as_ref().unwrap_or(&caches.originals) };
        if let Some(map) = cache.get(&key) {
            maps.push(map);
            continue;
        }
        let samples = match decoded.take() {
            Some(samples) => samples,
            None => match decode(&bytes, &options) {
                Ok(recording) => recording.samples,
                Err(error) => return Ok(Err(error.to_string())),
            },
        };
        let map = match waveform.filter(|_| copy > 0) {
            Some(waveform) => {
                let mut rng = StdRng::from_seed(key);
                let (changed, settings) = waveform.change(&samples, extraction.clip, &mut rng);
                let clip = Clip::cut(&changed, &settings, &speech_segments(&changed));
                extractor.extract(clip.samples(), |input, rows| {
                    if let Some(masks) = &waveform.masks {
                        masks.apply(input, rows, &mut rng);
                    }
                })
            }
            None => {
                let clip = Clip::cut(&samples, extraction.clip, &speech_segments(&samples));
                extractor.extract(clip.samples(), |_, _| ())
            }
        };
        let map = map.into_values();
        cache.put(&key, &map)?;
        maps.push(map);
        decoded = Some(samples);
    }
    Ok(Ok(maps))
}
