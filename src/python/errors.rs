//! Errors as exceptions.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::Path;

use pyo3::PyErr;

use crate::analyzer::FileError;
use crate::audio::{AudioError, StepOutOfRange, UnknownChannel};
use crate::model::{ModelError, SpeakerReferenceError};

/// The classes in Python.
mod classes {
    pyo3::import_exception!(sottovoce._errors, SottovoceError);
    pyo3::import_exception!(sottovoce._errors, FileError);
    pyo3::import_exception!(sottovoce._errors, MissingFileError);
}

/// A `SottovoceError` with a stable code.
pub fn coded(error: &dyn Display, code: &'static str) -> PyErr {
    classes::SottovoceError::new_err((error.to_string(), code))
}

/// The exception for a file that cannot be read or decoded.
pub fn of_file(path: &Path, error: FileError) -> PyErr {
    match error {
        FileError::Unreadable(error) => of_system(path, &error),
        FileError::Audio(error) => error.into(),
    }
}

fn of_system(path: &Path, error: &io::Error) -> PyErr {
    let text = error.to_string();
    // Python puts the number first.
    let reason = text.split(" (os error").next().unwrap_or_default().to_owned();
    let arguments = (error.raw_os_error(), reason, path.as_os_str().to_owned());
    match error.kind() {
        ErrorKind::NotFound => classes::MissingFileError::new_err(arguments),
        _ => classes::FileError::new_err(arguments),
    }
}

impl From<AudioError> for PyErr {
    fn from(error: AudioError) -> Self {
        coded(&error, error.code())
    }
}

impl From<ModelError> for PyErr {
    fn from(error: ModelError) -> Self {
        coded(&error, error.code())
    }
}

impl From<SpeakerReferenceError> for PyErr {
    fn from(error: SpeakerReferenceError) -> Self {
        coded(&error, error.code())
    }
}

impl From<StepOutOfRange> for PyErr {
    fn from(error: StepOutOfRange) -> Self {
        coded(&error, "out-of-range")
    }
}

impl From<UnknownChannel> for PyErr {
    fn from(error: UnknownChannel) -> Self {
        coded(&error, "no-such-channel")
    }
}
