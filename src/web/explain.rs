//! Explanations of predictions.

use js_sys::Float32Array;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use super::engine::{Engine, Picture, object};
use super::{Error, coded};
use crate::explain::{
    EmbeddingVariance, Explanation, Occlusion, Summary, attention, encoder_view, occluded_output, parts,
};
use crate::model::{Emotion, Output};

/// An explanation of a prediction.
#[derive(Serialize, Tsify)]
#[tsify(missing_as_null, rename = "Explanation")]
pub struct Explained {
    /// The map in a few numbers.
    summary: Summary,
    /// The heat map.
    heat: Picture,
    /// The normalised input of the model, if it is a feature map.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Picture>,
}

#[wasm_bindgen]
impl Engine {
    /// Explains the probability of an emotion by Grad-CAM, for a clip of mono samples at 16 kHz; nothing for models with an
    /// encoder, which are explained by occlusion.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if there is no such emotion.
    #[cfg(feature = "autodiff")]
    pub fn explain(&mut self, samples: &[f32], emotion: &str) -> Result<Option<Ts<Explained>>, Error> {
        let explanation =
            crate::explain::explain_by_gradient(self.analyzer.model_mut(), samples, Some(named(emotion)?));
        Ok(explanation.map(|explanation| object(&Explained::from(explanation))))
    }

    /// The seven logits of mono samples at 16 kHz with those from `from` to `to` occluded, then the clip's distance from the
    /// training clips.
    #[wasm_bindgen(js_name = predictOccluded)]
    pub fn predict_occluded(&mut self, samples: &[f32], from: usize, to: usize) -> Vec<f32> {
        let to = to.min(samples.len());
        let (model, speaker) = self.analyzer.model_and_conditioning();
        let Output { logits, distance } = occluded_output(model, samples, from.min(to)..to, speaker);
        [&logits[..], &[distance]].concat()
    }

    /// Explains the probability of an emotion from the results of [`predict_occluded`](Self::predict_occluded) for a whole clip of
    /// `samples` samples, then with each part occluded.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if there is no such emotion, or the output for the whole clip is missing.
    #[wasm_bindgen(js_name = explainByOcclusion)]
    pub fn explain_by_occlusion(
        &self,
        outputs: &[f32],
        emotion: &str,
        samples: usize,
    ) -> Result<Ts<Explained>, Error> {
        Ok(object(&Explained::from(self.occlusion(outputs)?.explain(named(emotion)?, samples))))
    }

    /// The seven probabilities of a clip with a part occluded, from the results of [`predict_occluded`](Self::predict_occluded) for
    /// the whole clip, then with that part occluded.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if either is missing.
    #[wasm_bindgen(js_name = occludedProbabilities)]
    pub fn occluded_probabilities(&self, outputs: &[f32]) -> Result<Vec<f32>, Error> {
        let Occlusion { without, .. } = self.occlusion(outputs)?;
        let without = without.first().ok_or_else(|| missing("the output without a part is missing"))?;
        Ok(without.probabilities().to_vec())
    }

    /// The magnitude of each hidden dimension (rows) of the model's encoder in each frame (columns) of mono samples at 16 kHz;
    /// nothing if the model has no encoder.
    #[wasm_bindgen(js_name = encoderActivations)]
    pub fn encoder_activations(&mut self, samples: &[f32]) -> Option<Ts<Picture>> {
        let view = encoder_view(self.analyzer.model_mut(), samples)?;
        Some(object(&Picture::from(&view.activations)))
    }

    /// The attention weights for mono samples at 16 kHz: how much each frame (rows) attends to each other (columns), for all
    /// heads of the first layer, then of the next; nothing if the model has no encoder.
    pub fn attention(&mut self, samples: &[f32]) -> Option<Vec<Ts<Picture>>> {
        let layers = attention(self.analyzer.model_mut(), samples)?;
        Some(layers.iter().flatten().map(|weights| object(&Picture::from(weights))).collect())
    }
}

impl Engine {
    /// Combines concatenated results of [`predict_occluded`](Self::predict_occluded).
    fn occlusion(&self, outputs: &[f32]) -> Result<Occlusion, Error> {
        let (outputs, _) = outputs.as_chunks::<8>();
        let mut outputs =
            outputs.iter().map(|&[ref logits @ .., distance]| Output { logits: *logits, distance });
        let whole = outputs.next().ok_or_else(|| missing("the output for the whole clip is missing"))?;
        Ok(Occlusion::new(self.analyzer.calibration(), whole, outputs))
    }
}

impl From<Explanation> for Explained {
    fn from(Explanation { summary, heat, input, .. }: Explanation) -> Self {
        Self { summary, heat: (&heat).into(), input: input.as_ref().map(Into::into) }
    }
}

/// The starts of the parts that are occluded in a clip of `samples` samples, and the end of the last.
#[wasm_bindgen(js_name = occlusionParts)]
pub fn occlusion_parts(samples: usize) -> Vec<usize> {
    std::iter::once(0).chain(parts(samples).into_iter().map(|part| part.end)).collect()
}

fn named(emotion: &str) -> Result<Emotion, Error> {
    emotion.parse().map_err(|error: String| coded(&error, "no-such-emotion"))
}

fn missing(what: &str) -> Error {
    coded(&what, "incomplete")
}

/// The variance of the embeddings of clips; nothing for fewer than two.
#[wasm_bindgen(js_name = embeddingVariance)]
pub fn embedding_variance(clips: Vec<Float32Array>) -> Option<Ts<EmbeddingVariance>> {
    let clips: Vec<Vec<f32>> = clips.iter().map(Float32Array::to_vec).collect();
    EmbeddingVariance::of(clips.iter().map(|clip| &clip[..])).map(|variance| object(&variance))
}
