//! Explanations of predictions.

use js_sys::{Error, Float32Array};
use wasm_bindgen::prelude::*;

use super::{Engine, as_json};
use crate::explain::{
    EmbeddingVariance, Explanation, Occlusion, attention, encoder_view, explain_by_gradient, occluded_output,
    parts,
};
use crate::features::FeatureMap;
use crate::model::{Emotion, Output};

/// A feature map or heat map, row by row, lowest first.
#[wasm_bindgen(getter_with_clone)]
pub struct Picture {
    /// All values.
    pub values: Vec<f32>,
    /// Number of rows.
    pub rows: usize,
}

/// An explanation of a prediction.
#[wasm_bindgen]
pub struct Explained(Explanation);

#[wasm_bindgen]
impl Explained {
    /// The summary of the map as JSON text.
    #[wasm_bindgen(getter)]
    pub fn summary(&self) -> String {
        as_json(&self.0.summary)
    }

    /// The heat map.
    #[wasm_bindgen(getter)]
    pub fn heat(&self) -> Picture {
        (&self.0.heat).into()
    }

    /// The normalised input of the model, if it is a feature map.
    #[wasm_bindgen(getter, js_name = seen)]
    pub fn input(&self) -> Option<Picture> {
        self.0.input.as_ref().map(Into::into)
    }
}

#[wasm_bindgen]
impl Engine {
    /// Explains the probability of an emotion by Grad-CAM, for a clip of mono samples at 16 kHz; nothing for models with an
    /// encoder, which are explained by occlusion.
    ///
    /// # Errors
    /// A JavaScript `Error` if there is no such emotion.
    pub fn explain(&mut self, samples: &[f32], emotion: &str) -> Result<Option<Explained>, Error> {
        let explanation = explain_by_gradient(self.analyzer.model_mut(), samples, Some(named(emotion)?));
        Ok(explanation.map(Explained))
    }

    /// The seven logits of mono samples at 16 kHz with those from `from` to `to` occluded, then the clip's distance from the
    /// training clips.
    #[wasm_bindgen(js_name = readWithout)]
    pub fn occluded_output(&mut self, samples: &[f32], from: usize, to: usize) -> Vec<f32> {
        let to = to.min(samples.len());
        let (model, speaker) = self.analyzer.model_and_conditioning();
        let Output { logits, distance } = occluded_output(model, samples, from.min(to)..to, speaker);
        [&logits[..], &[distance]].concat()
    }

    /// Explains the probability of an emotion from the results of [`occluded_output`](Self::occluded_output) for a whole clip of
    /// `samples` samples, then with each part occluded.
    ///
    /// # Errors
    /// A JavaScript `Error` if there is no such emotion, or the output for the whole clip is missing.
    #[wasm_bindgen(js_name = explainSilenced)]
    pub fn explain_occlusion(
        &self,
        outputs: &[f32],
        emotion: &str,
        samples: usize,
    ) -> Result<Explained, Error> {
        Ok(Explained(self.occlusion(outputs)?.explain(named(emotion)?, samples)))
    }

    /// The seven probabilities of a clip with a part occluded, from the results of [`occluded_output`](Self::occluded_output) for the
    /// whole clip, then with that part occluded.
    ///
    /// # Errors
    /// A JavaScript `Error` if either is missing.
    #[wasm_bindgen(js_name = probabilitiesWithout)]
    pub fn occluded_probabilities(&self, outputs: &[f32]) -> Result<Vec<f32>, Error> {
        let Occlusion { without, .. } = self.occlusion(outputs)?;
        let without = without.first().ok_or_else(|| Error::new("the reading without a part is missing"))?;
        Ok(without.probabilities().to_vec())
    }

    /// The magnitude of each hidden dimension (rows) of the model's encoder in each frame (columns) of mono samples at 16 kHz;
    /// nothing if the model has no encoder.
    #[wasm_bindgen(js_name = encoderActivations)]
    pub fn encoder_activations(&mut self, samples: &[f32]) -> Option<Picture> {
        encoder_view(self.analyzer.model_mut(), samples).map(|view| (&view.activations).into())
    }

    /// The attention weights for mono samples at 16 kHz: how much each frame (rows) attends to each other (columns), for all
    /// heads of the first layer, then of the next; nothing if the model has no encoder.
    pub fn attention(&mut self, samples: &[f32]) -> Option<Vec<Picture>> {
        let layers = attention(self.analyzer.model_mut(), samples)?;
        Some(layers.iter().flatten().map(Into::into).collect())
    }
}

impl Engine {
    /// Combines concatenated results of [`occluded_output`](Self::occluded_output).
    fn occlusion(&self, outputs: &[f32]) -> Result<Occlusion, Error> {
        let (outputs, _) = outputs.as_chunks::<8>();
        let mut outputs =
            outputs.iter().map(|&[ref logits @ .., distance]| Output { logits: *logits, distance });
        let whole = outputs.next().ok_or_else(|| Error::new("the reading of the whole clip is missing"))?;
        Ok(Occlusion::new(self.analyzer.calibration(), whole, outputs))
    }
}

/// The starts of the parts that are occluded in a clip of `samples` samples, and the end of the last.
#[wasm_bindgen(js_name = silencedParts)]
pub fn occlusion_parts(samples: usize) -> Vec<usize> {
    std::iter::once(0).chain(parts(samples).into_iter().map(|part| part.end)).collect()
}

fn named(emotion: &str) -> Result<Emotion, Error> {
    emotion.parse().map_err(|error: String| Error::new(&error))
}

/// The variance of the embeddings of clips, as JSON text; nothing for fewer than two.
#[wasm_bindgen(js_name = featureVariance)]
pub fn embedding_variance(clips: Vec<Float32Array>) -> Option<String> {
    let clips: Vec<Vec<f32>> = clips.iter().map(Float32Array::to_vec).collect();
    EmbeddingVariance::of(clips.iter().map(|clip| &clip[..])).map(|variance| as_json(&variance))
}

impl From<&FeatureMap> for Picture {
    fn from(map: &FeatureMap) -> Self {
        Self { values: map.values().to_vec(), rows: map.rows() }
    }
}
