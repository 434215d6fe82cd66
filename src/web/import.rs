//! Import of encoders into the browser's storage.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{File, FileReaderSync};

use super::{Error, coded};
use crate::encoder::{EncoderError, Precision, Source, pack, read_weights, weights_among};
use crate::nn::weights::StoredParameters;

/// An encoder in our format.
#[wasm_bindgen]
pub struct ImportedEncoder {
    description: String,
    files: Vec<Uint8Array>,
}

#[wasm_bindgen]
impl ImportedEncoder {
    /// The text of its `encoder.json`.
    #[wasm_bindgen(getter)]
    pub fn description(&self) -> String {
        self.description.clone()
    }

    /// Its files, in the order of the description.
    #[wasm_bindgen(getter)]
    pub fn files(&self) -> Vec<Uint8Array> {
        self.files.clone()
    }
}

/// Imports an encoder in the format of Hugging Face, quantized to eight bits. `files` are all in its folder; those that are needed
/// are read one by one.
///
/// # Errors
/// A JavaScript `Error` with a `code`, or what the browser throws when it reads a file.
#[wasm_bindgen(js_name = importEncoder)]
pub fn import_encoder(
    folder: &str,
    config: &str,
    preprocessor: Option<String>,
    files: Vec<File>,
) -> Result<ImportedEncoder, JsValue> {
    let refused = |error: EncoderError| JsValue::from(coded(&error, error.code()));
    let names: Vec<String> = files.iter().map(File::name).collect();
    let mut tensors = StoredParameters::new();
    for name in weights_among(folder, &names).map_err(refused)? {
        let Some(file) = files.iter().find(|file| file.name() == name) else { continue };
        let bytes = Uint8Array::new(&FileReaderSync::new()?.read_as_array_buffer(file)?.into()).to_vec();
        tensors.extend(read_weights(&name, bytes).map_err(refused)?);
    }
    let source = Source::from_published(folder, config, preprocessor.as_deref(), tensors);
    let source = source.and_then(Source::checked).map_err(refused)?;
    let mut packed = Vec::new();
    let description = pack(source, Precision::Int8, |_, bytes| {
        packed.push(Uint8Array::from(&bytes[..]));
        Ok::<(), Error>(())
    })?;
    let description = serde_json::to_string_pretty(&description).expect("plain data");
    Ok(ImportedEncoder { description, files: packed })
}
