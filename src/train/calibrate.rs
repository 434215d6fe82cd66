//! Temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", 2017).

use crate::model::{Emotion, Prediction};

/// The temperature under which the judged clips' labels are likeliest, found by golden-section search over 0.2 to 5.
pub fn fit_temperature(scores: &[[f32; 7]], labels: &[Emotion]) -> f32 {
    const SECTION: f64 = 0.618_033_988_749_895;
    let loss = |log_temperature: f64| -> f64 {
        let temperature = log_temperature.exp() as f32;
        let clips = scores.iter().zip(labels);
        clips
            .map(|(scores, &label)| {
                let prediction = Prediction::from_scores(&scores.map(|score| score / temperature));
                -f64::from(prediction.of(label).max(1e-12)).ln()
            })
            .sum()
    };
    let (mut low, mut high) = (0.2_f64.ln(), 5.0_f64.ln());
    for _ in 0..40 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overconfident_scores_get_a_temperature_above_one() {
        // Ten points ahead each time, yet right only three times in four.
        let labels: Vec<Emotion> =
            (0..40).map(|i| if i % 4 == 0 { Emotion::Sad } else { Emotion::Angry }).collect();
        let scores = vec![[10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]; 40];
        let temperature = fit_temperature(&scores, &labels);
        assert!(temperature > 2.0, "{temperature}");
        let shown = Prediction::from_scores(&scores[0].map(|s| s / temperature)).of(Emotion::Angry);
        assert!((shown - 0.75).abs() < 0.1, "{shown}");
    }
}
