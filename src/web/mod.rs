//! The interface for the page's worker, on wasm only: types across the boundary, no logic.
//!
//! Results are plain JavaScript objects. Their TypeScript declarations are generated from the types in Rust. There are two
//! engines: one on the CPU, and one that has a model's networks alone, on a GPU.

#[cfg(feature = "cpu")]
mod custom;
#[cfg(feature = "cpu")]
mod engine;
#[cfg(feature = "cpu")]
mod explain;
#[cfg(feature = "webgpu")]
mod gpu_model;
#[cfg(feature = "cpu")]
mod gpu_proxy;
#[cfg(feature = "import")]
mod import;
#[cfg(feature = "cpu")]
mod long;
#[cfg(feature = "cpu")]
mod speaker;
#[cfg(feature = "cpu")]
mod steps;
#[cfg(feature = "cpu")]
mod timeline;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::nn::weights::{WeightsError, WeightsFile};

/// Prints panics to the console before they end the worker.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[wasm_bindgen]
extern "C" {
    /// A JavaScript `Error` with a stable `code`.
    #[wasm_bindgen(extends = js_sys::Error, js_name = Error)]
    pub type Error;

    #[wasm_bindgen(constructor, js_class = "Error")]
    fn new(message: &str) -> Error;

    #[wasm_bindgen(method, setter, structural)]
    fn set_code(this: &Error, code: &str);
}

/// Copies one file at a time into the engine's memory; each is freed once its tensors are loaded. The browser checks files in a
/// tenth of the time, but offers that to pages with a secure connection alone.
fn bytes_of<E: From<WeightsError>>(
    files: Vec<Uint8Array>,
    are_checked: bool,
) -> impl FnMut(&WeightsFile) -> Result<Vec<u8>, E> {
    let mut files = files.into_iter();
    move |file| {
        let contents = files.next().map_or_else(Vec::new, |contents| contents.to_vec());
        Ok(if are_checked { contents } else { file.checked(contents)? })
    }
}

fn coded(error: &dyn std::fmt::Display, code: &str) -> Error {
    let js = Error::new(&error.to_string());
    js.set_code(code);
    js
}
