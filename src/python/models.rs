//! Models by name, in the package, or by the path of their folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf, absolute};
use std::{fs, io};

use pyo3::prelude::*;

use super::errors::coded;

/// A folder with a model.
pub struct ModelFolder {
    /// Where it is.
    pub path: PathBuf,
    /// What finds it in another process: its name, if it is in the package, which may lie elsewhere there.
    pub address: OsString,
}

impl ModelFolder {
    /// Finds a model.
    pub fn find(py: Python<'_>, model: &Path) -> PyResult<Self> {
        let package: PathBuf = py.import("sottovoce")?.getattr("__path__")?.get_item(0)?.extract()?;
        let package = package.join("models");
        let names = names_in(&package)?;
        if names.iter().any(|name| name == model.as_os_str()) {
            return Ok(Self { path: package.join(model), address: model.into() });
        }
        if model.join("model.json").is_file() {
            let path = absolute(model)?;
            return Ok(Self { address: path.clone().into(), path });
        }
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
        let message = format!(
            "There is no model '{}'. The package has {}; for another, give the path of a folder with its model.json.",
            model.display(),
            names.join(", "),
        );
        Err(coded(&message, "no-model"))
    }
}

fn names_in(folder: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
}
