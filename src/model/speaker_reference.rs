//! Speaker references: other clips of a speaker, the second input of models with a speaker head.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Emotion, Output, Prediction};
use crate::audio::SAMPLE_RATE_HZ;
use crate::nn::classifiers::SpeakerNetwork;
use crate::rules::first_broken;

const STEPS: f32 = SpeakerReference::STEPS;
/// Larger values are clamped; those of speech are within ±20.
const LARGEST: f32 = 1000.0;
/// Clips of one reference, at most; a day of speech.
const MAX_CLIPS: u64 = 100_000;
/// A mean of n clips is shrunk by n / (n + this), because few clips say little about a speaker.
const SHRINKAGE: f32 = 4.0;
/// Mean probability of an emotion, other than neutral, from which a reference counts as one-sided: half of the
/// references with six clips of one emotion exceed it (speakers and corpora of training), and a twentieth of those
/// drawn at random.
const ONE_SIDED: f32 = 0.5;
/// Fewer clips are never called one-sided.
const MIN_CLIPS: u64 = 3;

/// The mean of a speaker's normalised embeddings over some clips, with their number, duration and variance.
///
/// It holds sums: clips can come in any order and be removed, and references of the same speaker merged. It serialises
/// as plain data. Embeddings belong to the weights of one model, so other models refuse it.
///
/// Only a model creates one: [`Analysis::enrolment`](crate::analyzer::Analysis::enrolment) is that of one clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakerReference {
    /// Name of the model.
    model: String,
    /// SHA-256 of its weights.
    weights: String,
    clips: u64,
    /// Samples of them, at 16 kHz.
    samples: u64,
    /// Sum over the clips of each value of the normalised embedding, in steps.
    embedding: Vec<i64>,
    /// Sum over the clips of the mean square of the normalised embedding, in steps.
    mean_square: i64,
    /// Sum over the clips of the unconditioned probabilities, in steps.
    probabilities: [i64; 7],
}

/// Why a speaker reference cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpeakerReferenceError {
    /// The model takes none.
    #[error(
        "The model '{0}' reads each recording by itself. Choose the model 'voice' to use other recordings of the same speaker."
    )]
    NotTaken(String),
    /// It was made by another model, or another version of this one.
    #[error(
        "This speaker reference was made by another model or another version of it ('{0}'). Make it anew from recordings of the speaker."
    )]
    OtherModel(String),
    /// It is damaged.
    #[error("This is no speaker reference ({0}). Make it anew from recordings of the speaker.")]
    Damaged(String),
}

impl SpeakerReferenceError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotTaken(_) => "no-speaker-reference",
            Self::OtherModel(_) | Self::Damaged(_) => "bad-speaker-reference",
        }
    }
}

/// The model to which a reference belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub name: &'a str,
    pub weights: &'a str,
    /// Values of its embedding.
    pub rows: usize,
}

/// A [`SpeakerReference`] as an input of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditioning {
    /// The mean of the normalised embeddings, times the weight.
    pub(crate) reference: Vec<f32>,
    /// Share of the speaker head in the logits: n / (n + 4) for n clips.
    pub(crate) weight: f32,
}

impl Conditioning {
    /// The conditioned output for a clip, from its normalised embedding and the unconditioned output: the speaker
    /// head's logits have the weight n / (n + 4). The distance stays the clip's own: that from the reference is a worse
    /// predictor of errors on a corpus, because every corpus is near to its own speakers.
    pub(crate) fn output(
        &self,
        network: &SpeakerNetwork,
        embedding: &[f32],
        unconditioned: &Output,
        device: &Device,
    ) -> Output {
        let column = |values: &[f32]| {
            Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len(), 1]), device)
        };
        let logits = network.forward(column(embedding), column(&self.reference)).into_data();
        let logits: Vec<f32> = logits.try_to_vec().expect("logits are f32");
        let mix = |i: usize| (1.0 - self.weight) * unconditioned.logits[i] + self.weight * logits[i];
        Output { logits: std::array::from_fn(mix), distance: unconditioned.distance }
    }

    /// From at least one normalised embedding, in floats.
    #[cfg(feature = "train")]
    pub(crate) fn of_embeddings<'a>(embeddings: impl IntoIterator<Item = &'a [f32]>) -> Self {
        let mut embeddings = embeddings.into_iter();
        let mut reference = embeddings.next().expect("at least one embedding").to_vec();
        let mut clips = 1.0;
        for embedding in embeddings {
            reference.iter_mut().zip(embedding).for_each(|(sum, value)| *sum += value);
            clips += 1.0;
        }
        reference.iter_mut().for_each(|sum| *sum /= clips + SHRINKAGE);
        Self { reference, weight: weight(clips) }
    }
}

fn weight(clips: f32) -> f32 {
    clips / (clips + SHRINKAGE)
}

impl SpeakerReference {
    /// Fixed-point steps per unit: sums of integers do not depend on the order of the clips, and a clip can be removed
    /// again.
    pub(crate) const STEPS: f32 = 1024.0;

    /// Without clips.
    pub(super) fn empty(owner: Owner) -> Self {
        Self {
            model: owner.name.to_owned(),
            weights: owner.weights.to_owned(),
            clips: 0,
            samples: 0,
            embedding: vec![0; owner.rows],
            mean_square: 0,
            probabilities: [0; 7],
        }
    }

    /// Of one clip, from its normalised embedding, its number of samples at 16 kHz, and its unconditioned prediction.
    pub(super) fn of_clip(
        owner: Owner,
        embedding: &[f32],
        samples: usize,
        unconditioned: &Prediction,
    ) -> Self {
        let steps = |value: f32| (value.clamp(-LARGEST, LARGEST) * STEPS).round() as i64;
        let values: Vec<i64> = embedding.iter().map(|&value| steps(value)).collect();
        let squares: f64 = values.iter().map(|&value| (value as f64 / f64::from(STEPS)).powi(2)).sum();
        Self {
            clips: 1,
            samples: samples as u64,
            mean_square: (squares / values.len().max(1) as f64 * f64::from(STEPS)).round() as i64,
            embedding: values,
            probabilities: unconditioned.probabilities().map(steps),
            ..Self::empty(owner)
        }
    }

    /// Reads one from its JSON text.
    ///
    /// # Errors
    /// [`SpeakerReferenceError::Damaged`].
    pub fn parse(text: &str) -> Result<Self, SpeakerReferenceError> {
        let damaged = |reason: String| SpeakerReferenceError::Damaged(reason);
        let reference: Self = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        // From here on, products of the number of clips do not overflow.
        first_broken(&[(reference.clips <= MAX_CLIPS, "too many clips")])
            .map_err(|rule| damaged(rule.to_owned()))?;
        let within = |value: &i64, max: f32| value.unsigned_abs() <= reference.clips * (max * STEPS) as u64;
        first_broken(&[
            (reference.samples <= reference.clips << 32, "too many samples"),
            (
                reference.embedding.iter().all(|value| within(value, LARGEST)),
                "a value of the embedding is out of range",
            ),
            (within(&reference.mean_square, LARGEST * LARGEST), "mean_square is out of range"),
            (reference.probabilities.iter().all(|value| within(value, 1.0)), "a probability is out of range"),
        ])
        .map_err(|rule| damaged(rule.to_owned()))?;
        Ok(reference)
    }

    /// The JSON text that [`parse`](Self::parse) reads.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }

    /// Adds the clips of another reference of the same speaker.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] when it is of another model, or there are too many clips.
    pub fn merge(&mut self, other: &Self) -> Result<(), SpeakerReferenceError> {
        self.combine(other, 1)
    }

    /// Removes clips that were added before.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] when it is of another model, or holds clips that were not added.
    pub fn remove(&mut self, other: &Self) -> Result<(), SpeakerReferenceError> {
        if other.clips > self.clips || other.samples > self.samples {
            return Err(SpeakerReferenceError::Damaged(
                "it lacks the clips that are to be taken out".to_owned(),
            ));
        }
        self.combine(other, -1)
    }

    fn combine(&mut self, other: &Self, sign: i64) -> Result<(), SpeakerReferenceError> {
        if (&self.model, &self.weights, self.embedding.len())
            != (&other.model, &other.weights, other.embedding.len())
        {
            return Err(SpeakerReferenceError::OtherModel(other.model.clone()));
        }
        if self.clips + other.clips > MAX_CLIPS {
            return Err(SpeakerReferenceError::Damaged("too many clips".to_owned()));
        }
        // Counts cannot become negative: `remove` checks them first.
        self.clips = self.clips.wrapping_add_signed(sign * other.clips as i64);
        self.samples = self.samples.wrapping_add_signed(sign * other.samples as i64);
        self.mean_square += sign * other.mean_square;
        let pairs = self.embedding.iter_mut().zip(&other.embedding);
        pairs
            .chain(self.probabilities.iter_mut().zip(&other.probabilities))
            .for_each(|(a, b)| *a += sign * b);
        Ok(())
    }

    /// Name of the model that it belongs to, and the SHA-256 of its weights.
    pub(crate) fn owner(&self) -> (&str, &str) {
        (&self.model, &self.weights)
    }

    /// The sum of the clips' normalised embeddings, in [steps](Self::STEPS).
    pub(crate) fn embedding_steps(&self) -> &[i64] {
        &self.embedding
    }

    /// The mean over the clips, of which there is at least one, of a value of the normalised embedding.
    pub(super) fn mean_value(&self, row: usize) -> f32 {
        (self.embedding[row] as f64 / f64::from(STEPS) / self.clips as f64) as f32
    }

    /// Number of clips.
    pub fn clips(&self) -> u64 {
        self.clips
    }

    /// Total duration of the clips, in seconds.
    pub fn seconds(&self) -> f32 {
        (self.samples as f64 / f64::from(SAMPLE_RATE_HZ)) as f32
    }

    /// The mean of the clips' unconditioned predictions; none without clips.
    pub fn mean_prediction(&self) -> Option<Prediction> {
        let total: i64 = self.probabilities.iter().sum();
        (total > 0).then(|| self.probabilities.map(|steps| steps as f32 / total as f32).into())
    }

    /// The emotion, other than neutral, of most of the clips, if there is one: conditioned on such a reference, that
    /// emotion looks ordinary. None for fewer than three clips.
    pub fn one_sided(&self) -> Option<Emotion> {
        let (emotion, share) = self.mean_prediction()?.ranked()[0];
        (self.clips >= MIN_CLIPS && emotion != Emotion::Neutral && share >= ONE_SIDED).then_some(emotion)
    }

    /// Variance of the embedding over the clips, averaged over its values; 1 is that of the training clips of all
    /// speakers. None for fewer than two clips.
    pub fn variance(&self) -> Option<f32> {
        if self.clips < 2 {
            return None;
        }
        let (clips, steps) = (self.clips as f64, f64::from(STEPS));
        let square_of_mean =
            self.embedding.iter().map(|&sum| (sum as f64 / steps / clips).powi(2)).sum::<f64>()
                / self.embedding.len().max(1) as f64;
        let variance = self.mean_square as f64 / steps / clips - square_of_mean;
        Some((variance * clips / (clips - 1.0)).max(0.0) as f32)
    }

    /// Checks that it belongs to a model.
    ///
    /// # Errors
    /// [`SpeakerReferenceError::OtherModel`] unless it does.
    pub(super) fn check_owner(&self, owner: Owner) -> Result<(), SpeakerReferenceError> {
        let own = (self.model.as_str(), self.weights.as_str(), self.embedding.len());
        if own == (owner.name, owner.weights, owner.rows) {
            Ok(())
        } else {
            Err(SpeakerReferenceError::OtherModel(self.model.clone()))
        }
    }

    /// The reference as an input of a model; none without clips.
    ///
    /// # Errors
    /// [`SpeakerReferenceError::OtherModel`] unless it belongs to this model.
    pub(super) fn conditioning(&self, owner: Owner) -> Result<Option<Conditioning>, SpeakerReferenceError> {
        self.check_owner(owner)?;
        let clips = self.clips as f32;
        let scale = 1.0 / (STEPS * (clips + SHRINKAGE));
        Ok((self.clips > 0).then(|| Conditioning {
            reference: self.embedding.iter().map(|&sum| sum as f32 * scale).collect(),
            weight: weight(clips),
        }))
    }
}

/// The reference of a clip with an embedding, for tests.
#[cfg(test)]
pub(crate) fn test_reference(embedding: &[f32]) -> SpeakerReference {
    let owner = Owner { name: "voice", weights: "abc", rows: embedding.len() };
    SpeakerReference::of_clip(owner, embedding, 16_000, &Prediction::from_logits(&[0.0; 7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { name: "voice", weights: "abc", rows: 3 };

    fn clip(values: [f32; 3], emotion: Emotion) -> SpeakerReference {
        let mut logits = [0.0; 7];
        logits[emotion.index()] = 5.0;
        SpeakerReference::of_clip(OWNER, &values, 32_000, &Prediction::from_logits(&logits))
    }

    fn merged(clips: &[SpeakerReference]) -> SpeakerReference {
        let mut reference = SpeakerReference::empty(OWNER);
        clips.iter().for_each(|clip| reference.merge(clip).expect("of the same model"));
        reference
    }

    fn clips() -> [SpeakerReference; 4] {
        [
            clip([1.0, -2.0, 0.3], Emotion::Neutral),
            clip([3.3, 1.7, 0.1], Emotion::Sad),
            clip([1e9, f32::NAN, -0.7], Emotion::Happy),
            clip([0.123_456, 2.0, -1.0], Emotion::Neutral),
        ]
    }

    #[test]
    fn the_order_of_clips_and_merges_does_not_matter_and_clips_can_be_removed() {
        let [a, b, c, d] = clips();
        let all = merged(&[a.clone(), b.clone(), c.clone(), d.clone()]);
        assert_eq!(all, merged(&[d.clone(), b.clone(), a.clone(), c.clone()]));
        assert_eq!(all, merged(&[merged(&[c.clone(), d.clone()]), merged(&[b.clone(), a.clone()])]));
        let mut less = all.clone();
        less.remove(&c).expect("it is in there");
        assert_eq!(less, merged(&[a.clone(), b.clone(), d]));
        assert_eq!((all.clips(), all.seconds()), (4, 8.0));
        assert!(a.clone().remove(&merged(&[a, b])).is_err());
    }

    #[test]
    fn the_mean_is_shrunk_and_an_empty_reference_conditions_nothing() {
        let reference = merged(&[clip([1.0, 0.0, 2.0], Emotion::Sad), clip([3.0, 0.0, -2.0], Emotion::Sad)]);
        let conditioning = reference.conditioning(OWNER).expect("its own").expect("two clips");
        assert_eq!(conditioning.reference, [4.0 / 6.0, 0.0, 0.0]);
        assert!((conditioning.weight - 2.0 / 6.0).abs() < 1e-7);
        let floats = Conditioning::of_embeddings([&[1.0, 0.0, 2.0][..], &[3.0, 0.0, -2.0]]);
        assert_eq!(floats, conditioning);
        assert_eq!(SpeakerReference::empty(OWNER).conditioning(OWNER), Ok(None));
    }

    #[test]
    fn variance_and_one_sidedness_are_measured() {
        let alike = merged(&[clip([1.0; 3], Emotion::Angry), clip([1.0; 3], Emotion::Angry)]);
        assert_eq!((alike.variance(), alike.one_sided()), (Some(0.0), None), "two clips are too few");
        let angry = merged(&[alike.clone(), clip([1.0; 3], Emotion::Angry)]);
        assert_eq!(angry.one_sided(), Some(Emotion::Angry));
        let neutral = merged(&[0.0, 1.0, 2.0].map(|x| clip([x; 3], Emotion::Neutral)));
        assert_eq!((neutral.variance(), neutral.one_sided()), (Some(1.0), None));
        let mixed = merged(&[alike, clip([4.0; 3], Emotion::Sad), clip([0.0; 3], Emotion::Fear)]);
        assert_eq!(mixed.one_sided(), None);
        assert_eq!(clip([1.0; 3], Emotion::Sad).variance(), None);
    }

    #[test]
    fn json_round_trips_and_invalid_json_is_refused() {
        let reference = merged(&clips());
        let text = reference.to_json();
        assert_eq!(SpeakerReference::parse(&text), Ok(reference.clone()));
        for (from, to) in [
            ("\"clips\":4", "\"clips\":0"),
            ("\"clips\":4", "\"clips\":18446744073709551615"),
            ("\"clips\":4", "\"clip\":4"),
            ("\"samples\":128000", "\"samples\":18446744073709551615"),
            ("\"mean_square\":", "\"mean_square\":-9"),
            ("{", ""),
        ] {
            let error = SpeakerReference::parse(&text.replacen(from, to, 1)).expect_err(to);
            assert_eq!(error.code(), "bad-speaker-reference", "{to}");
        }
        let other = Owner { weights: "def", ..OWNER };
        assert!(matches!(reference.conditioning(other), Err(SpeakerReferenceError::OtherModel(_))));
        assert!(SpeakerReference::empty(other).merge(&reference).is_err());
    }
}
