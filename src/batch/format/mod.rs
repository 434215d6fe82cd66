//! The formats of the output. A part of a batch has the format of the whole, without what stands there once.

mod audformat;
mod csv;
mod jsonl;
mod parquet;
mod text;

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::columns::Column;
use super::input::Input;
use super::row::Row;

/// A format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// [Apache Parquet](https://parquet.apache.org), compressed with Snappy.
    Parquet,
    /// Comma-separated values, with a header; what is missing is empty.
    Csv,
    /// A JSON object per line.
    Jsonl,
    /// A folder that [audformat](https://audeering.github.io/audformat/) loads.
    Audformat,
}

/// A part of the output as it is written.
pub trait PartWriter {
    /// Writes the rows of an input.
    fn write(&mut self, input: &Input, rows: &[Row]) -> io::Result<()>;

    /// Gives the part its name.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Format {
    const ALL: [Self; 4] = [Self::Parquet, Self::Csv, Self::Jsonl, Self::Audformat];

    /// Its name, and the extension of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Audformat => "audformat",
        }
    }

    /// The format with this extension.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        Self::ALL.into_iter().find(|format| extension.eq_ignore_ascii_case(format.name()))
    }

    /// Whether rows may have vectors.
    pub(super) fn has_vectors(self) -> bool {
        matches!(self, Self::Parquet | Self::Jsonl)
    }

    /// The file whose presence means that there is an output at `out`.
    pub(super) fn made(self, out: &Path) -> PathBuf {
        match self {
            Self::Audformat => audformat::description_in(out),
            _ => out.to_owned(),
        }
    }

    /// Begins a part.
    pub(super) fn part<'a>(self, columns: &'a [Column], path: &Path) -> io::Result<Box<dyn PartWriter + 'a>> {
        Ok(match self {
            Self::Parquet => Box::new(parquet::Part::create(columns, path)?),
            Self::Csv => Box::new(text::Part::create(columns, csv::line, path)?),
            Self::Jsonl => Box::new(text::Part::create(columns, jsonl::line, path)?),
            Self::Audformat => Box::new(text::Part::create(columns, audformat::line, path)?),
        })
    }

    /// Makes one output of all parts, in their order.
    pub(super) fn join(self, columns: &[Column], parts: &[PathBuf], out: &Path) -> io::Result<()> {
        match self {
            Self::Parquet => parquet::join(columns, parts, out),
            Self::Csv => text::join(&csv::header(columns), parts, out),
            Self::Jsonl => text::join("", parts, out),
            Self::Audformat => audformat::join(columns, parts, out),
        }
    }
}

impl Display for Format {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    /// `parquet`, `csv`, `jsonl` or `audformat`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| format!("'{name}' is not one of parquet, csv, jsonl and audformat"))
    }
}
