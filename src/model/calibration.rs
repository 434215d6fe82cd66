//! From logits to calibrated probabilities, for clips like the training clips and for others.

use serde::{Deserialize, Serialize};

use super::Prediction;
use crate::nn::activation::sum;

/// The output of a model for a clip, before calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Output {
    /// The network's logits, in the order of the emotions.
    pub logits: [f32; 7],
    /// Distance of the clip from the training clips: each row of its normalised feature map is averaged over time, and
    /// this is the mean square of the averages. 0 is the mean of the training clips; with an encoder, their own distance
    /// is 1 on average.
    pub distance: f32,
}

/// How logits become probabilities, and which probability is enough for an answer. Fitted on clips from neither the
/// train nor the test set, most of them from unseen corpora.
///
/// ```
/// use sottovoce::model::{Calibration, Output};
/// let calibration = Calibration { temperature: 0.5, distance_exponent: 1.0, ..Calibration::default() };
/// let logits = [2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
/// let near = calibration.predict(&Output { logits, distance: 1.0 }).probabilities()[0];
/// let far = calibration.predict(&Output { logits, distance: 2.0 }).probabilities()[0];
/// assert!(near > 0.9 && far < 0.6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Logits of a clip at [distance](Output::distance) 1 are divided by this before softmax (Guo et al., "On
    /// Calibration of Modern Neural Networks", 2017).
    pub temperature: f32,
    /// The temperature of any clip is `temperature * distance.powf(distance_exponent)`: the further a clip is from the
    /// training clips, the less its logits say. 0 if there were no other corpora to fit it on.
    #[serde(default)]
    pub distance_exponent: f32,
    /// With a lower probability of the most likely emotion, the model is wrong more often than right.
    pub unsure_below: f32,
    /// From this probability on, it is right at least two times in three.
    pub likely_from: f32,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { temperature: 1.0, distance_exponent: 0.0, unsure_below: 0.4, likely_from: 0.6 }
    }
}

impl Calibration {
    /// The probabilities of a clip.
    pub fn predict(&self, output: &Output) -> Prediction {
        // In 64 bits, so that all processors agree.
        let scale = f64::from(output.distance.max(NEAREST)).powf(f64::from(self.distance_exponent));
        let temperature = (f64::from(self.temperature) * scale) as f32;
        Prediction::from_logits(&output.logits.map(|logit| logit / temperature))
    }

    /// The rules for every calibration, each with whether this one complies.
    pub(super) fn rules(&self) -> [(bool, &'static str); 3] {
        [
            (self.temperature > 0.0 && self.temperature.is_finite(), "the temperature must be above 0"),
            ((0.0..=4.0).contains(&self.distance_exponent), "the distance_exponent must be from 0 to 4"),
            (
                (0.0..=1.0).contains(&self.unsure_below)
                    && (self.unsure_below..=1.0).contains(&self.likely_from),
                "unsure_below and likely_from must be from 0 to 1, in this order",
            ),
        ]
    }
}

/// The smallest distance that is used.
const NEAREST: f32 = 1e-3;

/// The [distance](Output::distance) of a clip by its normalised feature map of so many columns.
pub fn distance(normalised: &[f32], columns: usize) -> f32 {
    let means: Vec<f32> =
        normalised.chunks(columns.max(1)).map(|row| sum(row, |value| value) / row.len() as f32).collect();
    sum(&means, |mean| mean * mean) / means.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(distance: f32) -> Output {
        Output { logits: [2.0, 1.0, 0.0, 0.5, -1.0, 0.0, -3.0], distance }
    }

    #[test]
    fn distance_softens_and_never_changes_the_order() {
        let calibration = Calibration { temperature: 0.7, distance_exponent: 0.9, ..Calibration::default() };
        let tops =
            [0.0, 0.5, 1.0, 2.0, 8.0, 1e6].map(|distance| calibration.predict(&at(distance)).ranked()[0]);
        assert!(tops.iter().all(|(emotion, _)| *emotion == tops[0].0));
        assert!(tops.is_sorted_by(|near, far| near.1 > far.1), "{tops:?}");
        assert!(tops[5].1 < 0.15);
        // At infinite distance all emotions are equally likely.
        let [(_, most), .., (_, least)] = calibration.predict(&at(f32::INFINITY)).ranked();
        assert!(most - least < 1e-6);
    }

    #[test]
    fn without_an_exponent_distance_has_no_effect() {
        let calibration = Calibration::default();
        assert_eq!(calibration.predict(&at(0.1)), calibration.predict(&at(10.0)));
        assert_eq!(calibration.predict(&at(1.0)), Prediction::from_logits(&at(1.0).logits));
    }

    #[test]
    fn distance_is_that_of_the_averages_over_time() {
        assert_eq!(distance(&[1.0, -1.0, 1.0], 1), 1.0);
        assert_eq!(distance(&[3.0, 1.0, -1.0, 1.0], 2), 2.0);
        assert_eq!(distance(&[2.0; 2304], 1), 4.0);
        assert_eq!(distance(&[], 0), 0.0);
    }
}
