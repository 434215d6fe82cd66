//! Windows of recordings of any length.

use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::prelude::*;
use pythonize::pythonize;

use super::input::Options;
use crate::analyzer::{Note, SharedAnalyzer};
use crate::audio::Windows;
use crate::timeline::TimelineWindow;

/// The windows of a recording, in order; each is read when it is asked for.
#[pyclass(name = "Windows", module = "sottovoce", frozen)]
pub struct PyWindows {
    windows: Mutex<Windows<'static>>,
    analyzer: Arc<SharedAnalyzer>,
    options: Options,
}

#[pymethods]
impl PyWindows {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match py.detach(|| self.read_next())? {
            Some(window) => Ok(Some(pythonize(py, &window)?)),
            None => Ok(None),
        }
    }

    /// Seconds of audio that are missing or could not be decoded; complete once there are no more windows.
    #[getter]
    fn lost_s(&self) -> f32 {
        self.windows().lost_s()
    }

    /// Notes on channels and tracks; complete once there are no more windows.
    #[getter]
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let windows = self.windows();
        let notes = windows.notes().into_iter().map(|code| Note::new(code, windows.lost_s()));
        Ok(pythonize(py, &notes.collect::<Vec<_>>())?)
    }
}

impl PyWindows {
    pub fn new(windows: Windows<'static>, analyzer: Arc<SharedAnalyzer>, options: Options) -> Self {
        Self { windows: Mutex::new(windows), analyzer, options }
    }

    fn windows(&self) -> MutexGuard<'_, Windows<'static>> {
        self.windows.lock().expect("reading does not panic")
    }

    fn read_next(&self) -> PyResult<Option<TimelineWindow>> {
        let Some(window) = self.windows().next().transpose()? else { return Ok(None) };
        let span_s = [window.start_s, window.end_s()];
        let analysis = self.analyzer.with(|analyzer| {
            self.options.apply(analyzer);
            analyzer.read_window(window)
        });
        Ok(Some(match analysis {
            Some(analysis) => TimelineWindow::new(span_s, &analysis.report().opinion, ""),
            None => TimelineWindow::without_speech(span_s, ""),
        }))
    }
}
