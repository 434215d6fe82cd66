//! Recordings and options as Python gives them.

use std::path::{Path, PathBuf};

use numpy::{PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

use super::errors::of_file;
use super::speaker::PySpeakerReference;
use crate::analyzer::{Analysis, Analyzer, FileError};
use crate::audio::{AudioError, Channel, ReadOptions, Recording, decode, from_channels};
use crate::model::{Model, SpeakerReference};

/// A recording in Python's memory, or the path of one.
pub enum Source<'a> {
    /// A file.
    Path(&'a Path),
    /// The bytes of one.
    Bytes(&'a [u8]),
    /// The samples of each channel, and their rate.
    Channels(Vec<&'a [f32]>, u32),
}

impl Source<'_> {
    /// Analyses the recording.
    pub fn analyze(&self, analyzer: &mut Analyzer) -> PyResult<Analysis> {
        match self {
            Self::Path(path) => analyzer.analyze_path(path).map_err(|error| of_file(path, error)),
            Self::Bytes(bytes) => Ok(analyzer.analyze_file(bytes)?),
            Self::Channels(channels, rate_hz) => {
                let prepared = analyzer.prepare_channels(channels, *rate_hz)?;
                Ok(analyzer.read(prepared))
            }
        }
    }

    /// All of the recording, mono at 16 kHz.
    pub fn decode(&self) -> PyResult<Recording> {
        let options = ReadOptions::default();
        let of_path =
            |path: &Path| -> Result<Recording, FileError> { Ok(decode(&std::fs::read(path)?, &options)?) };
        match self {
            Self::Path(path) => of_path(path).map_err(|error| of_file(path, error)),
            Self::Bytes(bytes) => Ok(decode(bytes, &options)?),
            Self::Channels(channels, rate_hz) => Ok(from_channels(channels, *rate_hz, &options)?),
        }
    }
}

/// Lends a recording to `work`, which runs without the GIL: a path, the bytes of a file, or an array of samples at `rate` Hz. Arrays of
/// contiguous floats are not copied.
pub fn lend<R: Send>(
    audio: &Bound<'_, PyAny>,
    rate: Option<u32>,
    work: impl FnOnce(Source<'_>) -> PyResult<R> + Send,
) -> PyResult<R> {
    let py = audio.py();
    let path = audio.extract::<PathBuf>().ok();
    if path.is_some() || is_bytes(audio) {
        if rate.is_some() {
            return Err(PyTypeError::new_err("rate is for arrays; a file has its own"));
        }
        let Some(path) = path else {
            let bytes = py.import("numpy")?.call_method1("frombuffer", (audio, "uint8"))?;
            let bytes = bytes.extract::<PyReadonlyArray1<'_, u8>>()?;
            let bytes = bytes.as_slice()?;
            return py.detach(|| work(Source::Bytes(bytes)));
        };
        return py.detach(|| work(Source::Path(&path)));
    }
    let samples = channel_by_channel(audio)?;
    let rate = rate.ok_or_else(|| PyTypeError::new_err("an array needs rate, its samples per second"))?;
    let values = samples.as_slice()?;
    let length = *samples.shape().last().expect("one or two dimensions");
    if length == 0 {
        return Err(AudioError::NoSamples.into());
    }
    let channels = values.chunks(length).collect();
    py.detach(|| work(Source::Channels(channels, rate)))
}

fn is_bytes(audio: &Bound<'_, PyAny>) -> bool {
    audio.is_instance_of::<PyBytes>()
        || audio.is_instance_of::<PyByteArray>()
        || audio.is_instance_of::<PyMemoryView>()
}

/// Floats, one channel after the other, from an array of samples, or of samples × channels.
fn channel_by_channel<'py>(audio: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArrayDyn<'py, f32>> {
    let array = audio.cast::<PyUntypedArray>().map_err(|_| {
        PyTypeError::new_err("a recording is a path, the bytes of a file, or a NumPy array of samples")
    })?;
    if !(1..=2).contains(&array.ndim()) {
        return Err(PyValueError::new_err("samples are one-dimensional, or samples × channels"));
    }
    let numpy = array.py().import("numpy")?;
    let channels = array.getattr("T")?;
    let channels = match &array.dtype().getattr("name")?.extract::<String>()?[..] {
        "float32" | "float64" => channels,
        "int16" => channels.div(numpy.getattr("float32")?.call1((-f32::from(i16::MIN),))?)?,
        other => {
            return Err(PyTypeError::new_err(format!(
                "samples are float32 or float64 from -1 to 1, or int16, but not {other}"
            )));
        }
    };
    let floats = numpy.call_method1("require", (channels, "float32", ["C_CONTIGUOUS", "ALIGNED"]))?;
    floats.extract()
}

/// How recordings are read.
pub struct Options {
    pub channel: Option<Channel>,
    reference: Option<SpeakerReference>,
}

impl Options {
    /// Reads a channel's name or number, and checks that a reference belongs to the model.
    pub fn new(
        channel: Option<&Bound<'_, PyAny>>,
        reference: Option<&Bound<'_, PySpeakerReference>>,
        model: &Model,
    ) -> PyResult<Self> {
        let channel = match channel {
            Some(channel) => Some(channel.str()?.to_cow()?.parse()?),
            None => None,
        };
        let reference = reference.map(|reference| reference.get().0.clone());
        if let Some(reference) = &reference {
            model.condition_on(reference)?;
        }
        Ok(Self { channel, reference })
    }

    /// Sets what an analyzer of the model does with subsequent recordings.
    pub fn apply(&self, analyzer: &mut Analyzer) {
        analyzer.choose_channel(self.channel);
        analyzer.set_speaker(self.reference.clone()).expect("it belongs to the model");
    }
}
