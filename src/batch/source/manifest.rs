//! A CSV file with a column of paths.

use std::fs::File;
use std::path::Path;

use csv::{ByteRecord, Reader};

use super::{BatchError, Entry, Visit};

const FILE: &[u8] = b"file";

/// Names of the columns other than `file`.
pub fn carried(path: &Path) -> Result<Vec<String>, BatchError> {
    let (mut reader, place) = open(path)?;
    let headers = reader.byte_headers().map_err(failed(path))?;
    Ok(others(headers, place).map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

/// Passes the lines of a file to `visit`.
pub fn each(path: &Path, visit: &mut Visit) -> Result<(), BatchError> {
    let (mut reader, place) = open(path)?;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(failed(path))? {
        visit(&Entry { name: &record[place], carried: others(&record, place).collect() })?;
    }
    Ok(())
}

/// Opens a file and finds its column of paths.
fn open(path: &Path) -> Result<(Reader<File>, usize), BatchError> {
    let mut reader = Reader::from_path(path).map_err(failed(path))?;
    let headers = reader.byte_headers().map_err(failed(path))?;
    let place = headers.iter().position(|name| name == FILE);
    place.map(|place| (reader, place)).ok_or_else(|| BatchError::NoColumn(path.to_owned()))
}

/// The values of a line without that of the column at `place`.
fn others(record: &ByteRecord, place: usize) -> impl Iterator<Item = &[u8]> {
    record.iter().enumerate().filter(move |(index, _)| *index != place).map(|(_, value)| value)
}

fn failed(path: &Path) -> impl Fn(csv::Error) -> BatchError + '_ {
    move |source| BatchError::Csv { path: path.to_owned(), source }
}
