//! What is known of a speaker from other clips: the second input of models that take one.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{Emotion, Output, Prediction};
use crate::audio::SAMPLE_RATE_HZ;
use crate::nn::classifiers::SpeakerNetwork;
use crate::rules::first_broken;

/// Fixed-point steps of 1: sums of integers do not depend on the order of the clips, and a clip can be taken out again.
const STEPS: f32 = 1024.0;
/// Values beyond are cut; those of speech lie within ±20.
const LARGEST: f32 = 1000.0;
/// Clips of one reference, at most; a day of speech.
const MOST_CLIPS: u64 = 100_000;
/// A mean of n clips is shrunk by n / (n + this), since few clips say little of a speaker.
const SHRINKAGE: f32 = 4.0;
/// Mean probability of an emotion, other than neutral, from which a reference counts as one-sided: above it are half of the references
/// with six clips of one emotion (speakers and corpora of training), and a twentieth of those drawn at random.
const ONE_SIDED: f32 = 0.5;
/// Clips below which nothing is said of how varied they are.
const LEAST_CLIPS: u64 = 3;

/// The mean of a speaker's normalised embeddings over some clips, with how many they are, how long and how varied.
///
/// It holds sums: clips can come in any order, be taken out, and references of the same speaker be merged. It serialises as plain
/// data. Embeddings belong to the weights of one model, so other models refuse it.
///
/// Only a model makes one: [`Analysis::enrolment`](crate::analyzer::Analysis::enrolment) is that of one clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakerReference {
    /// Name of the model.
    model: String,
    /// SHA-256 of its weights.
    weights: String,
    clips: u64,
    /// Samples at 16 kHz that the model heard of them.
    samples: u64,
    /// Sum over the clips of each value of the normalised embedding, in steps.
    embedding: Vec<i64>,
    /// Sum over the clips of the mean square of the normalised embedding, in steps.
    mean_square: i64,
    /// Sum over the clips of the probabilities without a reference, in steps.
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

/// A [`SpeakerReference`] as a model is given it.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditioning {
    /// The mean of the normalised embeddings, times the weight.
    pub(crate) reference: Vec<f32>,
    /// Share of the speaker head in the logits: n / (n + 4) of n clips.
    pub(crate) weight: f32,
}

impl Conditioning {
    /// What a model says of a clip beside the reference, by its normalised embedding and what the model says of it alone: the speaker
    /// head's logits have the weight n / (n + 4). The distance stays that of the clip: that from the reference says less of how often
    /// a corpus is read wrongly, since every corpus is near to its own speakers.
    pub(crate) fn read(
        &self,
        network: &SpeakerNetwork,
        embedding: &[f32],
        alone: &Output,
        device: &Device,
    ) -> Output {
        let column = |values: &[f32]| {
            Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len(), 1]), device)
        };
        let logits = network.forward(column(embedding), column(&self.reference)).into_data();
        let logits: Vec<f32> = logits.try_to_vec().expect("logits are f32");
        let logits = std::array::from_fn(|i| (1.0 - self.weight) * alone.logits[i] + self.weight * logits[i]);
        Output { logits, distance: alone.distance }
    }

    /// Of normalised embeddings as they are; of one at least.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn of_embeddings<'a>(embeddings: impl IntoIterator<Item = &'a [f32]>) -> Self {
        let mut embeddings = embeddings.into_iter();
        let mut reference = embeddings.next().expect("an embedding at least").to_vec();
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
    /// Of no clips.
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

    /// Of one clip, by its normalised embedding, how many samples at 16 kHz were heard, and what the model says without a reference.
    pub(super) fn of_clip(owner: Owner, embedding: &[f32], samples: usize, prediction: &Prediction) -> Self {
        let steps = |value: f32| (value.clamp(-LARGEST, LARGEST) * STEPS).round() as i64;
        let values: Vec<i64> = embedding.iter().map(|&value| steps(value)).collect();
        let squares: f64 = values.iter().map(|&value| (value as f64 / f64::from(STEPS)).powi(2)).sum();
        Self {
            clips: 1,
            samples: samples as u64,
            mean_square: (squares / values.len().max(1) as f64 * f64::from(STEPS)).round() as i64,
            embedding: values,
            probabilities: prediction.probabilities().map(steps),
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
        // Products of them are in their ranges from here on.
        first_broken(&[(reference.clips <= MOST_CLIPS, "too many clips")])
            .map_err(|rule| damaged(rule.to_owned()))?;
        let within = |value: &i64, most: f32| value.unsigned_abs() <= reference.clips * (most * STEPS) as u64;
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

    /// Takes out clips that were added before.
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
        if self.clips + other.clips > MOST_CLIPS {
            return Err(SpeakerReferenceError::Damaged("too many clips".to_owned()));
        }
        // Counts cannot become negative: `remove` looks at them first.
        self.clips = self.clips.wrapping_add_signed(sign * other.clips as i64);
        self.samples = self.samples.wrapping_add_signed(sign * other.samples as i64);
        self.mean_square += sign * other.mean_square;
        let pairs = self.embedding.iter_mut().zip(&other.embedding);
        pairs
            .chain(self.probabilities.iter_mut().zip(&other.probabilities))
            .for_each(|(a, b)| *a += sign * b);
        Ok(())
    }

    /// Clips that it rests on.
    pub fn clips(&self) -> u64 {
        self.clips
    }

    /// Seconds of them that the model heard.
    pub fn seconds(&self) -> f32 {
        (self.samples as f64 / f64::from(SAMPLE_RATE_HZ)) as f32
    }

    /// The mean over the clips of what the model says of them without a reference; none without clips.
    pub fn mean_prediction(&self) -> Option<Prediction> {
        let total: i64 = self.probabilities.iter().sum();
        (total > 0).then(|| self.probabilities.map(|steps| steps as f32 / total as f32).into())
    }

    /// The emotion, other than neutral, that most of it seems to be: beside such a reference, the emotion itself sounds ordinary. None
    /// of fewer than three clips.
    pub fn one_sided(&self) -> Option<Emotion> {
        let (emotion, share) = self.mean_prediction()?.ranked()[0];
        (self.clips >= LEAST_CLIPS && emotion != Emotion::Neutral && share >= ONE_SIDED).then_some(emotion)
    }

    /// Variance of the embedding from clip to clip, averaged over its values; 1 is that of the training clips of all speakers. None of
    /// fewer than two clips.
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

    /// What a model is given of it; nothing of no clips.
    ///
    /// # Errors
    /// [`SpeakerReferenceError::OtherModel`] unless it belongs to this model.
    pub(super) fn conditioning(&self, owner: Owner) -> Result<Option<Conditioning>, SpeakerReferenceError> {
        if (self.model.as_str(), self.weights.as_str(), self.embedding.len())
            != (owner.name, owner.weights, owner.rows)
        {
            return Err(SpeakerReferenceError::OtherModel(self.model.clone()));
        }
        let clips = self.clips as f32;
        let scale = 1.0 / (STEPS * (clips + SHRINKAGE));
        Ok((self.clips > 0).then(|| Conditioning {
            reference: self.embedding.iter().map(|&sum| sum as f32 * scale).collect(),
            weight: weight(clips),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { name: "voice", weights: "abc", rows: 3 };

    fn clip(values: [f32; 3], emotion: Emotion) -> SpeakerReference {
        let mut scores = [0.0; 7];
        scores[emotion.index()] = 5.0;
        SpeakerReference::of_clip(OWNER, &values, 32_000, &Prediction::from_logits(&scores))
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
    fn the_order_of_clips_and_merges_does_not_matter_and_clips_can_be_taken_out() {
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
    fn the_mean_is_shrunk_and_none_is_nothing() {
        let reference = merged(&[clip([1.0, 0.0, 2.0], Emotion::Sad), clip([3.0, 0.0, -2.0], Emotion::Sad)]);
        let conditioning = reference.conditioning(OWNER).expect("its own").expect("two clips");
        assert_eq!(conditioning.reference, [4.0 / 6.0, 0.0, 0.0]);
        assert!((conditioning.weight - 2.0 / 6.0).abs() < 1e-7);
        let floats = Conditioning::of_embeddings([&[1.0, 0.0, 2.0][..], &[3.0, 0.0, -2.0]]);
        assert_eq!(floats, conditioning);
        assert_eq!(SpeakerReference::empty(OWNER).conditioning(OWNER), Ok(None));
    }

    #[test]
    fn it_says_how_varied_it_is() {
        let alike = merged(&[clip([1.0; 3], Emotion::Angry), clip([1.0; 3], Emotion::Angry)]);
        assert_eq!((alike.variance(), alike.one_sided()), (Some(0.0), None), "two clips say little");
        let angry = merged(&[alike.clone(), clip([1.0; 3], Emotion::Angry)]);
        assert_eq!(angry.one_sided(), Some(Emotion::Angry));
        let neutral = merged(&[0.0, 1.0, 2.0].map(|x| clip([x; 3], Emotion::Neutral)));
        assert_eq!((neutral.variance(), neutral.one_sided()), (Some(1.0), None));
        let mixed = merged(&[alike, clip([4.0; 3], Emotion::Sad), clip([0.0; 3], Emotion::Fear)]);
        assert_eq!(mixed.one_sided(), None);
        assert_eq!(clip([1.0; 3], Emotion::Sad).variance(), None);
    }

    #[test]
    fn json_comes_back_and_what_is_none_is_refused() {
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
