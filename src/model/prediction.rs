//! The prediction of a model.

use serde::Serialize;

use super::Emotion;

/// A probability for each emotion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Prediction {
    probabilities: [f32; 7],
}

impl Prediction {
    /// The softmax of a model's seven logits. Where they are not finite, which weights that are too large cause, every
    /// emotion is equally likely.
    ///
    /// # Panics
    /// If there are not seven logits.
    pub fn from_logits(logits: &[f32]) -> Self {
        let logits: [f32; 7] = logits.try_into().expect("one logit per emotion");
        if !logits.iter().all(|logit| logit.is_finite()) {
            return Self { probabilities: [1.0 / 7.0; 7] };
        }
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights = logits.map(|logit| (logit - top).exp());
        let total: f32 = weights.iter().sum();
        Self { probabilities: weights.map(|weight| weight / total) }
    }

    /// Probabilities in the order of [`Emotion::ALL`]; they sum to 1.
    pub fn probabilities(&self) -> &[f32; 7] {
        &self.probabilities
    }

    /// The probability of one emotion.
    pub fn of(&self, emotion: Emotion) -> f32 {
        self.probabilities[emotion.index()]
    }

    /// Emotions with their probabilities, most likely first.
    pub fn ranked(&self) -> [(Emotion, f32); 7] {
        let mut ranked = Emotion::ALL.map(|emotion| (emotion, self.of(emotion)));
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    /// The most likely emotion.
    pub fn label(&self) -> Emotion {
        self.ranked()[0].0
    }
}

impl From<[f32; 7]> for Prediction {
    /// Probabilities in the order of [`Emotion::ALL`], which sum to 1.
    fn from(probabilities: [f32; 7]) -> Self {
        Self { probabilities }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_and_rank() {
        let prediction = Prediction::from_logits(&[0.0, 1.0, -3.0, 88.0, 87.0, 2.0, -90.0]);
        let total: f32 = prediction.probabilities().iter().sum();
        assert!((total - 1.0).abs() < 1e-6);
        assert_eq!(prediction.label(), Emotion::Happy);
        assert_eq!(prediction.ranked()[1].0, Emotion::Neutral);
        assert!(prediction.ranked().is_sorted_by(|a, b| a.1 >= b.1));
    }

    #[test]
    fn logits_that_are_not_finite_make_all_emotions_equally_likely() {
        for logit in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let prediction = Prediction::from_logits(&[0.0, logit, 1.0, 2.0, 3.0, 4.0, 5.0]);
            assert_eq!(prediction.probabilities(), &[1.0 / 7.0; 7]);
        }
    }
}
