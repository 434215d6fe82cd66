//! The networks of a model in the engine for GPUs.

use js_sys::{Array, Float32Array, Uint32Array};
use wasm_bindgen::prelude::*;

use crate::model::{Accelerator, Classified};
use crate::nn::gpu::GpuError;

#[wasm_bindgen]
extern "C" {
    /// An object with the methods of the other engine's `GpuModel`.
    #[wasm_bindgen(
        typescript_type = "{ encode(input: Float32Array, states: Uint32Array): Promise<Float32Array[]>; classify(map: Float32Array, rows: number): Promise<Float32Array[]> }"
    )]
    pub type GpuProxy;

    #[wasm_bindgen(method, structural, catch)]
    async fn encode(this: &GpuProxy, input: Float32Array, states: Uint32Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    async fn classify(this: &GpuProxy, map: Float32Array, rows: usize) -> Result<JsValue, JsValue>;
}

impl Accelerator for GpuProxy {
    async fn encode(&mut self, input: &[f32], states: &[usize]) -> Result<Vec<Vec<f32>>, GpuError> {
        let states: Vec<u32> = states.iter().map(|&state| state as u32).collect();
        arrays(GpuProxy::encode(self, input.into(), states[..].into()).await)
    }

    async fn classify(&mut self, map: &[f32], rows: usize) -> Result<Classified, GpuError> {
        let arrays = arrays(GpuProxy::classify(self, map.into(), rows).await)?;
        let [embedding, logits] =
            arrays.try_into().map_err(|_| GpuError::Failed("its output is incomplete".to_owned()))?;
        Ok(Classified { embedding, logits })
    }
}

fn arrays(answer: Result<JsValue, JsValue>) -> Result<Vec<Vec<f32>>, GpuError> {
    let answer = answer.map_err(|error| {
        let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        GpuError::Failed(message.or(error.as_string()).unwrap_or_default())
    })?;
    Ok(Array::from(&answer).iter().map(|array| Float32Array::new(&array).to_vec()).collect())
}
