//! A model's encoder on the browser's GPU.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::{Engine, Error, bytes_of, coded};
use crate::encoder::{EncoderError, import_for_gpu};
use crate::model::Manifest;
use crate::nn::encoders::GpuInference;

/// The encoder of a model on the GPU, initialized while the engine keeps working.
#[wasm_bindgen]
pub struct GpuEncoder(GpuInference);

#[wasm_bindgen]
impl GpuEncoder {
    /// Initializes the GPU and uploads the encoder: from the text of a `model.json`, and the bytes of the encoder's files.
    /// Nothing if the model has no encoder.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    pub async fn open(manifest: String, files: Vec<Uint8Array>) -> Result<Option<GpuEncoder>, Error> {
        let manifest = Manifest::parse(&manifest).map_err(|error| coded(&error, error.code()))?;
        let Some(encoder) = manifest.front_end.encoder() else { return Ok(None) };
        let refused = |error: EncoderError| coded(&error, error.code());
        let tensors = encoder.tensors(bytes_of(files)).map_err(refused)?;
        let gpu = import_for_gpu(&encoder.network, tensors).await.map_err(refused)?;
        Ok(Some(Self(gpu)))
    }
}

#[wasm_bindgen]
impl Engine {
    /// Uses the encoder on the GPU from now on if it is faster than on the CPU, or in any case if that is `wanted`. Returns
    /// whether it is used.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if its output differs.
    #[wasm_bindgen(js_name = tryGpu)]
    pub async fn try_gpu(&mut self, encoder: GpuEncoder, wanted: bool) -> Result<bool, Error> {
        let trial = self.analyzer.try_gpu(encoder.0, wanted).await;
        Ok(trial.map_err(|error| coded(&error, error.code()))?.is_adopted)
    }
}
