//! Metrics of scored clips.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use crate::corpus::Corpus;
use crate::model::{Calibration, Emotion, Metrics, Output, Prediction};

/// Bootstrap samples for an interval.
const DRAWS: usize = 1000;

/// A clip's label with a model's prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredClip {
    /// Corpus of the clip.
    pub corpus: Corpus,
    /// The label: the emotion that the actor was asked for; neutral in ordinary speech.
    pub acted: Emotion,
    /// Output of the model, before calibration.
    pub output: Output,
    /// Calibrated prediction.
    pub prediction: Prediction,
}

impl ScoredClip {
    /// The same clip by another calibration.
    pub fn calibrated(self, calibration: &Calibration) -> Self {
        Self { prediction: calibration.predict(&self.output), ..self }
    }

    fn predicted(&self) -> Emotion {
        self.prediction.label()
    }

    /// Whether the predicted emotion is the label.
    pub fn is_right(&self) -> bool {
        self.predicted() == self.acted
    }
}

/// Selective prediction: how often an emotion is named without reserve ("sounds …"), and how often rightly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Selective {
    /// Share of clips with a prediction without reserve.
    #[serde(rename = "said")]
    pub coverage: f32,
    /// Accuracy of these; none if there are none.
    #[serde(rename = "right")]
    pub accuracy: Option<f32>,
    /// Share of clips with a prediction without reserve of another emotion than neutral.
    #[serde(rename = "not_neutral")]
    pub coverage_not_neutral: f32,
}

/// Selective prediction with a threshold on the highest probability.
pub fn selective(clips: &[ScoredClip], likely_from: f32) -> Selective {
    let covered: Vec<&ScoredClip> =
        clips.iter().filter(|clip| clip.prediction.ranked()[0].1 >= likely_from).collect();
    let share = |count: usize| count as f32 / clips.len().max(1) as f32;
    Selective {
        coverage: share(covered.len()),
        accuracy: accuracy(covered.iter().copied()),
        coverage_not_neutral: share(
            covered.iter().filter(|clip| clip.predicted() != Emotion::Neutral).count(),
        ),
    }
}

/// Metrics of clips: accuracy, recall, confusion, intervals, calibration error.
pub fn metrics(clips: &[ScoredClip]) -> Metrics {
    let pairs: Vec<(Emotion, Emotion)> = clips.iter().map(|clip| (clip.acted, clip.predicted())).collect();
    let confusion = confusion(pairs.iter().copied());
    let recalls = recalls(&confusion);
    let accuracy_by_corpus = Corpus::ALL.into_iter().filter_map(|corpus| {
        let of_corpus = clips.iter().filter(|clip| clip.corpus == corpus);
        accuracy(of_corpus).map(|accuracy| (corpus.name().to_owned(), accuracy))
    });
    let (accuracy_interval, mean_recall_interval) = intervals(&pairs);
    Metrics {
        clips: clips.len(),
        accuracy: accuracy(clips.iter()).unwrap_or(0.0),
        accuracy_interval,
        mean_recall: mean(&recalls),
        mean_recall_interval,
        accuracy_by_corpus: accuracy_by_corpus.collect(),
        recall: Emotion::ALL
            .into_iter()
            .zip(recalls)
            .filter_map(|(e, r)| Some((e, r?)))
            .collect::<BTreeMap<_, _>>(),
        calibration_error: calibration_error(clips),
        confusion,
    }
}

fn accuracy<'a>(clips: impl Iterator<Item = &'a ScoredClip>) -> Option<f32> {
    let (right, all) =
        clips.fold((0_u32, 0_u32), |(right, all), clip| (right + u32::from(clip.is_right()), all + 1));
    (all > 0).then(|| right as f32 / all as f32)
}

fn confusion(pairs: impl Iterator<Item = (Emotion, Emotion)>) -> [[usize; 7]; 7] {
    let mut counts = [[0; 7]; 7];
    pairs.for_each(|(label, predicted)| counts[label.index()][predicted.index()] += 1);
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

/// Expected calibration error (ECE) over ten bins of the highest probability.
fn calibration_error(clips: &[ScoredClip]) -> f32 {
    let mut bins = [(0.0_f32, 0.0_f32); 10];
    for clip in clips {
        let confidence = clip.prediction.ranked()[0].1;
        let bin = &mut bins[((confidence * 10.0) as usize).min(9)];
        bin.0 += confidence;
        bin.1 += f32::from(u8::from(clip.is_right()));
    }
    bins.iter().map(|(stated, right)| (stated - right).abs()).sum::<f32>() / clips.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored_clip(corpus: Corpus, acted: Emotion, predicted: Emotion, probability: f32) -> ScoredClip {
        let mut logits = [((1.0 - probability) / 6.0).ln(); 7];
        logits[predicted.index()] = probability.ln();
        let output = Output { logits, distance: 1.0 };
        ScoredClip { corpus, acted, output, prediction: Prediction::from_logits(&logits) }
    }

    /// Ten clips whose figures can be worked out by hand.
    fn ten() -> Vec<ScoredClip> {
        use Corpus::{CremaD, Tess};
        use Emotion::{Angry, Happy, Sad};
        let mut clips = vec![scored_clip(CremaD, Angry, Angry, 0.9); 4];
        clips.extend(vec![scored_clip(CremaD, Angry, Happy, 0.5); 2]);
        clips.extend(vec![scored_clip(Tess, Sad, Sad, 0.9); 1]);
        clips.extend(vec![scored_clip(Tess, Sad, Angry, 0.7); 3]);
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
    fn selective_prediction_counts_clips_above_the_threshold() {
        use Corpus::Tess;
        use Emotion::{Angry, Neutral, Sad};
        let clips = [
            scored_clip(Tess, Angry, Angry, 0.9),
            scored_clip(Tess, Sad, Angry, 0.8),
            scored_clip(Tess, Neutral, Neutral, 0.7),
            scored_clip(Tess, Sad, Sad, 0.5),
        ];
        let selective = selective(&clips, 0.6);
        assert_eq!((selective.coverage, selective.coverage_not_neutral), (0.75, 0.5));
        assert!((selective.accuracy.expect("some are covered") - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(super::selective(&clips, 0.95).accuracy, None);
    }
}
