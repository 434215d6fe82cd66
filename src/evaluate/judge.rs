//! A model's readings of recordings, through the whole pipeline from file to probabilities.

use std::collections::BTreeMap;
use std::fs;

use super::{Condition, Judged};
use crate::analyzer::Analyzer;
use crate::audio::{ReadOptions, SAMPLE_RATE_HZ, decode};
use crate::corpus::Utterance;
use crate::parallel;

/// What came of judging recordings.
#[derive(Debug, Default)]
pub struct Judgement {
    /// The recordings that could be read, in their order.
    pub judged: Vec<Judged>,
    /// How many were marked by each note on their quality.
    pub notes: BTreeMap<String, usize>,
    /// Files that could not be read, with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// Reads every recording, made worse first if there is a `condition`, with one of the `analyzers` a thread; `progress`
/// hears of each one done.
pub fn judge(
    analyzers: Vec<Analyzer>,
    utterances: &[&Utterance],
    condition: Option<Condition>,
    progress: &(dyn Fn() + Sync),
) -> Judgement {
    let numbered: Vec<(u64, &Utterance)> = (0..).zip(utterances.iter().copied()).collect();
    let outcomes = parallel::map(&numbered, analyzers, |analyzer, &(number, utterance)| {
        let worsen =
            condition.map(|condition| move |samples: &[f32]| condition.apply(samples, utterances, number));
        let outcome = read(analyzer, utterance, worsen);
        progress();
        outcome
    });
    let mut judgement = Judgement::default();
    for (utterance, outcome) in utterances.iter().zip(outcomes) {
        match outcome {
            Ok((judged, notes)) => {
                judgement.judged.push(judged);
                notes.into_iter().for_each(|note| *judgement.notes.entry(note).or_default() += 1);
            }
            Err(reason) => judgement.unreadable.push((utterance.path.display().to_string(), reason)),
        }
    }
    judgement
}

fn read(
    analyzer: &mut Analyzer,
    utterance: &Utterance,
    worsen: Option<impl FnOnce(&[f32]) -> Vec<f32>>,
) -> Result<(Judged, Vec<String>), String> {
    let bytes = fs::read(&utterance.path).map_err(|error| error.to_string())?;
    let analysis = match worsen {
        Some(worsen) => decode(&bytes, &ReadOptions::default())
            .and_then(|recording| analyzer.analyze_samples(&worsen(&recording.samples), SAMPLE_RATE_HZ)),
        None => analyzer.analyze_file(&bytes),
    };
    let analysis = analysis.map_err(|error| error.to_string())?;
    let judged = Judged {
        corpus: utterance.speaker.corpus,
        acted: utterance.emotion,
        output: analysis.output,
        prediction: analysis.prediction,
    };
    Ok((judged, analysis.quality.notes.iter().map(|note| format!("{note:?}")).collect()))
}
