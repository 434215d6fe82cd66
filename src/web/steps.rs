//! The steps of the front end.

use js_sys::Float32Array;
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use super::engine::{Picture, object};
use super::{Error, coded};
use crate::features::{FrontEndSettings, Steps};

/// The result of each step for one frame, and the feature maps of all frames.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(rename = "Steps")]
pub struct FrontEndSteps {
    /// The frame's samples.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    frame: Float32Array,
    /// The window function.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    window: Float32Array,
    /// The power spectrum, from 0 to 8 kHz.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    power: Float32Array,
    /// The energy in each mel band.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    energies: Float32Array,
    /// The energy in each mel band in decibels.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    decibels: Float32Array,
    /// The MFCCs of the frame.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    coefficients: Float32Array,
    /// The log-mel spectrogram of all frames.
    log_mel: Picture,
    /// The MFCCs of all frames, with their RMS as the last row.
    mfcc: Picture,
}

/// Computes all steps for mono samples at 16 kHz, with frames of `n_fft` samples at intervals of `hop_length`.
///
/// # Errors
/// A JavaScript `Error` with a `code` if a setting is out of range.
#[wasm_bindgen(js_name = frontEndSteps)]
pub fn front_end_steps(
    samples: &[f32],
    frame: usize,
    n_fft: usize,
    hop_length: usize,
    n_mels: usize,
    n_mfcc: usize,
) -> Result<Ts<FrontEndSteps>, Error> {
    let settings = FrontEndSettings { n_fft, hop_length, n_mels, n_mfcc, ..FrontEndSettings::mfcc_rms() };
    let steps = Steps::of(samples, &settings, frame).map_err(|error| coded(&error, "front-end"))?;
    Ok(object(&FrontEndSteps {
        frame: steps.frame[..].into(),
        window: steps.window[..].into(),
        power: steps.power[..].into(),
        energies: steps.energies[..].into(),
        decibels: steps.decibels[..].into(),
        coefficients: steps.coefficients[..].into(),
        log_mel: (&steps.log_mel).into(),
        mfcc: (&steps.mfcc).into(),
    }))
}
