//! Analysis of recordings.

use burn::tensor::Device;
use js_sys::{Float32Array, Uint8Array};
use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use super::gpu_proxy::GpuProxy;
use super::{Error, bytes_of, coded};
use crate::analyzer::{Analysis, Analyzer, Prepared, Report};
use crate::audio::{AudioError, Channel, UnknownChannel};
use crate::features::FeatureMap;
use crate::model::{Model, ModelError, SpeakerReference};

/// A feature map or heat map.
#[derive(Serialize, Tsify)]
pub struct Picture {
    /// All values, row by row, lowest first.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    pub(super) values: Float32Array,
    /// Number of rows.
    pub(super) rows: usize,
}

/// The analysis of a recording.
#[derive(Serialize, Tsify)]
#[tsify(hashmap_as_object, missing_as_null)]
pub struct Reading {
    /// The same as the command line's JSON.
    report: Report,
    /// The clip: mono samples at 16 kHz, padding included.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    samples: Float32Array,
    /// The clip's log-mel spectrogram in decibels, a row for each band.
    picture: Picture,
    /// The clip's embedding.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array")]
    embedding: Float32Array,
    /// The speaker reference of this recording alone, as JSON text; none without speech, or of models that take none.
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolment: Option<String>,
}

/// The analysis of a window of long audio.
#[derive(Serialize, Tsify)]
#[tsify(hashmap_as_object, missing_as_null)]
pub struct WindowReading {
    /// The same as the command line's JSON.
    report: Report,
    /// The speaker reference of this window alone, as JSON text; none of models that take none.
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolment: Option<String>,
}

/// A loaded model that analyses recordings.
#[wasm_bindgen]
pub struct Engine {
    pub(super) analyzer: Analyzer,
    gpu: Option<GpuProxy>,
    gpu_error: Option<String>,
}

#[wasm_bindgen]
impl Engine {
    /// Loads a model from the text of its `model.json` and the bytes of its files, in the order of `model.json`; whether their
    /// checksums are known to be right.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str, files: Vec<Uint8Array>, are_checked: bool) -> Result<Engine, Error> {
        let model = Model::from_parts(manifest, bytes_of(files, are_checked), &Device::flex())
            .map_err(|error: ModelError| coded(&error, error.code()))?;
        Ok(Self { analyzer: Analyzer::new(model), gpu: None, gpu_error: None })
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
    pub async fn analyze_file(
        &mut self,
        bytes: &[u8],
        channel: Option<String>,
    ) -> Result<Ts<Reading>, Error> {
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
    ) -> Result<Ts<Reading>, Error> {
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
    pub async fn analyze_samples(&mut self, samples: &[f32], rate_hz: u32) -> Result<Ts<Reading>, Error> {
        let prepared = self.analyzer.prepare_samples(samples, rate_hz);
        self.reading(prepared).await
    }

    /// Analyses a window of long audio or of a microphone, mono samples; nothing if there is too little speech.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = analyzeWindow)]
    pub async fn analyze_window(
        &mut self,
        samples: &[f32],
        rate_hz: u32,
    ) -> Result<Option<Ts<Report>>, Error> {
        let analysis = self.window(samples, rate_hz).await?;
        Ok(analysis.map(|analysis| object(&analysis.report())))
    }

    /// The same, with the window's speaker reference.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(js_name = enrolWindow)]
    pub async fn enrol_window(
        &mut self,
        samples: &[f32],
        rate_hz: u32,
    ) -> Result<Option<Ts<WindowReading>>, Error> {
        let analysis = self.window(samples, rate_hz).await?;
        Ok(analysis.map(|analysis| {
            let enrolment = analysis.enrolment().map(SpeakerReference::to_json);
            object(&WindowReading { report: analysis.report(), enrolment })
        }))
    }

    /// Uses the model's networks on a GPU from now on, if they are faster there, or in any case if that is `wanted`. Returns
    /// whether they are used.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code` if the output differs.
    #[wasm_bindgen(js_name = tryGpu)]
    pub async fn try_gpu(&mut self, model: GpuProxy, wanted: bool) -> Result<bool, Error> {
        let mut gpu = model;
        let trial = self.analyzer.try_gpu(&mut gpu).await.map_err(|error| coded(&error, error.code()))?;
        let is_used = wanted || trial.is_worthwhile();
        self.gpu = is_used.then_some(gpu);
        Ok(is_used)
    }

    /// Why the GPU stopped in an analysis since this was last called; nothing if it did not.
    #[wasm_bindgen(js_name = takeGpuError)]
    pub fn take_gpu_error(&mut self) -> Option<String> {
        self.gpu_error.take()
    }
}

impl Engine {
    async fn analyze(&mut self, prepared: Prepared) -> Analysis {
        let Some(mut gpu) = self.gpu.take() else { return self.analyzer.read(prepared) };
        let (analysis, error) = self.analyzer.read_on(&mut gpu, prepared).await;
        match error {
            None => self.gpu = Some(gpu),
            Some(error) => self.gpu_error = Some(error.to_string()),
        }
        analysis
    }

    async fn window(&mut self, samples: &[f32], rate_hz: u32) -> Result<Option<Analysis>, Error> {
        let prepared = self.analyzer.prepare_window(samples, rate_hz);
        match prepared.map_err(|error| coded(&error, error.code()))? {
            Some(prepared) => Ok(Some(self.analyze(prepared).await)),
            None => Ok(None),
        }
    }

    async fn reading(&mut self, prepared: Result<Prepared, AudioError>) -> Result<Ts<Reading>, Error> {
        let prepared = prepared.map_err(|error| coded(&error, error.code()))?;
        let analysis = self.analyze(prepared).await;
        Ok(object(&Reading {
            report: analysis.report(),
            samples: analysis.clip.samples().into(),
            picture: (&self.analyzer.log_mel(&analysis.clip)).into(),
            embedding: analysis.embedding[..].into(),
            enrolment: analysis.enrolment().map(SpeakerReference::to_json),
        }))
    }
}

impl From<&FeatureMap> for Picture {
    fn from(map: &FeatureMap) -> Self {
        Self { values: map.values().into(), rows: map.rows() }
    }
}

/// Parses the name of a channel.
pub(super) fn chosen(channel: Option<String>) -> Result<Option<Channel>, Error> {
    channel
        .map(|name| name.parse())
        .transpose()
        .map_err(|error: UnknownChannel| coded(&error, "no-such-channel"))
}

/// A plain JavaScript object.
pub(super) fn object<T: Tsify + Serialize>(data: &T) -> Ts<T> {
    data.into_ts().expect("plain data")
}
