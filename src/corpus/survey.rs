//! What the corpora hold: counts, speakers, durations and loudness.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use super::{Corpus, Sex, Utterance};
use crate::audio::{ReadOptions, decode};
use crate::model::Emotion;
use crate::parallel;

/// Lowest loudness, in dBFS.
const FLOOR_DBFS: f32 = -120.0;

/// Statistics of recordings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survey {
    /// Recordings of each emotion in each corpus.
    pub counts: BTreeMap<Emotion, BTreeMap<Corpus, usize>>,
    /// Speakers of each corpus.
    pub speakers: BTreeMap<Corpus, Speakers>,
    /// Lengths of each corpus' recordings.
    pub durations_s: BTreeMap<Corpus, Spread>,
    /// Loudness (root mean square, dB below full scale) of each emotion's recordings.
    pub loudness_dbfs: BTreeMap<Emotion, Spread>,
    /// Recordings that are known to be wrong, and what is wrong with them.
    pub defects: Vec<(PathBuf, String)>,
    /// Files that cannot be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// How many speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs)]
pub struct Speakers {
    pub female: usize,
    pub male: usize,
    /// Unknown.
    pub unknown: usize,
}

/// Where values lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Spread {
    pub count: usize,
    pub total: f32,
    pub mean: f32,
    pub lowest: f32,
    /// A quarter lies below.
    pub lower_quartile: f32,
    pub median: f32,
    /// A quarter lies above.
    pub upper_quartile: f32,
    pub highest: f32,
}

impl Spread {
    /// Of at least one value.
    fn of(mut values: Vec<f32>) -> Option<Self> {
        values.sort_by(f32::total_cmp);
        let (lowest, highest) = (*values.first()?, *values.last()?);
        let at = |share: f32| values[(share * (values.len() - 1) as f32).round() as usize];
        let total: f64 = values.iter().map(|&value| f64::from(value)).sum();
        Some(Self {
            count: values.len(),
            total: total as f32,
            mean: (total / values.len() as f64) as f32,
            lowest,
            lower_quartile: at(0.25),
            median: at(0.5),
            upper_quartile: at(0.75),
            highest,
        })
    }
}

impl Survey {
    /// Decodes every recording on all cores. Those that are known to be wrong are listed, and counted only if
    /// `keep_defects`. `progress` is called after each, with the number of recordings.
    pub fn of(utterances: &[Utterance], keep_defects: bool, progress: &(dyn Fn(usize) + Sync)) -> Self {
        let defects =
            utterances.iter().filter_map(|u| Some((u.path.clone(), u.defect?.to_string()))).collect();
        let counted: Vec<&Utterance> =
            utterances.iter().filter(|utterance| keep_defects || utterance.defect.is_none()).collect();
        let measured = parallel::map(&counted, vec![(); parallel::cores()], |(), utterance| {
            let measured = measure(utterance);
            progress(counted.len());
            measured
        });
        let mut counts: BTreeMap<Emotion, BTreeMap<Corpus, usize>> = BTreeMap::new();
        let mut speakers: BTreeMap<Corpus, BTreeSet<(Option<Sex>, &str)>> = BTreeMap::new();
        let mut durations: BTreeMap<Corpus, Vec<f32>> = BTreeMap::new();
        let mut loudness: BTreeMap<Emotion, Vec<f32>> = BTreeMap::new();
        let mut unreadable = Vec::new();
        for (utterance, measured) in counted.iter().zip(measured) {
            let corpus = utterance.speaker.corpus;
            *counts.entry(utterance.emotion).or_default().entry(corpus).or_default() += 1;
            speakers.entry(corpus).or_default().insert((utterance.speaker.sex(), &utterance.speaker.name));
            match measured {
                Ok(Measured { duration_s, loudness_dbfs }) => {
                    durations.entry(corpus).or_default().push(duration_s);
                    loudness.entry(utterance.emotion).or_default().push(loudness_dbfs);
                }
                Err(reason) => unreadable.push((utterance.path.clone(), reason)),
            }
        }
        let of_sex =
            |speakers: &BTreeSet<(Option<Sex>, &str)>, sex| speakers.iter().filter(|s| s.0 == sex).count();
        Self {
            counts,
            speakers: speakers
                .iter()
                .map(|(&corpus, all)| {
                    let [female, male, unknown] =
                        [Some(Sex::Female), Some(Sex::Male), None].map(|sex| of_sex(all, sex));
                    (corpus, Speakers { female, male, unknown })
                })
                .collect(),
            durations_s: spreads(durations),
            loudness_dbfs: spreads(loudness),
            defects,
            unreadable,
        }
    }

    /// Recordings of an emotion in all corpora.
    pub fn count(&self, emotion: Emotion) -> usize {
        self.counts.get(&emotion).map_or(0, |by_corpus| by_corpus.values().sum())
    }

    /// Recordings of a corpus.
    pub fn count_of_corpus(&self, corpus: Corpus) -> usize {
        self.counts.values().filter_map(|by_corpus| by_corpus.get(&corpus)).sum()
    }
}

fn spreads<K: Ord>(values: BTreeMap<K, Vec<f32>>) -> BTreeMap<K, Spread> {
    values.into_iter().filter_map(|(key, values)| Some((key, Spread::of(values)?))).collect()
}

struct Measured {
    duration_s: f32,
    loudness_dbfs: f32,
}

fn measure(utterance: &Utterance) -> Result<Measured, String> {
    let bytes = fs::read(&utterance.path).map_err(|error| error.to_string())?;
    let recording = decode(&bytes, &ReadOptions::default()).map_err(|error| error.to_string())?;
    let squares: f64 = recording.samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    let power = squares / recording.samples.len().max(1) as f64;
    Ok(Measured {
        duration_s: recording.duration_s,
        loudness_dbfs: (10.0 * power.log10() as f32).max(FLOOR_DBFS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_known_values() {
        let spread = Spread::of((1..=101).rev().map(|value| value as f32).collect()).expect("values");
        assert_eq!((spread.count, spread.lowest, spread.highest), (101, 1.0, 101.0));
        assert_eq!((spread.lower_quartile, spread.median, spread.upper_quartile), (26.0, 51.0, 76.0));
        assert_eq!((spread.mean, spread.total), (51.0, 5151.0));
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
