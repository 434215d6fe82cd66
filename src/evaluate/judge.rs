//! A model's readings of recordings, through the whole pipeline from file to probabilities.

use std::collections::BTreeMap;
use std::fs;

use super::Judged;
use crate::analyzer::Analyzer;
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

/// Reads every recording, with one of the `analyzers` a thread; `progress` hears of each one done.
pub fn judge(analyzers: Vec<Analyzer>, utterances: &[&Utterance], progress: &(dyn Fn() + Sync)) -> Judgement {
    let outcomes = parallel::map(utterances, analyzers, |analyzer, utterance| {
        let outcome = read(analyzer, utterance);
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

fn read(analyzer: &mut Analyzer, utterance: &Utterance) -> Result<(Judged, Vec<String>), String> {
    let bytes = fs::read(&utterance.path).map_err(|error| error.to_string())?;
    let analysis = analyzer.analyze_file(&bytes).map_err(|error| error.to_string())?;
    let judged = Judged {
        corpus: utterance.speaker.corpus,
        acted: utterance.emotion,
        prediction: analysis.prediction,
    };
    Ok((judged, analysis.quality.notes.iter().map(|note| format!("{note:?}")).collect()))
}
