//! How well a model reads clips whose acted emotion is known; native only.

use std::collections::BTreeMap;

use crate::corpus::Corpus;
use crate::model::{Emotion, Metrics, Prediction};

/// A clip's truth beside what a model said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Where the clip comes from.
    pub corpus: Corpus,
    /// What the actor was asked for.
    pub acted: Emotion,
    /// What the model says.
    pub prediction: Prediction,
}

impl Judged {
    fn is_right(&self) -> bool {
        self.prediction.label() == self.acted
    }
}

/// Sums up judged clips; `split` and `seed` say which clips they are.
pub fn metrics(judged: &[Judged], split: &str, seed: u64) -> Metrics {
    let share = |clips: &mut dyn Iterator<Item = &Judged>| {
        let (mut right, mut all) = (0_u32, 0_u32);
        for clip in clips {
            right += u32::from(clip.is_right());
            all += 1;
        }
        (all > 0).then(|| right as f32 / all as f32)
    };
    let mut accuracy_by_corpus = BTreeMap::new();
    for corpus in [Corpus::CremaD, Corpus::Ravdess, Corpus::Savee, Corpus::Tess] {
        if let Some(accuracy) = share(&mut judged.iter().filter(|clip| clip.corpus == corpus)) {
            accuracy_by_corpus.insert(corpus.name().to_owned(), accuracy);
        }
    }
    let mut recall = BTreeMap::new();
    for emotion in Emotion::ALL {
        if let Some(value) = share(&mut judged.iter().filter(|clip| clip.acted == emotion)) {
            recall.insert(emotion, value);
        }
    }
    Metrics {
        split: split.to_owned(),
        seed,
        clips: judged.len(),
        accuracy: share(&mut judged.iter()).unwrap_or(0.0),
        mean_recall: recall.values().sum::<f32>() / recall.len().max(1) as f32,
        accuracy_by_corpus,
        recall,
        calibration_error: calibration_error(judged),
    }
}

/// Counts of what was said (columns) for what was acted (rows), in the order of [`Emotion::ALL`].
pub fn confusion(judged: &[Judged]) -> [[usize; 7]; 7] {
    let mut counts = [[0; 7]; 7];
    for clip in judged {
        counts[clip.acted.index()][clip.prediction.label().index()] += 1;
    }
    counts
}

/// Expected calibration error over ten bins of the likeliest emotion's probability.
fn calibration_error(judged: &[Judged]) -> f32 {
    let mut bins = [(0.0_f32, 0.0_f32); 10];
    for clip in judged {
        let confidence = clip.prediction.ranked()[0].1;
        let bin = &mut bins[((confidence * 10.0) as usize).min(9)];
        bin.0 += confidence;
        bin.1 += f32::from(u8::from(clip.is_right()));
    }
    bins.iter().map(|(stated, right)| (stated - right).abs()).sum::<f32>() / judged.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(acted: Emotion, said: Emotion) -> Judged {
        let mut scores = [0.0; 7];
        scores[said.index()] = 20.0;
        Judged { corpus: Corpus::Tess, acted, prediction: Prediction::from_scores(&scores) }
    }

    #[test]
    fn shares_recalls_and_confusions_add_up() {
        use Emotion::{Angry, Fear, Sad};
        let clips = [judged(Angry, Angry), judged(Angry, Sad), judged(Fear, Fear), judged(Sad, Sad)];
        let metrics = metrics(&clips, "test", 0);
        assert_eq!((metrics.accuracy, metrics.clips), (0.75, 4));
        assert_eq!(metrics.recall[&Angry], 0.5);
        assert!((metrics.mean_recall - 2.5 / 3.0).abs() < 1e-6);
        assert_eq!(metrics.accuracy_by_corpus["TESS"], 0.75);
        assert!((metrics.calibration_error - 0.25).abs() < 1e-3, "sure, but wrong once in four");
        let counts = confusion(&clips);
        assert_eq!(counts[Angry.index()][Sad.index()], 1);
        assert_eq!(counts.iter().flatten().sum::<usize>(), 4);
    }
}
