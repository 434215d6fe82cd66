//! What decided a reading.

use js_sys::{Error, Float32Array};
use wasm_bindgen::prelude::*;

use super::{Engine, as_json};
use crate::explain::{
    Explanation, FeatureVariance, Silencing, attention, encoder_view, explain_by_gradient, parts, without,
};
use crate::features::FeatureMap;
use crate::model::{Emotion, Output};

/// A picture, row by row, lowest first.
#[wasm_bindgen(getter_with_clone)]
pub struct Picture {
    /// Its values.
    pub values: Vec<f32>,
    /// Its rows.
    pub rows: usize,
}

/// What decided a reading.
#[wasm_bindgen]
pub struct Explained(Explanation);

#[wasm_bindgen]
impl Explained {
    /// The map in a few numbers, as JSON text.
    #[wasm_bindgen(getter)]
    pub fn summary(&self) -> String {
        as_json(&self.0.summary)
    }

    /// The map.
    #[wasm_bindgen(getter)]
    pub fn heat(&self) -> Picture {
        (&self.0.heat).into()
    }

    /// What the model saw, if it sees a picture, normalised as it saw it.
    #[wasm_bindgen(getter)]
    pub fn seen(&self) -> Option<Picture> {
        self.0.seen.as_ref().map(Into::into)
    }
}

#[wasm_bindgen]
impl Engine {
    /// Says where in a clip of mono samples at 16 kHz the score of an emotion came from; nothing if the model listens
    /// through an encoder, and is to be explained by silencing.
    ///
    /// # Errors
    /// A JavaScript `Error` when there is no such emotion.
    pub fn explain(&mut self, samples: &[f32], emotion: &str) -> Result<Option<Explained>, Error> {
        let explanation = explain_by_gradient(self.analyzer.model_mut(), samples, Some(named(emotion)?));
        Ok(explanation.map(Explained))
    }

    /// The seven logits of mono samples at 16 kHz when those between two places are silenced, then the clip's distance from the
    /// training clips.
    #[wasm_bindgen(js_name = readWithout)]
    pub fn read_without(&mut self, samples: &[f32], from: usize, to: usize) -> Vec<f32> {
        let to = to.min(samples.len());
        let (model, speaker) = self.analyzer.model_and_conditioning();
        let Output { logits, distance } = without(model, samples, from.min(to)..to, speaker);
        [&logits[..], &[distance]].concat()
    }

    /// Says where the score of an emotion came from, by what [`read_without`](Self::read_without) gives of a clip of so many samples,
    /// then without each part.
    ///
    /// # Errors
    /// A JavaScript `Error` when there is no such emotion, or nothing of the whole clip.
    #[wasm_bindgen(js_name = explainSilenced)]
    pub fn explain_silenced(
        &self,
        outputs: &[f32],
        emotion: &str,
        samples: usize,
    ) -> Result<Explained, Error> {
        Ok(Explained(self.silencing(outputs)?.explain(named(emotion)?, samples)))
    }

    /// The seven probabilities of a clip without a part, by what [`read_without`](Self::read_without) gives of the clip, then without
    /// that part.
    ///
    /// # Errors
    /// A JavaScript `Error` when either is missing.
    #[wasm_bindgen(js_name = probabilitiesWithout)]
    pub fn probabilities_without(&self, outputs: &[f32]) -> Result<Vec<f32>, Error> {
        let Silencing { without, .. } = self.silencing(outputs)?;
        let without = without.first().ok_or_else(|| Error::new("the reading without a part is missing"))?;
        Ok(without.probabilities().to_vec())
    }

    /// How strongly each latent dimension (rows) of the model's encoder answers to mono samples at 16 kHz in each frame
    /// (columns); nothing if it has none.
    #[wasm_bindgen(js_name = encoderActivations)]
    pub fn encoder_activations(&mut self, samples: &[f32]) -> Option<Picture> {
        encoder_view(self.analyzer.model_mut(), samples).map(|view| (&view.activations).into())
    }

    /// How much each frame (rows) of mono samples at 16 kHz looks at each (columns), of all heads of the first layer, then
    /// of the next; nothing if the model has no encoder.
    pub fn attention(&mut self, samples: &[f32]) -> Option<Vec<Picture>> {
        let layers = attention(self.analyzer.model_mut(), samples)?;
        Some(layers.iter().flatten().map(Into::into).collect())
    }
}

impl Engine {
    /// Of outputs of [`read_without`](Self::read_without), one behind the other.
    fn silencing(&self, outputs: &[f32]) -> Result<Silencing, Error> {
        let (outputs, _) = outputs.as_chunks::<8>();
        let mut outputs =
            outputs.iter().map(|&[ref logits @ .., distance]| Output { logits: *logits, distance });
        let whole = outputs.next().ok_or_else(|| Error::new("the reading of the whole clip is missing"))?;
        Ok(Silencing::new(self.analyzer.calibration(), whole, outputs))
    }
}

/// Where the parts begin that a clip of so many samples is silenced in, and where the last ends.
#[wasm_bindgen(js_name = silencedParts)]
pub fn silenced_parts(samples: usize) -> Vec<usize> {
    std::iter::once(0).chain(parts(samples).into_iter().map(|part| part.end)).collect()
}

fn named(emotion: &str) -> Result<Emotion, Error> {
    emotion.parse().map_err(|error: String| Error::new(&error))
}

/// How much what the model decided by differs among clips, as JSON text; nothing of fewer than two.
#[wasm_bindgen(js_name = featureVariance)]
pub fn feature_variance(clips: Vec<Float32Array>) -> Option<String> {
    let clips: Vec<Vec<f32>> = clips.iter().map(Float32Array::to_vec).collect();
    FeatureVariance::of(clips.iter().map(|clip| &clip[..])).map(|variance| as_json(&variance))
}

impl From<&FeatureMap> for Picture {
    fn from(map: &FeatureMap) -> Self {
        Self { values: map.values().to_vec(), rows: map.rows() }
    }
}
