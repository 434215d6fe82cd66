//! A recording to read, and how it is kept on the list of them.

use std::io;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, Writer};

use super::columns::FILE;
use crate::files::WholeFile;

/// A recording to read.
#[derive(Debug)]
pub struct Input {
    /// Its name in the output.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Values of further columns.
    pub carried: Vec<String>,
}

/// A recording as its source names it.
pub struct Entry<'a> {
    /// Its path from the source's folder, in the system's encoding.
    pub name: &'a [u8],
    /// Values of further columns.
    pub carried: Vec<&'a [u8]>,
}

/// Writes the list of a batch: path, size in bytes so that a changed recording is noticed, further columns.
pub struct ListWriter(Writer<WholeFile>);

impl ListWriter {
    pub fn create(path: &Path, carried: &[String]) -> csv::Result<Self> {
        let mut writer = Writer::from_writer(WholeFile::create(path)?);
        writer.write_record([FILE, "bytes"].into_iter().chain(carried.iter().map(String::as_str)))?;
        Ok(Self(writer))
    }

    pub fn add(&mut self, entry: &Entry, base: &Path) -> csv::Result<()> {
        let size = base.join(path_of(entry.name)).metadata().map(|data| data.len().to_string());
        let size = size.unwrap_or_default();
        self.0.write_record([entry.name, size.as_bytes()].into_iter().chain(entry.carried.iter().copied()))
    }

    pub fn finish(self) -> io::Result<()> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)?.finish()
    }
}

/// The inputs on the list of a batch whose names are relative to `base`.
pub fn read_list(path: &Path, base: PathBuf) -> csv::Result<impl Iterator<Item = csv::Result<Input>>> {
    let records = Reader::from_path(path)?.into_byte_records();
    Ok(records.map(move |record| record.map(|record| Input::from_record(&base, &record))))
}

impl Input {
    fn from_record(base: &Path, record: &ByteRecord) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = &record[0];
        Self {
            name: text(name),
            path: base.join(path_of(name)),
            carried: record.iter().skip(2).map(text).collect(),
        }
    }
}

/// The path that has these bytes. Names in old archives need not be UTF-8.
#[cfg(unix)]
fn path_of(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(name).into()
}

#[cfg(not(unix))]
fn path_of(name: &[u8]) -> PathBuf {
    String::from_utf8_lossy(name).into_owned().into()
}
