//! A model's networks on a GPU, for the engine on the CPU, which does the rest.

use js_sys::{Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::{Error, bytes_of, coded};
use crate::model::{Accelerator, GpuModel as Model, ModelError};
use crate::nn::gpu::{Gpu, GpuError};

/// The encoder and the classifier of a model on the browser's GPU.
#[wasm_bindgen]
pub struct GpuModel(Model);

#[wasm_bindgen]
impl GpuModel {
    /// Opens the GPU and uploads a model: from the text of a `model.json` and the bytes of its files, in the order of
    /// `model.json`, whose checksums are known to be right: the other engine has loaded them.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    pub async fn open(manifest: String, files: Vec<Uint8Array>) -> Result<GpuModel, Error> {
        let gpu = Gpu::open().await.map_err(failed)?;
        let model = Model::from_parts(&manifest, bytes_of(files, true), gpu)
            .map_err(|error: ModelError| coded(&error, error.code()))?;
        Ok(Self(model))
    }

    /// Encodes the prepared input of the encoder: the given hidden states, each `[frames, width]`.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if the GPU stops.
    pub async fn encode(&mut self, input: &[f32], states: &[usize]) -> Result<Vec<Float32Array>, Error> {
        let states = self.0.encode(input, states).await.map_err(failed)?;
        Ok(states.iter().map(|state| state[..].into()).collect())
    }

    /// Classifies a normalised feature map of `rows` rows: its embedding and its logits.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if the GPU stops.
    pub async fn classify(&mut self, map: &[f32], rows: usize) -> Result<Vec<Float32Array>, Error> {
        let classified = self.0.classify(map, rows).await.map_err(failed)?;
        Ok([classified.embedding, classified.logits].iter().map(|values| values[..].into()).collect())
    }
}

fn failed(error: GpuError) -> Error {
    match &error {
        // The other engine says that the GPU stopped.
        GpuError::Failed(detail) => coded(detail, error.code()),
        GpuError::Missing(_) => coded(&error, error.code()),
    }
}
