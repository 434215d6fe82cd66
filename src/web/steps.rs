//! The steps of the front end.

use js_sys::Error;
use wasm_bindgen::prelude::*;

use super::coded;
use super::explain::Picture;
use crate::features::{FrontEndSettings, Steps};

/// The result of each step for one frame, and the feature maps of all frames.
#[wasm_bindgen]
pub struct FrontEndSteps(Steps);

#[wasm_bindgen]
impl FrontEndSteps {
    /// Computes all steps for mono samples at 16 kHz, with frames of `n_fft` samples at intervals of `hop_length`.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if a setting is out of range.
    #[wasm_bindgen(constructor)]
    pub fn new(
        samples: &[f32],
        frame: usize,
        n_fft: usize,
        hop_length: usize,
        n_mels: usize,
        n_mfcc: usize,
    ) -> Result<FrontEndSteps, Error> {
        let settings = FrontEndSettings { n_fft, hop_length, n_mels, n_mfcc, ..FrontEndSettings::mfcc_rms() };
        let steps = Steps::of(samples, &settings, frame).map_err(|error| coded(&error, "front-end"))?;
        Ok(Self(steps))
    }

    /// The frame's samples.
    #[wasm_bindgen(getter)]
    pub fn frame(&self) -> Vec<f32> {
        self.0.frame.clone()
    }

    /// The window function.
    #[wasm_bindgen(getter)]
    pub fn window(&self) -> Vec<f32> {
        self.0.window.clone()
    }

    /// The power spectrum, from 0 to 8 kHz.
    #[wasm_bindgen(getter)]
    pub fn power(&self) -> Vec<f32> {
        self.0.power.clone()
    }

    /// The energy in each mel band.
    #[wasm_bindgen(getter)]
    pub fn energies(&self) -> Vec<f32> {
        self.0.energies.clone()
    }

    /// The energy in each mel band in decibels.
    #[wasm_bindgen(getter)]
    pub fn decibels(&self) -> Vec<f32> {
        self.0.decibels.clone()
    }

    /// The MFCCs of the frame.
    #[wasm_bindgen(getter)]
    pub fn coefficients(&self) -> Vec<f32> {
        self.0.coefficients.clone()
    }

    /// The log-mel spectrogram of all frames.
    #[wasm_bindgen(getter, js_name = logMel)]
    pub fn log_mel(&self) -> Picture {
        (&self.0.log_mel).into()
    }

    /// The MFCCs of all frames, with their RMS as the last row.
    #[wasm_bindgen(getter)]
    pub fn mfcc(&self) -> Picture {
        (&self.0.mfcc).into()
    }
}
