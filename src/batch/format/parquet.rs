//! Apache Parquet.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow_array::types::Float32Type;
use arrow_array::{
    ArrayRef, FixedSizeListArray, Float32Array, Float64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};

use super::PartWriter;
use crate::batch::columns::{Cell, Column, Content, Kind};
use crate::batch::input::Input;
use crate::batch::row::Row;
use crate::files::WholeFile;

/// Rows that are read together: some megabytes with embeddings.
const ROWS_PER_GROUP: usize = 16_384;

/// A part, input by input.
pub struct Part<'a> {
    columns: &'a [Column],
    writer: ArrowWriter<WholeFile>,
}

impl<'a> Part<'a> {
    pub fn create(columns: &'a [Column], path: &Path) -> io::Result<Self> {
        Ok(Self { columns, writer: create(columns, path)? })
    }
}

impl PartWriter for Part<'_> {
    fn write(&mut self, input: &Input, rows: &[Row]) -> io::Result<()> {
        let arrays = self.columns.iter().map(|column| {
            let cells = rows.iter().map(|row| column.cell(input, row));
            array(column.kind, cells)
        });
        let batch = RecordBatch::try_new(schema(self.columns), arrays.collect()).map_err(arrow_failed)?;
        self.writer.write(&batch).map_err(failed)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.writer.into_inner().map_err(failed)?.finish()
    }
}

/// Writes the rows of all parts in larger groups.
pub fn join(columns: &[Column], parts: &[PathBuf], out: &Path) -> io::Result<()> {
    let mut writer = create(columns, out)?;
    for part in parts {
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(File::open(part)?).and_then(|part| part.build());
        for batch in reader.map_err(failed)? {
            writer.write(&batch.map_err(arrow_failed)?).map_err(failed)?;
        }
    }
    writer.into_inner().map_err(failed)?.finish()
}

fn create(columns: &[Column], path: &Path) -> io::Result<ArrowWriter<WholeFile>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP));
    let file = WholeFile::create(path)?;
    ArrowWriter::try_new(file, schema(columns), Some(properties.build())).map_err(failed)
}

fn schema(columns: &[Column]) -> Arc<Schema> {
    // All but the name of a recording may be missing.
    let fields = columns.iter().enumerate();
    let fields = fields.map(|(place, column)| Field::new(&column.name, data_type(column.kind), place > 0));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::Utf8,
        Kind::Float => DataType::Float32,
        Kind::Time => DataType::Float64,
        Kind::Integer => DataType::UInt32,
        Kind::Vector(size) => DataType::new_fixed_size_list(DataType::Float32, size as i32, true),
    }
}

fn array<'a>(kind: Kind, cells: impl Iterator<Item = Cell<'a>>) -> ArrayRef {
    /// The values of one kind.
    macro_rules! values {
        ($content:ident) => {
            cells.map(|cell| {
                cell.map(|content| match content {
                    Content::$content(value) => value,
                    other => unreachable!("{other:?} in a column of another kind"),
                })
            })
        };
    }
    match kind {
        Kind::Text => Arc::new(StringArray::from_iter(values!(Text))),
        Kind::Float => Arc::new(Float32Array::from_iter(values!(Float))),
        Kind::Time => Arc::new(Float64Array::from_iter(values!(Time))),
        Kind::Integer => Arc::new(UInt32Array::from_iter(values!(Integer))),
        Kind::Vector(size) => {
            let vectors = values!(Vector).map(|vector| vector.map(|values| values.iter().copied().map(Some)));
            Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors, size as i32))
        }
    }
}

/// What the system says, or else what the library does.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}

fn arrow_failed(error: ArrowError) -> io::Error {
    io::Error::other(error)
}
