//! Which clips evaluate a model: those that its weights were not trained on.

use crate::corpus::{Split, SplitKind, SplitSettings, Utterance};
use crate::model::Training;

/// Why there is no test set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TestSetError {
    /// The weights were trained on another split.
    #[error(
        "These weights were trained on the {trained} split, so their training set may share clips with the test set of the {wanted} split."
    )]
    OtherSplit {
        /// The split of the weights.
        trained: String,
        /// The split whose test set was asked for.
        wanted: SplitKind,
    },
    /// None of the clips is in it.
    #[error(
        "None of these recordings is in the test set of this split; give the folder that holds all corpora."
    )]
    Empty,
}

/// The test set of weights for a split: all clips of an unseen corpus, or the test part of the split that they were trained on.
///
/// # Errors
/// [`TestSetError`] if the weights were trained on another split, or none of the clips is in the test set.
pub fn test_set<'a>(
    training: &Training,
    kind: SplitKind,
    all: &'a [Utterance],
) -> Result<Vec<&'a Utterance>, TestSetError> {
    if let SplitKind::Corpus(corpus) = kind
        && !corpus.is_in_paper()
        && !training.other_corpora.iter().any(|name| name == corpus.name())
    {
        return Ok(all.iter().filter(|clip| clip.defect.is_none()).collect());
    }
    if training.split != kind.to_string() {
        return Err(TestSetError::OtherSplit { trained: training.split.clone(), wanted: kind });
    }
    let test = part(training, kind, all, |split| split.test);
    if test.is_empty() { Err(TestSetError::Empty) } else { Ok(test) }
}

/// A part of the split that weights were trained on.
pub fn part<'a>(
    training: &Training,
    kind: SplitKind,
    all: &'a [Utterance],
    of: fn(Split) -> Vec<usize>,
) -> Vec<&'a Utterance> {
    let used: Vec<&Utterance> =
        all.iter().filter(|clip| training.keep_defects || clip.defect.is_none()).collect();
    let owned: Vec<Utterance> = used.iter().map(|&clip| clip.clone()).collect();
    let split = SplitSettings { kind, seed: training.seed }.divide(&owned);
    of(split).into_iter().map(|index| used[index]).collect()
}

/// `count` of the clips, evenly spaced, so that they cover all corpora, speakers and emotions.
pub fn evenly_spaced<'a>(clips: &[&'a Utterance], count: usize) -> Vec<&'a Utterance> {
    let count = count.clamp(1, clips.len());
    (0..count).map(|i| clips[i * clips.len() / count]).collect()
}
