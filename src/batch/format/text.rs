//! Formats of lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::PartWriter;
use crate::batch::columns::{Cell, Column};
use crate::batch::input::Input;
use crate::batch::row::Row;
use crate::files::WholeFile;

/// Makes a line of the cells of a row.
type Line = fn(&[(&Column, Cell)]) -> String;

/// A part, line by line.
pub struct Part<'a> {
    columns: &'a [Column],
    line: Line,
    file: BufWriter<WholeFile>,
}

impl<'a> Part<'a> {
    pub fn create(columns: &'a [Column], line: Line, path: &Path) -> io::Result<Self> {
        Ok(Self { columns, line, file: BufWriter::new(WholeFile::create(path)?) })
    }
}

impl PartWriter for Part<'_> {
    fn write(&mut self, input: &Input, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            let cells: Vec<(&Column, Cell)> =
                self.columns.iter().map(|column| (column, column.cell(input, row))).collect();
            self.file.write_all((self.line)(&cells).as_bytes())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}

/// Writes the lines of all parts after a header.
pub fn join(header: &str, parts: &[PathBuf], out: &Path) -> io::Result<()> {
    let mut file = WholeFile::create(out)?;
    file.write_all(header.as_bytes())?;
    for part in parts {
        io::copy(&mut File::open(part)?, &mut file)?;
    }
    file.finish()
}
