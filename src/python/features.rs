//! Feature maps.

use numpy::{IntoPyArray, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use super::input::lend;
use crate::features::{FeatureKind, FrontEnd, FrontEndSettings};

/// MFCCs and RMS of a recording, as the paper's networks get them.
///
/// The same as ``sottovoce features --kind mfcc_rms --no-clip``: the recording is mixed to mono and resampled to 16 kHz; frames of 2048
/// samples, 297 apart. Equal to librosa's ``feature.mfcc(n_mfcc=40)`` above ``feature.rms``, padded with zeros.
///
/// Returns float32 of shape (41, frames): 40 coefficients, then the RMS.
#[pyfunction]
#[pyo3(signature = (audio, rate=None))]
pub fn mfcc_rms<'py>(audio: &Bound<'py, PyAny>, rate: Option<u32>) -> PyResult<Bound<'py, PyArray2<f32>>> {
    extract(audio, rate, FeatureKind::MfccRms)
}

/// The log-mel spectrogram of a recording in decibels, as the paper's networks get it.
///
/// The same as ``sottovoce features --kind log_mel --no-clip``: the recording is mixed to mono and resampled to 16 kHz; frames of 2048
/// samples, 512 apart. Equal to librosa's ``power_to_db(feature.melspectrogram(n_mels=128))``, padded with zeros.
///
/// Returns float32 of shape (128, frames), lowest band first.
#[pyfunction]
#[pyo3(signature = (audio, rate=None))]
pub fn log_mel<'py>(audio: &Bound<'py, PyAny>, rate: Option<u32>) -> PyResult<Bound<'py, PyArray2<f32>>> {
    extract(audio, rate, FeatureKind::LogMel)
}

fn extract<'py>(
    audio: &Bound<'py, PyAny>,
    rate: Option<u32>,
    kind: FeatureKind,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let map = lend(audio, rate, |source| {
        let recording = source.decode()?;
        let front_end = FrontEnd::new(&FrontEndSettings::of(kind));
        Ok(front_end.expect("the paper's settings").extract(&recording.samples))
    })?;
    let shape = [map.rows(), map.columns()];
    map.into_values().into_pyarray(audio.py()).reshape(shape)
}
