//! Speaker references.

use pyo3::prelude::*;

use crate::model::SpeakerReference;

/// Other recordings of a speaker, which predictions can be conditioned on.
///
/// ``Analyzer.enrol`` makes that of one recording. It holds sums over recordings: they can be merged in any order and removed again. It
/// belongs to the model that made it.
#[pyclass(name = "SpeakerReference", module = "sottovoce", frozen, eq)]
#[derive(PartialEq)]
pub struct PySpeakerReference(pub SpeakerReference);

#[pymethods]
impl PySpeakerReference {
    /// Number of recordings.
    #[getter]
    fn clips(&self) -> u64 {
        self.0.clips()
    }

    /// Their total length in seconds of audio that was encoded.
    #[getter]
    fn seconds(&self) -> f32 {
        self.0.seconds()
    }

    /// A reference with the recordings of both.
    fn merge(&self, other: &Self) -> PyResult<Self> {
        let mut merged = self.0.clone();
        merged.merge(&other.0)?;
        Ok(Self(merged))
    }

    /// A reference without recordings that were merged before.
    fn remove(&self, other: &Self) -> PyResult<Self> {
        let mut rest = self.0.clone();
        rest.remove(&other.0)?;
        Ok(Self(rest))
    }

    /// The text for ``from_json``, the command line's ``--reference`` and the npm package.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The reference in a text from ``to_json`` or ``sottovoce predict --write-reference``.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        Ok(Self(SpeakerReference::parse(text)?))
    }

    fn __repr__(&self) -> String {
        format!("<SpeakerReference: {} clips, {:.1} s>", self.clips(), self.seconds())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((py.get_type::<Self>().getattr("from_json")?, (self.to_json(),)))
    }
}
