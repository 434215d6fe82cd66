//! Analysis of recordings.

use std::ffi::OsString;
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use burn::tensor::Device;
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use pythonize::pythonize;
use serde::Serialize;

use super::errors::of_file;
use super::follow::PyWindows;
use super::input::{Options, lend};
use super::models::ModelFolder;
use super::signals::interruptible;
use super::speaker::PySpeakerReference;
use crate::analyzer::{Analysis, FileError, Report, SharedAnalyzer};
use crate::audio::{Limits, Stream, WindowSettings, Windows};
use crate::model::Model;
use crate::parallel::{cores, map};

/// A model that predicts the emotion in recordings.
///
/// ``model`` is the name of a model in the package, ``voice``, or the path of a folder with a ``model.json``.
///
/// A recording is a path, the bytes of a file (WAV, AIFF, FLAC, MP3, AAC, Ogg, WebM, M4A, MP4, MOV or CAF), or a NumPy array with its
/// ``rate`` in Hz: of samples, or of samples × channels; float32 or float64 from -1 to 1, or int16, which is divided by 32768. Contiguous
/// float32 is not copied, and must not change meanwhile. ``channel`` is ``"left"``, ``"right"`` or a number from 1; otherwise all are
/// mixed. ``reference`` conditions predictions on other recordings of the speaker.
///
/// Several threads can use an analyzer at once; none holds the GIL while it computes. Pickles hold the model's name or path: a process
/// loads it once, however often it is unpickled.
#[pyclass(name = "Analyzer", module = "sottovoce", frozen)]
pub struct PyAnalyzer {
    analyzer: Arc<SharedAnalyzer>,
    address: OsString,
}

/// The entry of a file in a batch that could not be analysed.
#[derive(Serialize)]
struct Failure {
    error: Reason,
}

#[derive(Serialize)]
struct Reason {
    code: &'static str,
    message: String,
}

#[pymethods]
impl PyAnalyzer {
    #[new]
    #[pyo3(signature = (model = PathBuf::from("voice")), text_signature = "(model='voice')")]
    fn new(py: Python<'_>, model: PathBuf) -> PyResult<Self> {
        let ModelFolder { path, address } = ModelFolder::find(py, &model)?;
        let model = py.detach(|| Model::load(path, &Device::flex()))?;
        Ok(Self { analyzer: Arc::new(SharedAnalyzer::new(model)), address })
    }

    /// The name of the model.
    #[getter]
    fn model(&self) -> &str {
        &self.analyzer.model().manifest().name
    }

    /// Predicts the emotion in a recording, from where speech begins.
    ///
    /// Returns what ``sottovoce predict --json`` prints, without ``file``. Show no ``label`` without its ``certainty``.
    #[pyo3(signature = (audio, rate=None, *, channel=None, reference=None))]
    fn predict<'py>(
        &self,
        audio: &Bound<'py, PyAny>,
        rate: Option<u32>,
        channel: Option<&Bound<'py, PyAny>>,
        reference: Option<&Bound<'py, PySpeakerReference>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let options = Options::new(channel, reference, self.analyzer.model())?;
        let report = self.analyze(audio, rate, &options, |analysis| analysis.report())?;
        Ok(pythonize(audio.py(), &report)?)
    }

    /// Predicts the emotion in many files, on ``threads`` threads: one a core by default.
    ///
    /// Returns a list in the order of ``paths``. The entry of a file that cannot be read or decoded is
    /// ``{"error": {"code": …, "message": …}}``, as on the command line; the others are those of ``predict``.
    #[pyo3(signature = (paths, threads=None, *, channel=None, reference=None))]
    fn predict_batch<'py>(
        &self,
        paths: &Bound<'py, PyAny>,
        threads: Option<NonZeroUsize>,
        channel: Option<&Bound<'py, PyAny>>,
        reference: Option<&Bound<'py, PySpeakerReference>>,
    ) -> PyResult<Bound<'py, PyList>> {
        if paths.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("paths is an iterable of paths; predict takes a single one"));
        }
        let py = paths.py();
        let options = Options::new(channel, reference, self.analyzer.model())?;
        let paths = paths.try_iter()?.map(|path| path?.extract()).collect::<PyResult<Vec<PathBuf>>>()?;
        let threads = threads.map_or_else(cores, NonZeroUsize::get).min(paths.len());
        let results = interruptible(py, |is_stopped| {
            map(&paths, vec![(); threads], |(), path| {
                (!is_stopped.load(Ordering::Relaxed)).then(|| self.report_of(path, &options))
            })
        })?;
        let entries = PyList::empty(py);
        for result in results.into_iter().flatten() {
            entries.append(match result {
                Ok(report) => pythonize(py, &report)?,
                Err(error) => {
                    let reason = Reason { code: error.code(), message: error.to_string() };
                    pythonize(py, &Failure { error: reason })?
                }
            })?;
        }
        Ok(entries)
    }

    /// The embedding of a recording: the output of the network before its output layer.
    ///
    /// Returns float32 of shape (dimensions,), 256 of them for ``voice``. Without speech it means little; ``predict`` says so.
    #[pyo3(signature = (audio, rate=None, *, channel=None))]
    fn embed<'py>(
        &self,
        audio: &Bound<'py, PyAny>,
        rate: Option<u32>,
        channel: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let options = Options::new(channel, None, self.analyzer.model())?;
        let embedding = self.analyze(audio, rate, &options, |analysis| analysis.embedding)?;
        Ok(embedding.into_pyarray(audio.py()))
    }

    /// Predicts the emotion in a file of any length, in windows of four seconds that start every ``step_s`` seconds, 0.25 to 4.
    ///
    /// Returns an iterator over what ``sottovoce follow --format json`` prints for each window. The file is decoded as far as it is asked
    /// for.
    #[pyo3(signature = (path, step_s=2.0, *, channel=None, reference=None))]
    fn follow(
        &self,
        path: PathBuf,
        step_s: f32,
        channel: Option<&Bound<'_, PyAny>>,
        reference: Option<&Bound<'_, PySpeakerReference>>,
        py: Python<'_>,
    ) -> PyResult<PyWindows> {
        let settings = WindowSettings::every(step_s)?;
        let options = Options::new(channel, reference, self.analyzer.model())?;
        let open = || -> Result<Stream<'static>, FileError> {
            Ok(Stream::open(Box::new(File::open(&path)?), &Limits::default())?)
        };
        let stream = py.detach(open).map_err(|error| of_file(&path, error))?;
        let windows = Windows::new(stream.with_channel(options.channel), &settings);
        Ok(PyWindows::new(windows, self.analyzer.clone(), options))
    }

    /// The reference of the speaker of a recording, for ``reference``; ``None`` without speech.
    #[pyo3(signature = (audio, rate=None, *, channel=None))]
    fn enrol(
        &self,
        audio: &Bound<'_, PyAny>,
        rate: Option<u32>,
        channel: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<PySpeakerReference>> {
        // Models that take none say so.
        self.analyzer.model().empty_reference()?;
        let options = Options::new(channel, None, self.analyzer.model())?;
        let enrolment = self.analyze(audio, rate, &options, |analysis| analysis.enrolment().cloned())?;
        Ok(enrolment.map(PySpeakerReference))
    }

    fn __repr__(&self) -> String {
        format!("Analyzer({:?})", self.address)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (OsString,))> {
        Ok((py.import("sottovoce._pickle")?.getattr("load")?, (self.address.clone(),)))
    }
}

impl PyAnalyzer {
    fn analyze<R: Send>(
        &self,
        audio: &Bound<'_, PyAny>,
        rate: Option<u32>,
        options: &Options,
        result: impl FnOnce(Analysis) -> R + Send,
    ) -> PyResult<R> {
        lend(audio, rate, |source| {
            self.analyzer.with(|analyzer| {
                options.apply(analyzer);
                Ok(result(source.analyze(analyzer)?))
            })
        })
    }

    fn report_of(&self, path: &Path, options: &Options) -> Result<Report, FileError> {
        self.analyzer.with(|analyzer| {
            options.apply(analyzer);
            Ok(analyzer.analyze_path(path)?.report())
        })
    }
}
