//! The front end, step by step.

use js_sys::Error;
use wasm_bindgen::prelude::*;

use super::coded;
use super::explain::Picture;
use crate::features::{FrontEndSettings, Steps};

/// What each step makes of one frame, and the pictures that all frames make.
#[wasm_bindgen]
pub struct FrontEndSteps(Steps);

#[wasm_bindgen]
impl FrontEndSteps {
    /// Of mono samples at 16 kHz, with frames of `window` samples `hop` apart, and so many mel bands and coefficients.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` when a setting is out of its range.
    #[wasm_bindgen(constructor)]
    pub fn new(
        samples: &[f32],
        frame: usize,
        window: usize,
        hop: usize,
        bands: usize,
        coefficients: usize,
    ) -> Result<FrontEndSteps, Error> {
        let settings = FrontEndSettings {
            n_fft: window,
            hop_length: hop,
            n_mels: bands,
            n_mfcc: coefficients,
            ..FrontEndSettings::mfcc_rms()
        };
        let steps = Steps::of(samples, &settings, frame).map_err(|error| coded(&error, "front-end"))?;
        Ok(Self(steps))
    }

    /// The frame's samples.
    #[wasm_bindgen(getter)]
    pub fn frame(&self) -> Vec<f32> {
        self.0.frame.clone()
    }

    /// What each is multiplied with.
    #[wasm_bindgen(getter)]
    pub fn window(&self) -> Vec<f32> {
        self.0.window.clone()
    }

    /// The power of each frequency, from 0 to 8 kHz.
    #[wasm_bindgen(getter)]
    pub fn power(&self) -> Vec<f32> {
        self.0.power.clone()
    }

    /// The energy in each mel band.
    #[wasm_bindgen(getter)]
    pub fn energies(&self) -> Vec<f32> {
        self.0.energies.clone()
    }

    /// The same in decibels.
    #[wasm_bindgen(getter)]
    pub fn decibels(&self) -> Vec<f32> {
        self.0.decibels.clone()
    }

    /// The frame's MFCC.
    #[wasm_bindgen(getter)]
    pub fn coefficients(&self) -> Vec<f32> {
        self.0.coefficients.clone()
    }

    /// Decibels of all bands and frames.
    #[wasm_bindgen(getter, js_name = logMel)]
    pub fn log_mel(&self) -> Picture {
        (&self.0.log_mel).into()
    }

    /// MFCC of all frames, with their loudness as the last row.
    #[wasm_bindgen(getter)]
    pub fn mfcc(&self) -> Picture {
        (&self.0.mfcc).into()
    }
}
