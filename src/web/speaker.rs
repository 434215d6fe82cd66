//! Speaker references.

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use super::engine::{Engine, object};
use super::{Error, coded};
use crate::model::{Emotion, SpeakerReference, SpeakerReferenceError};

/// A speaker reference with its statistics.
#[derive(Serialize, Tsify)]
#[tsify(missing_as_null, rename = "SpeakerReference")]
pub struct Merged {
    /// The reference as JSON text.
    reference: String,
    /// Number of clips.
    clips: u64,
    /// Their total length, in seconds of audio that was encoded.
    seconds: f32,
    /// Variance of the clips' embeddings: 1 is that of the training set. None of one clip.
    variance: Option<f32>,
    /// The emotion, other than neutral, of most of the clips: more varied ones would help.
    one_sided: Option<Emotion>,
    /// Whether two clearly different voices speak in the references that were merged; `false` if the model cannot tell.
    two_voices: bool,
}

#[wasm_bindgen]
impl Engine {
    /// Conditions subsequent predictions on a speaker reference, as JSON text, or on none.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = setSpeaker)]
    pub fn set_speaker(&mut self, reference: Option<String>) -> Result<(), Error> {
        let reference =
            reference.map(|text| SpeakerReference::parse(&text)).transpose().map_err(|e| refused(&e))?;
        self.analyzer.set_speaker(reference).map_err(|error| refused(&error))
    }

    /// Merges several references, each as JSON text, into one with its statistics.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = mergeReferences)]
    pub fn merge_references(&self, references: Vec<String>) -> Result<Ts<Merged>, Error> {
        let model = self.analyzer.model();
        let merged = || {
            let mut all = model.empty_reference()?;
            let parts = references.iter().map(|text| SpeakerReference::parse(text));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            parts.iter().try_for_each(|part| all.merge(part))?;
            Ok((all, model.has_two_voices(&parts).unwrap_or_default()))
        };
        let (all, two_voices) = merged().map_err(|error: SpeakerReferenceError| refused(&error))?;
        Ok(object(&Merged {
            reference: all.to_json(),
            clips: all.clips(),
            seconds: all.seconds(),
            variance: all.variance(),
            one_sided: all.one_sided(),
            two_voices,
        }))
    }
}

fn refused(error: &SpeakerReferenceError) -> Error {
    coded(error, error.code())
}
