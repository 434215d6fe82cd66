//! A model's readings of recordings, through the whole pipeline from file to probabilities.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Judged;
use crate::analyzer::Analyzer;
use crate::corpus::Utterance;

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
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for mut analyzer in analyzers {
            let (next, found) = (&next, &found);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(utterance) = utterances.get(index) else { break };
                    let outcome = read(&mut analyzer, utterance);
                    found.lock().expect("no thread panics with the lock").push((index, outcome));
                    progress();
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no thread panics with the lock");
    found.sort_by_key(|(index, _)| *index);
    let mut judgement = Judgement::default();
    for (index, outcome) in found {
        match outcome {
            Ok((judged, notes)) => {
                judgement.judged.push(judged);
                notes.into_iter().for_each(|note| *judgement.notes.entry(note).or_default() += 1);
            }
            Err(reason) => judgement.unreadable.push((utterances[index].path.display().to_string(), reason)),
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
