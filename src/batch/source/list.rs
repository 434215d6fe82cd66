//! A text file with one path per line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::{BatchError, Entry, Visit, at};

/// Passes the lines of a file to `visit`, except empty ones.
pub fn each(path: &Path, visit: &mut Visit) -> Result<(), BatchError> {
    let mut lines = BufReader::new(File::open(path).map_err(at(path))?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(at(path))? > 0 {
        // No path has a zero, and recordings do.
        if line.contains(&0) {
            return Err(BatchError::NoList(path.to_owned()));
        }
        let name = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if !name.is_empty() {
            visit(&Entry { name, carried: Vec::new() })?;
        }
        line.clear();
    }
    Ok(())
}
