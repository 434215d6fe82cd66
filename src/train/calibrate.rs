//! Probabilities that mean what they say, and when they bear a statement; fitted on validation clips.

use crate::model::{Calibration, Emotion, Prediction};

/// Fits temperature and thresholds to scores before softmax of clips whose emotion is known.
pub fn calibrate(scores: &[[f32; 7]], labels: &[Emotion]) -> Calibration {
    let temperature = fit_temperature(scores, labels);
    let mut readings: Vec<(f32, bool)> = scores
        .iter()
        .zip(labels)
        .map(|(scores, &label)| {
            let (said, probability) = at(temperature, scores).ranked()[0];
            (probability, said == label)
        })
        .collect();
    readings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let unsure_below = unsure_below(&readings);
    Calibration { temperature, unsure_below, likely_from: likely_from(&readings).max(unsure_below) }
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

/// Hundredths that a threshold may take: never so low or so high that it says nothing.
const THRESHOLDS: std::ops::RangeInclusive<usize> = 25..=90;

/// The highest threshold below which readings are right at most half of the time.
fn unsure_below(readings: &[(f32, bool)]) -> f32 {
    let share_right_below = |threshold: f32| {
        let below = readings.iter().take_while(|reading| reading.0 < threshold);
        let (right, all) =
            below.fold((0, 0), |(right, all), reading| (right + usize::from(reading.1), all + 1));
        if all == 0 { 0.0 } else { right as f32 / all as f32 }
    };
    let thresholds = THRESHOLDS.rev().map(|hundredths| hundredths as f32 / 100.0);
    thresholds.into_iter().find(|&threshold| share_right_below(threshold) <= 0.5).unwrap_or(0.25)
}

/// The lowest threshold from which readings are right at least four times in five.
fn likely_from(readings: &[(f32, bool)]) -> f32 {
    let share_right_from = |threshold: f32| {
        let from = readings.iter().rev().take_while(|reading| reading.0 >= threshold);
        let (right, all) =
            from.fold((0, 0), |(right, all), reading| (right + usize::from(reading.1), all + 1));
        if all == 0 { 1.0 } else { right as f32 / all as f32 }
    };
    let mut thresholds = THRESHOLDS.map(|hundredths| hundredths as f32 / 100.0);
    thresholds.find(|&threshold| share_right_from(threshold) >= 0.8).unwrap_or(0.9)
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
    fn thresholds_separate_doubtful_from_reliable_readings() {
        // Right as often as stated: at 30 % three times in ten, and so on.
        let readings: Vec<(f32, bool)> =
            (25..100).flat_map(|stated| (0..100).map(move |i| (stated as f32 / 100.0, i < stated))).collect();
        // Stated 25 to t % is right in (25 + t) / 2 % of the cases on average, t to 99 % in (t + 99) / 2 %.
        assert!((unsure_below(&readings) - 0.76).abs() < 0.02, "{}", unsure_below(&readings));
        assert!((likely_from(&readings) - 0.61).abs() < 0.02, "{}", likely_from(&readings));
    }

    #[test]
    fn a_model_that_is_always_right_or_always_wrong_gets_thresholds_within_bounds() {
        for right in [true, false] {
            let readings: Vec<(f32, bool)> = (30..100).map(|stated| (stated as f32 / 100.0, right)).collect();
            assert!((0.25..=0.9).contains(&unsure_below(&readings)));
            assert!((0.25..=0.9).contains(&likely_from(&readings)));
        }
    }
}
