//! The recordings below a folder.

use std::fs::{DirEntry, read_dir};
use std::io;
use std::path::{Path, PathBuf};

use super::{BatchError, Entry, Visit, at};

/// How names of recordings end, those of formats that are named in an error among them: a recording that cannot be read
/// has a row, too. Other files are no recordings. The contents decide how a file is read.
const EXTENSIONS: [&str; 28] = [
    "3gp", "aac", "aif", "aifc", "aiff", "amr", "asf", "caf", "flac", "m4a", "m4b", "m4v", "mka", "mkv",
    "mov", "mp2", "mp3", "mp4", "oga", "ogg", "opus", "rf64", "sph", "w64", "wav", "wave", "webm", "wma",
];

/// Passes the recordings below a folder to `visit`, ordered by the bytes of their paths. Hidden files and folders are left
/// out.
pub fn each(folder: &Path, visit: &mut Visit) -> Result<(), BatchError> {
    let real = folder.canonicalize().map_err(at(folder))?;
    Walk { above: vec![real], visit }.folder(folder, b"")
}

struct Walk<'a, 'b> {
    /// The folders that lead to the current one, without links.
    above: Vec<PathBuf>,
    visit: &'a mut Visit<'b>,
}

impl Walk<'_, '_> {
    fn folder(&mut self, folder: &Path, prefix: &[u8]) -> Result<(), BatchError> {
        let listed: io::Result<Vec<DirEntry>> = read_dir(folder).and_then(Iterator::collect);
        let mut names: Vec<(Vec<u8>, PathBuf)> =
            listed.map_err(at(folder))?.iter().filter_map(|entry| named(prefix, entry)).collect();
        names.sort();
        for (name, path) in names {
            if !name.ends_with(b"/") {
                (self.visit)(&Entry { name: &name, carried: Vec::new() })?;
                continue;
            }
            let real = path.canonicalize().map_err(at(&path))?;
            // A link may lead around in a circle.
            if !self.above.contains(&real) {
                self.above.push(real);
                self.folder(&path, &name)?;
                self.above.pop();
            }
        }
        Ok(())
    }
}

/// The name of a recording or, with a slash at its end, of a folder, so that both have their places in the order of paths.
fn named(prefix: &[u8], entry: &DirEntry) -> Option<(Vec<u8>, PathBuf)> {
    let (path, file_name) = (entry.path(), entry.file_name());
    let file_name = file_name.as_encoded_bytes();
    let end: &[u8] = match path.is_dir() {
        true => b"/",
        false if is_recording(&path) => b"",
        false => return None,
    };
    (!file_name.starts_with(b".")).then(|| ([prefix, file_name, end].concat(), path))
}

fn is_recording(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
