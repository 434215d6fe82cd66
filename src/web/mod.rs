//! The interface for the page's worker, on wasm only: types across the boundary, no logic.

mod explain;
mod gpu;
mod import;
mod long;
mod speaker;
mod steps;

use js_sys::{Error, Float32Array, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::analyzer::{Analyzer, Prepared};
use crate::audio::{AudioError, Channel, UnknownChannel};
use crate::model::{Model, ModelError, SpeakerReference};
use crate::nn::weights::WeightsFile;
use burn::tensor::Device;

/// Prints panics to the console before they end the worker.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// A loaded model that analyses recordings.
#[wasm_bindgen]
pub struct Engine {
    analyzer: Analyzer,
}

#[wasm_bindgen]
impl Engine {
    /// Loads a model from the text of its `model.json` and the bytes of its files, in the order of `model.json`.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str, files: Vec<Uint8Array>) -> Result<Engine, Error> {
        let model = Model::from_parts(manifest, bytes_of(files), &Device::flex())
            .map_err(|error: ModelError| coded(&error, error.code()))?;
        Ok(Self { analyzer: Analyzer::new(model) })
    }

    /// Rejects a file that is too large, before it is read into memory.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = checkSize)]
    pub fn check_size(&self, bytes: f64) -> Result<(), Error> {
        let checked = self.analyzer.limits().check_size(bytes as usize);
        checked.map_err(|error| coded(&error, error.code()))
    }

    /// Analyses an audio file from its bytes: all channels mixed, or the `left`, the `right` or a numbered one.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = analyzeFile)]
    pub async fn analyze_file(&mut self, bytes: &[u8], channel: Option<String>) -> Result<Reading, Error> {
        self.analyzer.choose_channel(chosen(channel)?);
        let prepared = self.analyzer.prepare_file(bytes);
        self.reading(prepared).await
    }

    /// Analyses the samples of each channel, as decoded by the browser; `channel` as in [`Engine::analyze_file`].
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = analyzeChannels)]
    pub async fn analyze_channels(
        &mut self,
        channels: Vec<Float32Array>,
        rate_hz: u32,
        channel: Option<String>,
    ) -> Result<Reading, Error> {
        self.analyzer.choose_channel(chosen(channel)?);
        let channels: Vec<Vec<f32>> = channels.iter().map(Float32Array::to_vec).collect();
        let channels: Vec<&[f32]> = channels.iter().map(|samples| &samples[..]).collect();
        let prepared = self.analyzer.prepare_channels(&channels, rate_hz);
        self.reading(prepared).await
    }

    /// Analyses raw mono samples, as from a microphone.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = analyzeSamples)]
    pub async fn analyze_samples(&mut self, samples: &[f32], rate_hz: u32) -> Result<Reading, Error> {
        let prepared = self.analyzer.prepare_samples(samples, rate_hz);
        self.reading(prepared).await
    }
}

#[wasm_bindgen]
impl Engine {
    /// Analyses a window of long audio or of a microphone, mono samples.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = readWindow)]
    pub async fn read_window(&mut self, samples: &[f32], rate_hz: u32) -> Result<WindowReading, Error> {
        let prepared = self.analyzer.prepare_window(samples, rate_hz);
        let Some(prepared) = prepared.map_err(|error| coded(&error, error.code()))? else {
            return Ok(WindowReading { report: None, gpu_stopped: None });
        };
        let (analysis, gpu_stopped) = self.analyzer.read_on_gpu(prepared).await;
        let report = as_json(&analysis.report());
        Ok(WindowReading { report: Some(report), gpu_stopped: gpu_stopped.map(|error| error.to_string()) })
    }
}

impl Engine {
    async fn reading(&mut self, prepared: Result<Prepared, AudioError>) -> Result<Reading, Error> {
        let prepared = prepared.map_err(|error| coded(&error, error.code()))?;
        let (analysis, gpu_stopped) = self.analyzer.read_on_gpu(prepared).await;
        let picture = self.analyzer.log_mel(&analysis.clip);
        let report = analysis.report();
        Ok(Reading {
            report: as_json(&report),
            samples: analysis.clip.samples().to_vec(),
            picture_rows: picture.rows(),
            picture: picture.into_values(),
            enrolment: analysis.enrolment().map(SpeakerReference::to_json),
            embedding: analysis.embedding,
            gpu_stopped: gpu_stopped.map(|error| error.to_string()),
        })
    }
}

/// Parses the name of a channel.
fn chosen(channel: Option<String>) -> Result<Option<Channel>, Error> {
    channel
        .map(|name| name.parse())
        .transpose()
        .map_err(|error: UnknownChannel| coded(&error, "no-such-channel"))
}

fn as_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data")
}

/// The analysis of a window of long audio.
#[wasm_bindgen]
pub struct WindowReading {
    report: Option<String>,
    gpu_stopped: Option<String>,
}

#[wasm_bindgen]
impl WindowReading {
    /// The report as JSON text; nothing if there is too little speech.
    #[wasm_bindgen(getter)]
    pub fn report(&self) -> Option<String> {
        self.report.clone()
    }

    /// As in [`Reading`].
    #[wasm_bindgen(getter, js_name = gpuStopped)]
    pub fn gpu_stopped(&self) -> Option<String> {
        self.gpu_stopped.clone()
    }
}

/// The analysis of a recording, with the clip and its spectrogram.
#[wasm_bindgen]
pub struct Reading {
    report: String,
    samples: Vec<f32>,
    picture: Vec<f32>,
    picture_rows: usize,
    embedding: Vec<f32>,
    enrolment: Option<String>,
    gpu_stopped: Option<String>,
}

#[wasm_bindgen]
impl Reading {
    /// The report as JSON text, in the same format as on the command line.
    #[wasm_bindgen(getter)]
    pub fn report(&self) -> String {
        self.report.clone()
    }

    /// The clip: mono samples at 16 kHz, padding included.
    #[wasm_bindgen(getter)]
    pub fn samples(&self) -> Vec<f32> {
        self.samples.clone()
    }

    /// The clip's log-mel spectrogram in decibels, row by row, lowest band first.
    #[wasm_bindgen(getter)]
    pub fn picture(&self) -> Vec<f32> {
        self.picture.clone()
    }

    /// Why the GPU is no longer used; nothing if it is, or never was.
    #[wasm_bindgen(getter, js_name = gpuStopped)]
    pub fn gpu_stopped(&self) -> Option<String> {
        self.gpu_stopped.clone()
    }

    /// The embedding of the clip.
    #[wasm_bindgen(getter)]
    pub fn embedding(&self) -> Vec<f32> {
        self.embedding.clone()
    }

    /// The speaker reference of this recording, as JSON text; nothing without speech, or for models that take none.
    #[wasm_bindgen(getter)]
    pub fn enrolment(&self) -> Option<String> {
        self.enrolment.clone()
    }

    /// Number of mel bands in the spectrogram.
    #[wasm_bindgen(getter, js_name = pictureRows)]
    pub fn picture_rows(&self) -> usize {
        self.picture_rows
    }
}

/// Copies one file at a time into the engine's memory; each is freed once its tensors are loaded.
fn bytes_of<E>(files: Vec<Uint8Array>) -> impl FnMut(&WeightsFile) -> Result<Vec<u8>, E> {
    let mut files = files.into_iter();
    move |_| Ok(files.next().map_or_else(Vec::new, |file| file.to_vec()))
}

fn coded(error: &dyn std::error::Error, code: &str) -> Error {
    let js = Error::new(&error.to_string());
    // Setting a property of a fresh plain error cannot fail.
    let _ = Reflect::set(&js, &"code".into(), &code.into());
    js
}
