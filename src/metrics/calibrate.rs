//! Calibration: the temperature of the probabilities, and the thresholds of coverage.
//!
//! Fitted on validation clips and on unseen corpora. Each of these weighs the same, however many clips it has, and thresholds hold in the
//! worst of them: nobody knows which of them the next voice is like. On clips like the training clips, probabilities are therefore too
//! low.

use std::collections::BTreeMap;

use super::{ScoredClip, Selective, metrics, selective};
use crate::corpus::Corpus;
use crate::model::{Calibration, Metrics, UnseenCorpus};

/// Range of the temperature, of a clip at distance 1; clips of models on feature maps may have a distance of 0.02.
const TEMPERATURES: [f64; 2] = [0.2, 1e4];
/// Range of the exponent of the distance.
const EXPONENTS: [f64; 2] = [0.0, 3.0];
/// Candidate thresholds, in hundredths.
const THRESHOLDS: std::ops::RangeInclusive<u32> = 25..=99;
/// Selective accuracy from the thresholds on, in the worst group. Predictions without reserve promise two in three, and the next corpus may
/// be worse than the worst of these.
const RIGHT_UNSURE: f32 = 0.5;
const RIGHT_LIKELY: f32 = 0.7;
/// A group with a lower coverage sets no threshold: accuracy over a handful of clips is noise.
const LEAST_COVERAGE: f32 = 0.02;

/// Fits the calibration of a model to validation clips and to those of unseen corpora, a group each. The exponent of the distance cannot be
/// fitted to validation clips alone.
///
/// # Panics
/// If there are no validation clips, or a group has none.
pub fn calibrate(validation: &[ScoredClip], unseen: &[&[ScoredClip]]) -> Calibration {
    let groups = [&[validation][..], unseen].concat();
    let temperature_at = |exponent: f64| {
        let (log_temperature, loss) = minimum(TEMPERATURES.map(f64::ln), &|log_temperature: f64| {
            let calibration = scale(log_temperature.exp(), exponent);
            groups.iter().map(|clips| loss(clips, &calibration)).sum()
        });
        (log_temperature.exp(), loss)
    };
    let exponent = match unseen {
        [] => 0.0,
        _ => minimum(EXPONENTS, &|exponent| temperature_at(exponent).1).0,
    };
    let calibration = scale(temperature_at(exponent).0, exponent);
    let unsure_below = threshold(&groups, &calibration, RIGHT_UNSURE);
    let likely_from = threshold(&groups, &calibration, RIGHT_LIKELY).max(unsure_below);
    Calibration { unsure_below, likely_from, ..calibration }
}

/// Metrics on unseen corpora: on those of `groups` by a calibration fitted without each, on those of `evaluation` by one fitted to all groups.
pub fn unseen_corpora(
    validation: &[ScoredClip],
    groups: &BTreeMap<Corpus, Vec<ScoredClip>>,
    evaluation: &BTreeMap<Corpus, Vec<ScoredClip>>,
) -> Vec<UnseenCorpus> {
    let without = |left_out: Corpus| -> Calibration {
        let others = groups.iter().filter(|(corpus, _)| **corpus != left_out).map(|(_, clips)| &clips[..]);
        calibrate(validation, &others.collect::<Vec<_>>())
    };
    groups.iter().chain(evaluation).map(|(&corpus, clips)| unseen(corpus, clips, &without(corpus))).collect()
}

fn unseen(corpus: Corpus, clips: &[ScoredClip], calibration: &Calibration) -> UnseenCorpus {
    let scored: Vec<ScoredClip> = clips.iter().map(|clip| clip.calibrated(calibration)).collect();
    unseen_corpus(corpus.name(), &metrics(&scored), selective(&scored, calibration.likely_from))
}

/// Metrics of an unseen corpus.
pub fn unseen_corpus(name: &str, metrics: &Metrics, selective: Selective) -> UnseenCorpus {
    UnseenCorpus {
        corpus: name.to_owned(),
        clips: metrics.clips,
        accuracy: metrics.accuracy,
        mean_recall: metrics.mean_recall,
        coverage: selective.coverage,
        selective_accuracy: selective.accuracy,
        coverage_not_neutral: selective.coverage_not_neutral,
        calibration_error: metrics.calibration_error,
    }
}

fn scale(temperature: f64, exponent: f64) -> Calibration {
    Calibration {
        temperature: temperature as f32,
        distance_exponent: exponent as f32,
        ..Calibration::default()
    }
}

/// Mean cross-entropy of clips.
fn loss(clips: &[ScoredClip], calibration: &Calibration) -> f64 {
    let of_clip =
        |clip: &ScoredClip| -f64::from(calibration.predict(&clip.output).of(clip.acted)).max(1e-12).ln();
    clips.iter().map(of_clip).sum::<f64>() / clips.len() as f64
}

/// The minimum of a unimodal function, and its value there, by golden-section search.
fn minimum([mut low, mut high]: [f64; 2], of: &dyn Fn(f64) -> f64) -> (f64, f64) {
    const SECTION: f64 = 0.618_033_988_749_895;
    let inner = |low: f64, high: f64| [high - SECTION * (high - low), low + SECTION * (high - low)];
    let mut at = inner(low, high);
    let mut values = at.map(of);
    while high - low > 1e-3 {
        if values[0] < values[1] {
            high = at[1];
            at = [inner(low, high)[0], at[0]];
            values = [of(at[0]), values[0]];
        } else {
            low = at[0];
            at = [at[1], inner(low, high)[1]];
            values = [values[1], of(at[1])];
        }
    }
    let middle = f64::midpoint(low, high);
    (middle, of(middle))
}

/// The lowest probability from which predictions are right as often as `share` in every group, or coverage is negligible.
fn threshold(groups: &[&[ScoredClip]], calibration: &Calibration, share: f32) -> f32 {
    let scored = |clip: &ScoredClip| {
        let clip = clip.calibrated(calibration);
        (clip.prediction.ranked()[0].1, clip.is_right())
    };
    let scored: Vec<Vec<(f32, bool)>> =
        groups.iter().map(|group| group.iter().map(scored).collect()).collect();
    let holds = |threshold: f32| {
        scored.iter().all(|group| {
            let (right, covered) = group
                .iter()
                .filter(|(probability, _)| *probability >= threshold)
                .fold((0, 0), |(right, covered), (_, is_right)| (right + u32::from(*is_right), covered + 1));
            (covered as f32) < LEAST_COVERAGE * group.len() as f32 || right as f32 >= share * covered as f32
        })
    };
    // From the top down, so that it holds from there on.
    let mut thresholds = THRESHOLDS.rev().map(|hundredths| hundredths as f32 / 100.0);
    let highest = thresholds.next().expect("there are thresholds");
    thresholds.take_while(|&threshold| holds(threshold)).last().unwrap_or(highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Emotion, Output};

    /// Clips of which so many in a hundred are right, by the first logit.
    fn clips(count: usize, right_in_100: usize, lead: f32, distance: f32) -> Vec<ScoredClip> {
        let output = Output { logits: [lead, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], distance };
        let prediction = Calibration::default().predict(&output);
        let of = |i: usize| if i % 100 < right_in_100 { Emotion::ALL[0] } else { Emotion::ALL[1 + i % 6] };
        (0..count).map(|i| ScoredClip { corpus: Corpus::Nemo, acted: of(i), output, prediction }).collect()
    }

    fn top(calibration: &Calibration, clips: &[ScoredClip]) -> f32 {
        calibration.predict(&clips[0].output).ranked()[0].1
    }

    #[test]
    fn overconfident_logits_are_cooled_and_timid_ones_sharpened() {
        for lead in [8.0, 1.0] {
            let clips = clips(400, 75, lead, 1.0);
            let calibration = calibrate(&clips, &[]);
            assert!((top(&calibration, &clips) - 0.75).abs() < 0.01, "{calibration:?}");
            assert_eq!(calibration.distance_exponent, 0.0);
        }
    }

    #[test]
    fn what_is_far_and_often_wrong_becomes_less_sure() {
        let (near, far) = (clips(400, 90, 3.0, 1.0), clips(200, 30, 3.0, 3.0));
        let calibration = calibrate(&near, &[&far]);
        assert!((top(&calibration, &near) - 0.9).abs() < 0.02, "{calibration:?}");
        assert!((top(&calibration, &far) - 0.3).abs() < 0.02, "{calibration:?}");
        assert!(calibration.likely_from <= top(&calibration, &near));
        assert!(calibration.unsure_below > top(&calibration, &far), "{calibration:?}");
    }

    #[test]
    fn the_worst_group_sets_the_thresholds() {
        // As near as the others, and right in half.
        let (good, bad) = (clips(400, 90, 3.0, 1.0), clips(100, 50, 3.0, 1.0));
        let both = calibrate(&good, &[&bad]);
        assert!(both.likely_from > top(&both, &bad), "{both:?}");
        assert!(both.unsure_below <= top(&both, &bad), "{both:?}");
        let alone = calibrate(&good, &[]);
        assert!(alone.likely_from <= top(&alone, &good), "{alone:?}");
    }

    #[test]
    fn a_corpus_takes_no_part_in_the_calibration_that_it_is_scored_by() {
        let validation = clips(400, 90, 3.0, 1.0);
        let of = |right| BTreeMap::from([(Corpus::Nemo, clips(100, right, 3.0, 2.0))]);
        let [always, never] = [100, 0].map(|right| unseen_corpora(&validation, &of(right), &BTreeMap::new()));
        assert_eq!(always[0].coverage, never[0].coverage);
        assert_eq!((always[0].selective_accuracy, never[0].selective_accuracy), (Some(1.0), Some(0.0)));
        // One that only evaluates does not change the others.
        let emovo = BTreeMap::from([(Corpus::Emovo, clips(100, 0, 3.0, 2.0))]);
        let rows = unseen_corpora(&validation, &of(100), &emovo);
        assert_eq!(rows[0], always[0]);
        assert_eq!(rows[1].corpus, Corpus::Emovo.name());
    }
}
