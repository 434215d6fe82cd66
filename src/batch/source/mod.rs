//! Where the inputs of a batch come from.

mod folder;
mod list;
mod manifest;

use std::path::{Path, PathBuf};

use super::error::{BatchError, at};
use super::input::Entry;

/// A folder of recordings, a list of them, or a CSV file with a column `file`.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    kind: Kind,
    carried: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Folder,
    List,
    Manifest,
}

/// Takes the inputs of a source, one after the other.
type Visit<'a> = dyn FnMut(&Entry) -> Result<(), BatchError> + 'a;

impl Source {
    /// Opens a folder, a file whose name ends in `.csv`, or a text file with one path per line.
    ///
    /// # Errors
    /// [`BatchError`] if it cannot be read, or a CSV file has no column `file`.
    pub fn open(path: &Path) -> Result<Self, BatchError> {
        let is_folder = path.metadata().map_err(at(path))?.is_dir();
        let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let (kind, carried) = match (is_folder, is_csv) {
            (true, _) => (Kind::Folder, Vec::new()),
            (_, true) => (Kind::Manifest, manifest::carried(path)?),
            _ => (Kind::List, Vec::new()),
        };
        Ok(Self { path: path.to_owned(), kind, carried })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the columns that it has in addition to `file`.
    pub fn carried(&self) -> &[String] {
        &self.carried
    }

    /// The folder that names are relative to: the source itself, or the one it is in.
    pub fn base(&self) -> PathBuf {
        match self.kind {
            Kind::Folder => self.path.clone(),
            Kind::List | Kind::Manifest => self.path.parent().unwrap_or(Path::new("")).to_owned(),
        }
    }

    /// Passes all inputs to `visit`, in their order.
    pub(super) fn each(&self, visit: &mut Visit) -> Result<(), BatchError> {
        match self.kind {
            Kind::Folder => folder::each(&self.path, visit),
            Kind::List => list::each(&self.path, visit),
            Kind::Manifest => manifest::each(&self.path, visit),
        }
    }
}
