//! Which values of an embedding tell voices apart, and how well.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};

use super::Enrolled;
use crate::corpus::{Corpus, SpeakerId};
use crate::model::{VoiceDimensions, separation, two_voices_from};

/// Values of the embedding that are used: the first few differ by far the most.
const DIMENSIONS: usize = 8;
/// A corpus with fewer speakers, like TESS with two, says little about how speakers differ.
const MIN_SPEAKERS: usize = 3;
/// Recordings that are drawn for a figure.
const DRAWS: usize = 2_000;

/// Chooses the values with the largest Fisher ratio: the variance between speakers of a corpus over that between clips of a speaker.
pub fn fit_voices(clips: &[Enrolled]) -> VoiceDimensions {
    let mut by_corpus: BTreeMap<Corpus, BTreeMap<&SpeakerId, Vec<&[f32]>>> = BTreeMap::new();
    for Enrolled { utterance, embedding, .. } in clips {
        let speaker = &utterance.speaker;
        by_corpus.entry(speaker.corpus).or_default().entry(speaker).or_default().push(embedding);
    }
    by_corpus.retain(|_, speakers| speakers.len() >= MIN_SPEAKERS);
    let rows = clips.first().map_or(0, |clip| clip.embedding.len());
    let mut ratios: Vec<(f64, f64, usize)> = (0..rows)
        .map(|row| {
            let (mut between, mut speakers_in_all, mut within, mut clips_in_all) = (0.0, 0, 0.0, 0);
            for speakers in by_corpus.values() {
                let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
                let squares = |values: &[f64]| values.iter().map(|x| (x - mean(values)).powi(2)).sum::<f64>();
                let of = |clips: &[&[f32]]| clips.iter().map(|clip| f64::from(clip[row])).collect::<Vec<_>>();
                let means: Vec<f64> = speakers.values().map(|clips| mean(&of(clips))).collect();
                between += squares(&means);
                speakers_in_all += means.len();
                within += speakers.values().map(|clips| squares(&of(clips))).sum::<f64>();
                clips_in_all += speakers.values().map(Vec::len).sum::<usize>();
            }
            let within = within / clips_in_all.max(1) as f64;
            (between / speakers_in_all.max(1) as f64 / within.max(1e-12), within, row)
        })
        .collect();
    ratios.sort_by(|a, b| b.0.total_cmp(&a.0));
    ratios.truncate(DIMENSIONS);
    VoiceDimensions {
        rows: ratios.iter().map(|&(.., row)| row).collect(),
        scales: ratios.iter().map(|&(ratio, within, _)| (ratio / within.max(1e-12)).sqrt() as f32).collect(),
    }
}

/// How well two voices are detected in recordings that are drawn from clips of a corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceScore {
    /// Clips of a recording.
    pub clips: usize,
    /// Separation that one in a hundred recordings of one speaker exceeds; none without speakers that have as many clips.
    pub one_in_hundred: Option<f32>,
    /// Share of recordings of one speaker in which two voices are detected, wrongly.
    pub false_alarms: Option<f32>,
    /// Share of recordings of two speakers of a corpus, half of the clips each, in which two voices are detected.
    pub detected: Option<f32>,
}

/// Draws recordings of so many clips, of one speaker and of two of a corpus, and counts those in which two voices are detected.
pub fn score_voices(dimensions: &VoiceDimensions, clips: &[Enrolled], count: usize, seed: u64) -> VoiceScore {
    let mut speakers: BTreeMap<&SpeakerId, Vec<Vec<f32>>> = BTreeMap::new();
    for Enrolled { utterance, embedding, .. } in clips {
        speakers.entry(&utterance.speaker).or_default().push(dimensions.of(|row| embedding[row]));
    }
    speakers.retain(|speaker, clips| speaker.is_known() && clips.len() >= count);
    let known: Vec<&SpeakerId> = speakers.keys().copied().collect();
    let mut rng = StdRng::seed_from_u64(seed);
    let drawn = |speaker: &SpeakerId, count: usize, rng: &mut StdRng| -> Vec<Vec<f32>> {
        speakers[speaker].sample(rng, count).cloned().collect()
    };
    let (mut of_one, mut of_two) = (Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        let Some(&first) = known.choose(&mut rng) else { break };
        of_one.push(separation(&drawn(first, count, &mut rng)));
        let others = known.iter().filter(|other| other.corpus == first.corpus && **other != first);
        if let Some(second) = others.choose(&mut rng) {
            let halves = [drawn(first, count / 2, &mut rng), drawn(second, count - count / 2, &mut rng)];
            of_two.push(separation(&halves.concat()));
        }
    }
    of_one.sort_by(f32::total_cmp);
    let share = |separations: &[f32]| {
        let detected = separations.iter().filter(|&&separation| separation >= two_voices_from(count)).count();
        (!separations.is_empty()).then(|| detected as f32 / separations.len() as f32)
    };
    VoiceScore {
        clips: count,
        one_in_hundred: of_one.get(of_one.len() * 99 / 100).copied(),
        false_alarms: share(&of_one),
        detected: share(&of_two),
    }
}
