//! Classes of a user's own: a linear classifier on the embeddings of a few labelled clips.
//!
//! Training takes milliseconds and gives the same bytes natively and in a browser: embeddings and weights are in fixed point, products
//! of embeddings are sums of integers, and what is left in floats is computed in one order.

mod ridge;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::SpeakerReference;
use crate::rules::first_broken;

use ridge::Ridge;

/// Fixed-point steps of a weight per unit.
const WEIGHT_STEPS: f64 = (1 << 24) as f64;
/// Fixed-point steps of an embedding per unit.
const EMBEDDING_STEPS: f64 = SpeakerReference::STEPS as f64;
/// Classes, at least and at most.
const CLASSES: std::ops::RangeInclusive<usize> = 2..=12;
/// Clips of each class, at least.
pub const MIN_CLIPS: usize = 5;
/// Clips in all, at most: the time to train grows with their square.
const MAX_CLIPS: usize = 600;
/// Characters of a class' name, at most.
const MAX_NAME: usize = 40;
/// Values of an embedding, at most.
const MAX_ROWS: usize = 1 << 13;
/// Temperatures that are tried: the lowest, and the ratio from one to the next.
const TEMPERATURES: (f64, f64, usize) = (0.02, 1.125, 40);

/// A classifier for classes of a user's own, on the embeddings of a model with a speaker head.
///
/// It serializes as plain data and holds no embedding of a clip: one weight per class and value of the embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomClassifier {
    /// Name of the model that makes the embeddings.
    model: String,
    /// SHA-256 of its weights.
    model_weights: String,
    classes: Vec<CustomClass>,
    /// Scores are divided by this before the softmax.
    temperature: f64,
    /// How clips were classified by a classifier trained without them: a row per class, in clips per predicted class.
    leave_one_out: Vec<Vec<u32>>,
}

/// A class of a [`CustomClassifier`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomClass {
    name: String,
    /// Number of clips that it was trained on.
    clips: usize,
    /// In steps of a weight times those of an embedding.
    bias: i64,
    /// A weight for each value of the embedding, in steps.
    weights: Vec<i64>,
}

/// Why clips cannot train a classifier, or one cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CustomError {
    /// There are too few or too many classes.
    #[error("It takes 2 to 12 classes; these are {0}.")]
    Classes(usize),
    /// A name is empty, too long, or there twice.
    #[error("Each class needs a name of its own, of at most 40 characters; '{0}' is none.")]
    Name(String),
    /// A class has too few clips.
    #[error("'{class}' has {clips} of the 5 recordings that each class needs.")]
    TooFew {
        /// Name of the class.
        class: String,
        /// Its clips.
        clips: usize,
    },
    /// There are too many clips.
    #[error("These are {0} recordings; 600 are enough.")]
    TooMany(usize),
    /// It belongs to another model, or another version of this one.
    #[error(
        "These classes were taught to another model or another version of it ('{0}'). Teach them again from recordings."
    )]
    OtherModel(String),
    /// It is damaged.
    #[error("This is no file of classes ({0}). Save it again where it was taught.")]
    Damaged(String),
}

impl CustomError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Classes(_) | Self::Name(_) | Self::TooFew { .. } | Self::TooMany(_) => "cannot-teach",
            Self::OtherModel(_) | Self::Damaged(_) => "bad-classes",
        }
    }
}

impl CustomClassifier {
    /// Trains a classifier. `clips` are the references of one clip each
    /// ([`Analysis::enrolment`](crate::analyzer::Analysis::enrolment)), with the places of their classes among `names`.
    ///
    /// Ridge regression on the classes' indicators; the temperature is fitted on the predictions for each clip by a classifier trained
    /// without it, which ridge regression gives in closed form. Classes are sorted by name.
    ///
    /// # Errors
    /// [`CustomError`] when there are too few or too many classes or clips, names are not unique, or clips are of another model.
    ///
    /// # Panics
    /// If the class of a clip is not among the names.
    pub fn train(names: &[String], clips: &[(usize, SpeakerReference)]) -> Result<Self, CustomError> {
        check_names(names)?;
        // In one order, so that sums round alike however classes and clips come.
        let mut places: Vec<usize> = (0..names.len()).collect();
        places.sort_by_key(|&place| &names[place]);
        let names: Vec<String> = places.iter().map(|&place| names[place].clone()).collect();
        let sorted = |class: usize| places.iter().position(|&place| place == class).expect("among the names");
        let mut clips: Vec<(usize, &SpeakerReference)> =
            clips.iter().map(|(class, clip)| (sorted(*class), clip)).collect();
        clips.sort_by_key(|(class, clip)| (*class, clip.embedding_steps()));
        let counts: Vec<usize> =
            (0..names.len()).map(|class| clips.iter().filter(|(of, _)| *of == class).count()).collect();
        if let Some(few) = counts.iter().position(|&count| count < MIN_CLIPS) {
            return Err(CustomError::TooFew { class: names[few].clone(), clips: counts[few] });
        }
        if clips.len() > MAX_CLIPS {
            return Err(CustomError::TooMany(clips.len()));
        }
        let (model, model_weights) = clips[0].1.owner();
        if let Some((_, other)) =
            clips.iter().find(|(_, clip)| clip.owner() != (model, model_weights) || clip.clips() != 1)
        {
            return Err(CustomError::OtherModel(other.owner().0.to_owned()));
        }
        let labels: Vec<usize> = clips.iter().map(|(class, _)| *class).collect();
        let embeddings: Vec<&[i64]> = clips.iter().map(|(_, clip)| clip.embedding_steps()).collect();
        let Ridge { weights, biases, leave_one_out: scores } =
            Ridge::fit(&embeddings, &labels, names.len(), EMBEDDING_STEPS);
        let mut leave_one_out = vec![vec![0; names.len()]; names.len()];
        for (scores, &label) in scores.iter().zip(&labels) {
            leave_one_out[label][largest(scores)] += 1;
        }
        let steps = |value: f64, per_unit: f64| (value * per_unit).round() as i64;
        let class = |(place, name): (usize, &String)| CustomClass {
            name: name.clone(),
            clips: counts[place],
            bias: steps(biases[place], WEIGHT_STEPS * EMBEDDING_STEPS),
            weights: weights[place].iter().map(|&weight| steps(weight, WEIGHT_STEPS)).collect(),
        };
        Ok(Self {
            model: model.to_owned(),
            model_weights: model_weights.to_owned(),
            classes: names.iter().enumerate().map(class).collect(),
            temperature: fit_temperature(&scores, &labels),
            leave_one_out,
        })
    }

    /// Reads one from its JSON text.
    ///
    /// # Errors
    /// [`CustomError::Damaged`].
    pub fn parse(text: &str) -> Result<Self, CustomError> {
        let damaged = |reason: &dyn fmt::Display| CustomError::Damaged(reason.to_string());
        let read: Self = serde_json::from_str(text).map_err(|error| damaged(&error))?;
        let names: Vec<String> = read.classes.iter().map(|class| class.name.clone()).collect();
        check_names(&names)?;
        let rows = read.classes[0].weights.len();
        // Products with an embedding's values, and their sum, then stay below 2^63.
        let is_small = |class: &CustomClass| {
            class.bias.unsigned_abs() < 1 << 50
                && class.weights.iter().all(|weight| weight.unsigned_abs() < 1 << 29)
        };
        let counts = &read.leave_one_out;
        first_broken(&[
            ((1..=MAX_ROWS).contains(&rows), "the number of weights is out of range"),
            (read.classes.iter().all(|class| class.weights.len() == rows), "classes differ in their weights"),
            (read.classes.iter().all(is_small), "a weight is out of range"),
            (read.classes.iter().all(|class| class.clips <= MAX_CLIPS), "a number of clips is out of range"),
            ((1e-3..=1e3).contains(&read.temperature), "temperature is out of range"),
            (
                counts.len() == names.len() && counts.iter().all(|row| row.len() == names.len()),
                "leave_one_out is not square",
            ),
        ])
        .map_err(|rule| damaged(&rule))?;
        Ok(read)
    }

    /// The JSON text that [`parse`](Self::parse) reads.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }

    /// Names of the classes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().map(|class| &class.name[..])
    }

    /// How many clips of each class trained it.
    pub fn clips(&self) -> impl Iterator<Item = usize> {
        self.classes.iter().map(|class| class.clips)
    }

    /// How its clips are classified by a classifier trained without them: a row per class, in clips per predicted class.
    pub fn leave_one_out(&self) -> &[Vec<u32>] {
        &self.leave_one_out
    }

    /// Checks that it belongs to a model with these weights, whose embeddings have so many values.
    pub(crate) fn check_model(&self, model: &str, weights: &str, rows: usize) -> Result<(), CustomError> {
        if (model, weights, rows) == (&self.model[..], &self.model_weights[..], self.classes[0].weights.len())
        {
            Ok(())
        } else {
            Err(CustomError::OtherModel(self.model.clone()))
        }
    }

    /// A probability for each class, in the order of [`names`](Self::names), from the reference of one clip.
    ///
    /// # Errors
    /// [`CustomError::OtherModel`] if another model made the reference.
    pub fn predict(&self, clip: &SpeakerReference) -> Result<Vec<f32>, CustomError> {
        let embedding = clip.embedding_steps();
        let (model, weights) = clip.owner();
        self.check_model(model, weights, embedding.len())?;
        let score = |class: &CustomClass| {
            let products = class.weights.iter().zip(embedding).map(|(weight, value)| weight * value);
            (class.bias + products.sum::<i64>()) as f64 / (WEIGHT_STEPS * EMBEDDING_STEPS)
        };
        let scores: Vec<f64> = self.classes.iter().map(score).collect();
        Ok(softmax(&scores, self.temperature).into_iter().map(|share| share as f32).collect())
    }
}

fn check_names(names: &[String]) -> Result<(), CustomError> {
    if !CLASSES.contains(&names.len()) {
        return Err(CustomError::Classes(names.len()));
    }
    let is_bad = |(place, name): &(usize, &String)| {
        name.trim().is_empty() || name.chars().count() > MAX_NAME || names[..*place].contains(name)
    };
    names.iter().enumerate().find(is_bad).map_or(Ok(()), |(_, name)| Err(CustomError::Name(name.clone())))
}

/// The place of the largest value, the first of equals.
fn largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, place| if values[place] > values[best] { place } else { best })
}

fn softmax(scores: &[f64], temperature: f64) -> Vec<f64> {
    let highest = scores[largest(scores)];
    let terms: Vec<f64> = scores.iter().map(|score| ((score - highest) / temperature).exp()).collect();
    let sum: f64 = terms.iter().sum();
    terms.into_iter().map(|term| term / sum).collect()
}

/// The temperature with the lowest cross-entropy.
fn fit_temperature(scores: &[Vec<f64>], labels: &[usize]) -> f64 {
    let (lowest, ratio, count) = TEMPERATURES;
    let cross_entropy = |temperature: f64| -> f64 {
        let of = |(scores, &label): (&Vec<f64>, &usize)| -softmax(scores, temperature)[label].max(1e-9).ln();
        scores.iter().zip(labels).map(of).sum()
    };
    let all = std::iter::successors(Some(lowest), |temperature| Some(temperature * ratio)).take(count);
    all.map(|temperature| (temperature, cross_entropy(temperature)))
        .reduce(|best, next| if next.1 < best.1 { next } else { best })
        .expect("some temperatures")
        .0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_reference;

    /// Clips around a point of each class, which differ from each other.
    fn clips(classes: usize, each: usize) -> Vec<(usize, SpeakerReference)> {
        let value = |class: usize, clip: usize, row: usize| {
            let own = if row % classes == class { 1.0 } else { 0.0 };
            own + ((clip * 7 + row * 3) % 11) as f32 / 11.0
        };
        let embedding = |class, clip| (0..24).map(|row| value(class, clip, row)).collect::<Vec<f32>>();
        (0..classes * each).map(|i| (i % classes, test_reference(&embedding(i % classes, i)))).collect()
    }

    fn names(classes: usize) -> Vec<String> {
        (0..classes).map(|class| format!("class {class}")).collect()
    }

    #[test]
    fn clips_are_classified_as_taught_and_the_order_does_not_matter() {
        let clips = clips(3, 6);
        let classifier = CustomClassifier::train(&names(3), &clips).expect("enough clips");
        let reversed: Vec<_> = clips.iter().rev().map(|(class, clip)| (2 - class, clip.clone())).collect();
        let names: Vec<String> = names(3).into_iter().rev().collect();
        assert_eq!(
            CustomClassifier::train(&names, &reversed).expect("the same").to_json(),
            classifier.to_json()
        );
        for (class, clip) in &clips {
            let probabilities = classifier.predict(clip).expect("of the same model");
            assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            assert!(probabilities[*class] > 0.5);
        }
        assert_eq!(classifier.leave_one_out(), [[6, 0, 0], [0, 6, 0], [0, 0, 6]]);
        assert_eq!(CustomClassifier::parse(&classifier.to_json()), Ok(classifier));
    }

    /// What the closed form says of a clip is what a classifier trained without it says.
    #[test]
    fn leave_one_out_is_that_of_classifiers_trained_without_each_clip() {
        let clips = clips(2, 6);
        let embeddings: Vec<&[i64]> = clips.iter().map(|(_, clip)| clip.embedding_steps()).collect();
        let labels: Vec<usize> = clips.iter().map(|(class, _)| *class).collect();
        let all = Ridge::fit(&embeddings, &labels, 2, EMBEDDING_STEPS);
        for left_out in 0..clips.len() {
            let without = |place: &usize| *place != left_out;
            let kept: Vec<usize> = (0..clips.len()).filter(without).collect();
            let fitted = Ridge::fit(
                &kept.iter().map(|&i| embeddings[i]).collect::<Vec<_>>(),
                &kept.iter().map(|&i| labels[i]).collect::<Vec<_>>(),
                2,
                EMBEDDING_STEPS,
            );
            for class in 0..2 {
                let products = fitted.weights[class].iter().zip(embeddings[left_out]);
                let score: f64 = fitted.biases[class]
                    + products.map(|(w, &x)| w * x as f64 / EMBEDDING_STEPS).sum::<f64>();
                let closed = all.leave_one_out[left_out][class];
                assert!((score - closed).abs() < 1e-9, "{score} {closed}");
            }
        }
    }

    #[test]
    fn what_cannot_be_taught_is_refused_with_a_reason() {
        let few = clips(2, 4);
        let refused = |names: &[String], clips: &[_]| CustomClassifier::train(names, clips).unwrap_err();
        assert_eq!(refused(&names(2), &few), CustomError::TooFew { class: "class 0".to_owned(), clips: 4 });
        assert_eq!(refused(&names(1), &few), CustomError::Classes(1));
        let same = ["a".to_owned(), "a".to_owned()];
        assert_eq!(refused(&same, &clips(2, 5)), CustomError::Name("a".to_owned()));
        assert_eq!(refused(&names(2), &clips(2, 301)), CustomError::TooMany(602));
    }

    #[test]
    fn damaged_text_and_other_models_are_refused() {
        let classifier = CustomClassifier::train(&names(2), &clips(2, 5)).expect("enough clips");
        let text = classifier.to_json();
        for (from, to) in
            [("\"classes\"", "\"class\""), ("\"temperature\":", "\"temperature\":-"), ("[[", "[[[")]
        {
            let damaged = CustomClassifier::parse(&text.replacen(from, to, 1)).unwrap_err();
            assert_eq!(damaged.code(), "bad-classes", "{damaged}");
        }
        let short = test_reference(&[0.5; 3]);
        assert_eq!(classifier.predict(&short).unwrap_err().code(), "bad-classes");
    }
}
