//! Probabilities that mean what they say, and when they bear a statement; fitted on validation clips.

use crate::model::{Calibration, Emotion, Prediction};

/// Fits temperature and thresholds to scores before softmax of clips whose emotion is known.
pub fn calibrate(scores: &[[f32; 7]], labels: &[Emotion]) -> Calibration {
    let temperature = fit_temperature(scores, labels);
    let readings: Vec<(f32, bool)> = scores
        .iter()
        .zip(labels)
        .map(|(scores, &label)| {
            let (said, probability) = at(temperature, scores).ranked()[0];
            (probability, said == label)
        })
        .collect();
    let unsure_below = threshold(&readings, 1.0);
    Calibration { temperature, unsure_below, likely_from: threshold(&readings, 2.0).max(unsure_below) }
}

fn at(temperature: f32, scores: &[f32; 7]) -> Prediction {
    Prediction::from_scores(&scores.map(|score| score / temperature))
}

/// Temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", 2017): the temperature under which the
/// labels are likeliest, found by golden-section search over 0.2 to 5.
fn fit_temperature(scores: &[[f32; 7]], labels: &[Emotion]) -> f32 {
    const SECTION: f64 = 0.618_033_988_749_895;
    let loss = |log_temperature: f64| -> f64 {
        let temperature = log_temperature.exp() as f32;
        let clips = scores.iter().zip(labels);
        clips.map(|(scores, &label)| -f64::from(at(temperature, scores).of(label)).max(1e-12).ln()).sum()
    };
    let (mut low, mut high) = (0.2_f64.ln(), 5.0_f64.ln());
    while high - low > 1e-4 {
        let left = high - SECTION * (high - low);
        let right = low + SECTION * (high - low);
        if loss(left) < loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high).exp() as f32
}

/// The probability from which speaking up pays most if a right reading gains one and a wrong one loses `penalty`, in
/// hundredths from 0.25 to 0.9. Around it, readings are right `penalty / (1 + penalty)` of the time.
fn threshold(readings: &[(f32, bool)], penalty: f32) -> f32 {
    let gain = |threshold: f32| -> f32 {
        let spoken = readings.iter().filter(|reading| reading.0 >= threshold);
        spoken.map(|reading| if reading.1 { 1.0 } else { -penalty }).sum()
    };
    let thresholds = (25..=90).map(|hundredths| hundredths as f32 / 100.0);
    // Of equal gains the lowest: it says more.
    thresholds.rev().max_by(|a, b| gain(*a).total_cmp(&gain(*b))).expect("there are thresholds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overconfident_scores_are_cooled_and_timid_ones_sharpened() {
        // Right three times in four, however sure.
        let labels: Vec<Emotion> = (0..400).map(|i| Emotion::ALL[usize::from(i % 4 == 0)]).collect();
        let scores = |lead: f32| vec![[lead, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]; 400];
        assert!(fit_temperature(&scores(8.0), &labels) > 1.5);
        assert!(fit_temperature(&scores(1.0), &labels) < 0.7);
    }

    #[test]
    fn thresholds_lie_where_readings_are_right_often_enough() {
        // Right as often as stated: at 30 % three times in ten, and so on.
        let readings: Vec<(f32, bool)> =
            (20..100).flat_map(|stated| (0..100).map(move |i| (stated as f32 / 100.0, i < stated))).collect();
        assert!((threshold(&readings, 1.0) - 0.5).abs() < 0.015, "{}", threshold(&readings, 1.0));
        assert!((threshold(&readings, 2.0) - 2.0 / 3.0).abs() < 0.015, "{}", threshold(&readings, 2.0));
    }

    #[test]
    fn a_model_that_is_always_right_speaks_and_one_that_is_always_wrong_does_not() {
        let readings = |right| (30..90).map(|stated| (stated as f32 / 100.0, right)).collect::<Vec<_>>();
        assert_eq!(threshold(&readings(true), 1.0), 0.25);
        assert_eq!(threshold(&readings(false), 1.0), 0.9);
    }
}
