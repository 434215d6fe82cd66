//! Predictions for recordings, through the whole pipeline from file to probabilities.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;

use super::Condition;
use crate::analyzer::Analyzer;
use crate::audio::{ReadOptions, SAMPLE_RATE_HZ, decode};
use crate::corpus::Utterance;
use crate::metrics::ScoredClip;
use crate::parallel;

/// Predictions for a set of recordings.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Scored clips of the recordings that could be read, in their order.
    pub clips: Vec<ScoredClip>,
    /// Number of clips with each quality note.
    pub notes: BTreeMap<String, usize>,
    /// Files that could not be read, each with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// Predicts every recording, after `condition` was applied if there is one, with one of the `analyzers` per thread. `progress` is
/// called after each.
pub fn evaluate(
    analyzers: Vec<Analyzer>,
    utterances: &[&Utterance],
    condition: Option<Condition>,
    progress: &(dyn Fn() + Sync),
) -> Evaluation {
    let mut evaluation = Evaluation::default();
    let predict = |analyzer: &mut Analyzer, (number, utterance): (u64, &&Utterance)| {
        let degrade =
            condition.map(|condition| move |samples: &[f32]| condition.apply(samples, utterances, number));
        let result = predict(analyzer, utterance, degrade);
        progress();
        result.map_err(|reason| (utterance.path.display().to_string(), reason))
    };
    let Ok(()) = parallel::stream((0..).zip(utterances), analyzers, predict, |result| {
        match result {
            Ok((scored, notes)) => {
                evaluation.clips.push(scored);
                notes.into_iter().for_each(|note| *evaluation.notes.entry(note).or_default() += 1);
            }
            Err(unreadable) => evaluation.unreadable.push(unreadable),
        }
        Ok::<_, Infallible>(())
    });
    evaluation
}

fn predict(
    analyzer: &mut Analyzer,
    utterance: &Utterance,
    degrade: Option<impl FnOnce(&[f32]) -> Vec<f32>>,
) -> Result<(ScoredClip, Vec<String>), String> {
    let bytes = fs::read(&utterance.path).map_err(|error| error.to_string())?;
    let analysis = match degrade {
        Some(degrade) => decode(&bytes, &ReadOptions::default())
            .and_then(|recording| analyzer.analyze_samples(&degrade(&recording.samples), SAMPLE_RATE_HZ)),
        None => analyzer.analyze_file(&bytes),
    };
    let analysis = analysis.map_err(|error| error.to_string())?;
    let scored = ScoredClip {
        corpus: utterance.speaker.corpus,
        acted: utterance.emotion,
        output: analysis.output,
        prediction: analysis.prediction,
    };
    Ok((scored, analysis.quality.notes.iter().map(|note| format!("{note:?}")).collect()))
}
