//! The log of a run.

use std::path::Path;

use serde::Serialize;

use super::{RunError, failed};
use crate::files::write_atomically;

/// Writes `log.jsonl` in the folder of a run, one JSON object per line. All lines are written anew, so that a resumed run has
/// them whole.
///
/// # Errors
/// [`RunError`] when the file cannot be written.
pub fn write_log<T: Serialize>(run: &Path, entries: &[T]) -> Result<(), RunError> {
    let lines: String =
        entries.iter().map(|entry| serde_json::to_string(entry).expect("plain data") + "\n").collect();
    let path = run.join("log.jsonl");
    write_atomically(&path, lines.as_bytes()).map_err(|error| failed(&path, &error))
}
