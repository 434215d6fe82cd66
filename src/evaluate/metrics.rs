//! Scores from judged clips.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use crate::corpus::Corpus;
use crate::model::{Calibration, Emotion, Metrics, Output, Prediction};

/// Draws of as many clips for an interval.
const DRAWS: usize = 1000;

/// A clip's truth beside what a model said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Where the clip comes from.
    pub corpus: Corpus,
    /// What the actor was asked for; neutral in ordinary speech.
    pub acted: Emotion,
    /// What the model says, before calibration.
    pub output: Output,
    /// What it says with its calibration.
    pub prediction: Prediction,
}

impl Judged {
    /// The same by another calibration.
    pub fn calibrated(self, calibration: &Calibration) -> Self {
        Self { prediction: calibration.predict(&self.output), ..self }
    }

    fn said(&self) -> Emotion {
        self.prediction.label()
    }

    /// Whether it says what was acted.
    pub fn is_right(&self) -> bool {
        self.said() == self.acted
    }
}

/// What is said for certain: "sounds …".
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Certain {
    /// Share of clips of which an emotion is said for certain.
    pub said: f32,
    /// Share of those that were acted so; none if nothing is said.
    pub right: Option<f32>,
    /// Share of clips of which an emotion other than neutral is said for certain.
    pub not_neutral: f32,
}

/// What is said for certain of clips, from a probability of `likely_from` on.
pub fn certain(judged: &[Judged], likely_from: f32) -> Certain {
    let said: Vec<&Judged> =
        judged.iter().filter(|clip| clip.prediction.ranked()[0].1 >= likely_from).collect();
    let share = |count: usize| count as f32 / judged.len().max(1) as f32;
    Certain {
        said: share(said.len()),
        right: share_right(said.iter().copied()),
        not_neutral: share(said.iter().filter(|clip| clip.said() != Emotion::Neutral).count()),
    }
}

/// Sums up judged clips.
pub fn metrics(judged: &[Judged]) -> Metrics {
    let pairs: Vec<(Emotion, Emotion)> = judged.iter().map(|clip| (clip.acted, clip.said())).collect();
    let confusion = confusion(pairs.iter().copied());
    let recalls = recalls(&confusion);
    let accuracy_by_corpus = Corpus::ALL.into_iter().filter_map(|corpus| {
        let clips = judged.iter().filter(|clip| clip.corpus == corpus);
        share_right(clips).map(|accuracy| (corpus.name().to_owned(), accuracy))
    });
    let (accuracy_interval, mean_recall_interval) = intervals(&pairs);
    Metrics {
        clips: judged.len(),
        accuracy: share_right(judged.iter()).unwrap_or(0.0),
        accuracy_interval,
        mean_recall: mean(&recalls),
        mean_recall_interval,
        accuracy_by_corpus: accuracy_by_corpus.collect(),
        recall: Emotion::ALL
            .into_iter()
            .zip(recalls)
            .filter_map(|(e, r)| Some((e, r?)))
            .collect::<BTreeMap<_, _>>(),
        calibration_error: calibration_error(judged),
        confusion,
    }
}

fn share_right<'a>(clips: impl Iterator<Item = &'a Judged>) -> Option<f32> {
    let (right, all) =
        clips.fold((0_u32, 0_u32), |(right, all), clip| (right + u32::from(clip.is_right()), all + 1));
    (all > 0).then(|| right as f32 / all as f32)
}

fn confusion(pairs: impl Iterator<Item = (Emotion, Emotion)>) -> [[usize; 7]; 7] {
    let mut counts = [[0; 7]; 7];
    pairs.for_each(|(acted, said)| counts[acted.index()][said.index()] += 1);
    counts
}

/// The recall of each emotion that was acted at all.
fn recalls(confusion: &[[usize; 7]; 7]) -> [Option<f32>; 7] {
    std::array::from_fn(|emotion| {
        let all: usize = confusion[emotion].iter().sum();
        (all > 0).then(|| confusion[emotion][emotion] as f32 / all as f32)
    })
}

fn mean(recalls: &[Option<f32>; 7]) -> f32 {
    recalls.iter().flatten().sum::<f32>() / recalls.iter().flatten().count().max(1) as f32
}

/// 95 % percentile intervals of accuracy and mean recall over clips drawn with replacement (Efron, 1979).
fn intervals(pairs: &[(Emotion, Emotion)]) -> ([f32; 2], [f32; 2]) {
    if pairs.is_empty() {
        return ([0.0; 2], [0.0; 2]);
    }
    let mut rng = StdRng::seed_from_u64(0);
    let (mut accuracies, mut mean_recalls): (Vec<f32>, Vec<f32>) = (0..DRAWS)
        .map(|_| {
            let counts = confusion((0..pairs.len()).map(|_| pairs[rng.random_range(0..pairs.len())]));
            let right: usize = (0..7).map(|emotion| counts[emotion][emotion]).sum();
            (right as f32 / pairs.len() as f32, mean(&recalls(&counts)))
        })
        .unzip();
    let middle = |values: &mut Vec<f32>| {
        values.sort_by(f32::total_cmp);
        [values[DRAWS * 25 / 1000], values[DRAWS * 975 / 1000 - 1]]
    };
    (middle(&mut accuracies), middle(&mut mean_recalls))
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

    fn judged(corpus: Corpus, acted: Emotion, said: Emotion, probability: f32) -> Judged {
        let mut scores = [((1.0 - probability) / 6.0).ln(); 7];
        scores[said.index()] = probability.ln();
        let output = Output { logits: scores, distance: 1.0 };
        Judged { corpus, acted, output, prediction: Prediction::from_scores(&scores) }
    }

    /// Ten clips whose figures can be worked out by hand.
    fn ten() -> Vec<Judged> {
        use Corpus::{CremaD, Tess};
        use Emotion::{Angry, Happy, Sad};
        let mut clips = vec![judged(CremaD, Angry, Angry, 0.9); 4];
        clips.extend(vec![judged(CremaD, Angry, Happy, 0.5); 2]);
        clips.extend(vec![judged(Tess, Sad, Sad, 0.9); 1]);
        clips.extend(vec![judged(Tess, Sad, Angry, 0.7); 3]);
        clips
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let found = metrics(&ten());
        assert_eq!(found.clips, 10);
        assert!((found.accuracy - 0.5).abs() < 1e-6);
        assert!((found.mean_recall - (4.0 / 6.0 + 1.0 / 4.0) / 2.0).abs() < 1e-6);
        assert!((found.accuracy_by_corpus["CREMA-D"] - 4.0 / 6.0).abs() < 1e-6);
        assert!((found.accuracy_by_corpus["TESS"] - 0.25).abs() < 1e-6);
        assert_eq!(found.recall.len(), 2);
        assert_eq!(found.confusion[Emotion::Sad.index()][Emotion::Angry.index()], 3);
        // Gaps: five clips at 0.9 all right, two at 0.5 and three at 0.7 all wrong.
        let expected = (5.0 * 0.1 + 2.0 * 0.5 + 3.0 * 0.7) / 10.0;
        assert!((found.calibration_error - expected).abs() < 1e-5, "{}", found.calibration_error);
    }

    #[test]
    fn intervals_hold_the_value_and_narrow_with_more_clips() {
        let few = metrics(&ten());
        let many = metrics(&ten().repeat(100));
        for found in [&few, &many] {
            let [low, high] = found.accuracy_interval;
            assert!(low < found.accuracy && found.accuracy < high);
            let [low, high] = found.mean_recall_interval;
            assert!(low < found.mean_recall && found.mean_recall < high);
        }
        // A share of a half among n clips has a standard error of a half over the root of n.
        let width = many.accuracy_interval[1] - many.accuracy_interval[0];
        assert!((width - 2.0 * 1.96 * 0.5 / 1000.0_f32.sqrt()).abs() < 0.008, "{width}");
        assert!(few.accuracy_interval[1] - few.accuracy_interval[0] > 2.0 * width);
    }

    #[test]
    fn no_clips_give_zeros() {
        assert_eq!(metrics(&[]), Metrics::default());
    }

    #[test]
    fn what_is_said_for_certain_is_counted() {
        use Corpus::Tess;
        use Emotion::{Angry, Neutral, Sad};
        let clips = [
            judged(Tess, Angry, Angry, 0.9),
            judged(Tess, Sad, Angry, 0.8),
            judged(Tess, Neutral, Neutral, 0.7),
            judged(Tess, Sad, Sad, 0.5),
        ];
        let certain = certain(&clips, 0.6);
        assert_eq!((certain.said, certain.not_neutral), (0.75, 0.5));
        assert!((certain.right.expect("said") - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(super::certain(&clips, 0.95).right, None);
    }
}
