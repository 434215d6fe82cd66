//! What a model says of a clip without one part of it, then without the next: the plainest way to find what decided, and
//! one for every model. Gradients of an encoder's pooled features say less: masking the tenth of a clip that they name
//! moved the probability more than a random tenth in 73.5 % of 200 clips, the tenth that this names in more than 80 %
//! (`sottovoce evaluate --explanations 200`).

use std::ops::Range;

use super::{Explanation, Method, Summary, seconds, span, to_heat};
use crate::audio::SAMPLE_RATE_HZ;
use crate::features::FeatureMap;
use crate::model::{Calibration, Conditioning, Emotion, Model, Output, Prediction};

/// No part is shorter, in seconds: about a sound of speech.
const SHORTEST_S: f32 = 0.1;
/// As many parts at most, since each costs a reading.
const MOST_PARTS: usize = 25;
/// Seconds over which a part fades out and in, so that silencing adds no clicks.
const FADE_S: f32 = 0.005;

/// Parts of equal length that a clip of so many samples at 16 kHz is divided into.
pub fn parts(samples: usize) -> Vec<Range<usize>> {
    let shortest = (SHORTEST_S * SAMPLE_RATE_HZ as f32) as usize;
    let count = (samples / shortest).clamp(1, MOST_PARTS);
    // Wider than a count of samples, which a page may give as it likes.
    let edge = |part: usize| (part as u128 * samples as u128 / count as u128) as usize;
    (0..count).map(|part| edge(part)..edge(part + 1)).collect()
}

/// The samples, at 16 kHz, with those in `part` silenced.
///
/// # Panics
/// If the part reaches beyond the samples.
pub fn silenced(samples: &[f32], part: Range<usize>) -> Vec<f32> {
    let mut samples = samples.to_vec();
    let fade = FADE_S * SAMPLE_RATE_HZ as f32;
    let piece = &mut samples[part];
    let count = piece.len();
    for (i, sample) in piece.iter_mut().enumerate() {
        let from_edge = i.min(count - 1 - i);
        *sample *= 1.0 - (from_edge as f32 / fade).min(1.0);
    }
    samples
}

/// What a model says of mono samples at 16 kHz without `part`, beside other clips of the speaker if there are any.
///
/// # Panics
/// If the part reaches beyond the samples.
pub fn without(
    model: &mut Model,
    samples: &[f32],
    part: Range<usize>,
    speaker: Option<&Conditioning>,
) -> Output {
    let features = model.features_of(&silenced(samples, part));
    model.output(features, speaker)
}

/// What a model says of a clip, and of the clip without each of its [`parts`].
#[derive(Debug, Clone, PartialEq)]
pub struct Silencing {
    /// Of the whole clip.
    pub whole: Prediction,
    /// Without each part.
    pub without: Vec<Prediction>,
}

impl Silencing {
    /// Of mono samples at 16 kHz, beside other clips of the speaker if there are any.
    pub fn of(model: &mut Model, samples: &[f32], speaker: Option<&Conditioning>) -> Self {
        let whole = without(model, samples, 0..0, speaker);
        let without: Vec<Output> =
            parts(samples.len()).into_iter().map(|part| without(model, samples, part, speaker)).collect();
        Self::new(model.calibration(speaker), whole, without)
    }

    /// Of what a model says of a clip and of the clip without each of its parts, all calibrated as the whole clip is: a silent part
    /// takes a clip away from the training clips, too, but says nothing of the emotion by it.
    pub fn new(calibration: &Calibration, whole: Output, without: impl IntoIterator<Item = Output>) -> Self {
        let predict = |output: Output| calibration.predict(&Output { distance: whole.distance, ..output });
        Self { whole: predict(whole), without: without.into_iter().map(predict).collect() }
    }

    /// Which parts the probability of `emotion` came from, in a clip of so many samples: it falls without them.
    pub fn explain(&self, emotion: Emotion, samples: usize) -> Explanation {
        let probability = self.whole.of(emotion);
        let mut falls: Vec<f32> =
            self.without.iter().map(|without| probability - without.of(emotion)).collect();
        to_heat(&mut falls);
        let heat = FeatureMap::new(falls, 1);
        let clip_s = seconds(samples);
        let summary = Summary {
            emotion,
            probability,
            method: Method::Silencing,
            clip_s,
            seconds: span::seconds(&heat, clip_s),
            rows: None,
            hz: None,
        };
        Explanation { summary, coarse: heat.clone(), heat, seen: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_fades_out_and_in_and_the_rest_stays() {
        let silenced = silenced(&[1.0; 1000], 200..600);
        assert!(silenced[..=200].iter().chain(&silenced[599..]).all(|&sample| sample == 1.0));
        assert!(silenced[280..520].iter().all(|&sample| sample == 0.0));
        assert!(silenced[200..281].is_sorted_by(|a, b| a >= b) && silenced[519..600].is_sorted());
    }

    #[test]
    fn parts_cover_the_clip_and_are_few() {
        for (samples, count) in [(0, 1), (1, 1), (1_599, 1), (3_200, 2), (40_000, 25), (usize::MAX, 25)] {
            let parts = parts(samples);
            assert_eq!(parts.len(), count, "{samples} samples");
            assert_eq!((parts[0].start, parts[count - 1].end), (0, samples));
            assert!(parts.windows(2).all(|two| two[0].end == two[1].start));
        }
    }

    #[test]
    fn the_heat_lies_where_the_probability_falls() {
        let of = |angry: f32| {
            let scores = [angry, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
            Prediction::from_logits(&scores)
        };
        let silencing = Silencing { whole: of(3.0), without: [3.0, 4.0, 0.0, 3.0].map(of).to_vec() };
        let angry = silencing.explain(Emotion::Angry, 16_000);
        assert_eq!(angry.heat.values(), [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(angry.summary.probability, silencing.whole.of(Emotion::Angry));
        let [from, to] = angry.summary.seconds.unwrap();
        assert!(from <= 0.5 && to >= 0.75);
        // A page may ask before it has silenced anything.
        let nothing = Silencing { whole: of(3.0), without: Vec::new() };
        assert_eq!(nothing.explain(Emotion::Angry, 16_000).summary.seconds, None);
        // What others lose where anger gains.
        assert_eq!(silencing.explain(Emotion::Sad, 16_000).heat.values(), [0.0, 1.0, 0.0, 0.0]);
    }
}
