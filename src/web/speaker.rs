//! Speaker references.

use js_sys::Error;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{Engine, as_json, coded};
use crate::model::{Emotion, SpeakerReference, SpeakerReferenceError};

/// A speaker reference with its statistics.
#[derive(Serialize)]
struct Merged {
    /// The reference as JSON text.
    reference: String,
    clips: u64,
    seconds: f32,
    variance: Option<f32>,
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

    /// Merges several references, each as JSON text, into one with its statistics, as JSON text.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = mergeReferences)]
    pub fn merge_references(&self, references: Vec<String>) -> Result<String, Error> {
        let merged = || {
            let mut all = self.analyzer.model().empty_reference()?;
            for text in &references {
                all.merge(&SpeakerReference::parse(text)?)?;
            }
            Ok(all)
        };
        let all: SpeakerReference = merged().map_err(|error: SpeakerReferenceError| refused(&error))?;
        Ok(as_json(&Merged {
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
