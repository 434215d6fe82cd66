//! Classes of a visitor's own.

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use super::engine::{Engine, object};
use super::{Error, coded};
use crate::custom::{CustomClassifier, CustomError};
use crate::model::SpeakerReference;

/// A classifier for classes of a visitor's own.
#[derive(Serialize, Tsify)]
pub struct CustomClasses {
    /// The classifier as JSON text.
    classifier: String,
    /// Names of the classes, sorted.
    names: Vec<String>,
    /// How many clips of each trained it.
    clips: Vec<usize>,
    /// How its clips are classified by a classifier trained without them: a row per class, in clips per predicted class.
    leave_one_out: Vec<Vec<u32>>,
}

#[wasm_bindgen]
impl Engine {
    /// Also classifies subsequent clips by a custom classifier, as JSON text, or by none.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = setCustom)]
    pub fn set_custom(&mut self, classifier: Option<String>) -> Result<(), Error> {
        let classifier = classifier.map(|text| CustomClassifier::parse(&text)).transpose();
        classifier
            .and_then(|classifier| self.analyzer.set_custom(classifier))
            .map_err(|error| refused(&error))
    }
}

/// Trains a custom classifier from the enrolments of clips, as JSON text, and the places of their classes among the names.
///
/// # Errors
/// A JavaScript `Error` with a `code`.
#[wasm_bindgen(js_name = trainCustom)]
pub fn train_custom(
    names: Vec<String>,
    labels: &[usize],
    enrolments: Vec<String>,
) -> Result<Ts<CustomClasses>, Error> {
    let clips = labels.iter().zip(&enrolments).map(|(&label, text)| {
        let clip = SpeakerReference::parse(text).map_err(|error| coded(&error, error.code()))?;
        if label < names.len() { Ok((label, clip)) } else { Err(refused(&CustomError::Classes(names.len()))) }
    });
    let clips = clips.collect::<Result<Vec<_>, Error>>()?;
    CustomClassifier::train(&names, &clips)
        .map(|trained| described(&trained))
        .map_err(|error| refused(&error))
}

/// Describes a custom classifier from its JSON text.
///
/// # Errors
/// A JavaScript `Error` with a `code`.
#[wasm_bindgen(js_name = describeCustom)]
pub fn describe_custom(classifier: &str) -> Result<Ts<CustomClasses>, Error> {
    CustomClassifier::parse(classifier).map(|parsed| described(&parsed)).map_err(|error| refused(&error))
}

fn described(classifier: &CustomClassifier) -> Ts<CustomClasses> {
    object(&CustomClasses {
        classifier: classifier.to_json(),
        names: classifier.names().map(str::to_owned).collect(),
        clips: classifier.clips().collect(),
        leave_one_out: classifier.leave_one_out().to_vec(),
    })
}

fn refused(error: &CustomError) -> Error {
    coded(error, error.code())
}
