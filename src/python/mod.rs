//! The extension module of the Python package, `sottovoce._engine`: types across the boundary, no logic.
//!
//! Results are plain dictionaries with the fields of the command line's JSON, and NumPy arrays. `python/sottovoce/_engine.pyi` declares
//! their types.

mod analyzer;
mod errors;
mod features;
mod follow;
mod input;
mod models;
mod signals;
mod speaker;

/// Predicts which of seven emotions a voice expresses.
#[pyo3::pymodule]
mod _engine {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::analyzer::PyAnalyzer;
    #[pymodule_export]
    use super::features::{log_mel, mfcc_rms};
    #[pymodule_export]
    use super::follow::PyWindows;
    #[pymodule_export]
    use super::speaker::PySpeakerReference;
    use crate::audio::hush_decoder_panics;

    #[pymodule_export]
    #[allow(non_upper_case_globals)] // Python's name.
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(_module: &Bound<'_, PyModule>) -> PyResult<()> {
        hush_decoder_panics();
        Ok(())
    }
}
