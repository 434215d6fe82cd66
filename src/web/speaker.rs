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
        let merged = || {
            let mut all = self.analyzer.model().empty_reference()?;
            for text in &references {
                all.merge(&SpeakerReference::parse(text)?)?;
            }
            Ok(all)
        };
        let all: SpeakerReference = merged().map_err(|error: SpeakerReferenceError| refused(&error))?;
        Ok(object(&Merged {
            reference: all.to_json(),
            clips: all.clips(),
            seconds: all.seconds(),
            variance: all.variance(),
            one_sided: all.one_sided(),
        }))
    }
}

fn refused(error: &SpeakerReferenceError) -> Error {
    coded(error, error.code())
}
