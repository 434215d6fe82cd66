//! Comma-separated values.

use std::borrow::Cow;

use crate::batch::columns::{Cell, Column, Content};

/// The line with the names of the columns.
pub fn header(columns: &[Column]) -> String {
    record(columns.iter().map(|column| column.name.as_str().into()))
}

/// The line of a row.
pub fn line(cells: &[(&Column, Cell)]) -> String {
    record(cells.iter().map(|(_, cell)| value(cell)))
}

/// The text of a cell. Floats have the digits that distinguish them from all others of their width.
pub fn value<'a>(cell: &'a Cell) -> Cow<'a, str> {
    match cell {
        None => "".into(),
        Some(Content::Text(text)) => text.as_ref().into(),
        Some(Content::Float(value)) => value.to_string().into(),
        Some(Content::Time(value)) => value.to_string().into(),
        Some(Content::Integer(value)) => value.to_string().into(),
        Some(Content::Vector(_)) => unreachable!("vectors are refused in this format"),
    }
}

/// The line of some values, quoted where that is needed.
pub fn record<'a>(values: impl Iterator<Item = Cow<'a, str>>) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(values.map(|value| value.into_owned())).expect("memory takes all");
    String::from_utf8(writer.into_inner().expect("memory takes all")).expect("made of text")
}
