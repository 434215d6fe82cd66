//! The columns of the output: their names, what they hold, and where it comes from.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::input::Input;
use super::row::{ClipFacts, Opinion, Reading, Row};
use super::{BatchError, InputError, Options};
use crate::model::Emotion;

/// A column of the output.
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    value: Box<Value>,
}

type Value = dyn for<'a> Fn(&'a Input, &'a Row) -> Cell<'a> + Send + Sync;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A 32-bit float.
    Float,
    /// A time in a recording, in seconds, as a 64-bit float.
    Time,
    /// A whole number.
    Integer,
    /// So many 32-bit floats.
    Vector(usize),
}

/// A value in a column; nothing where there is none.
pub type Cell<'a> = Option<Content<'a>>;

/// A value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Content<'a> {
    Text(Cow<'a, str>),
    Float(f32),
    Time(f64),
    Integer(u32),
    Vector(&'a [f32]),
}

impl Column {
    fn new(
        name: impl Into<String>,
        kind: Kind,
        value: impl for<'a> Fn(&'a Input, &'a Row) -> Cell<'a> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), kind, value: Box::new(value) }
    }

    /// The value in the row of an input.
    pub fn cell<'a>(&self, input: &'a Input, row: &'a Row) -> Cell<'a> {
        (self.value)(input, row)
    }
}

/// Name of the column with the names of recordings.
pub const FILE: &str = "file";
/// Names of the columns with the start and the end of a window.
pub const WINDOW: [&str; 2] = ["start_s", "end_s"];

/// The columns of a batch with a model of this name and this size of embeddings, whose source has further columns.
///
/// # Errors
/// [`BatchError::SameName`] if two would have one name.
pub fn columns(
    options: &Options,
    model: &str,
    embedding: usize,
    carried: &[String],
) -> Result<Vec<Column>, BatchError> {
    let mut columns = vec![Column::new(FILE, Kind::Text, |input, _| text(&input.name))];
    if options.windows.is_some() {
        columns.extend([
            Column::new(WINDOW[0], Kind::Time, |_, row| Some(Content::Time(row.window_s?[0]))),
            Column::new(WINDOW[1], Kind::Time, |_, row| Some(Content::Time(row.window_s?[1]))),
        ]);
    }
    columns.extend([
        Column::new("error_code", Kind::Text, |_, row| text(error(row)?.code())),
        Column::new("error_message", Kind::Text, |_, row| text(error(row)?.to_string())),
        Column::new("label", Kind::Text, |_, row| text(opinion(row)?.label.name())),
        Column::new("certainty", Kind::Text, |_, row| text(reading(row)?.certainty().name())),
    ]);
    columns.extend(Emotion::ALL.map(|emotion| {
        Column::new(emotion.name(), Kind::Float, move |_, row| {
            Some(Content::Float(opinion(row)?.probabilities[emotion.index()]))
        })
    }));
    columns.push(Column::new("duration_s", Kind::Float, |_, row| float(reading(row)?.duration_s)));
    if options.windows.is_none() {
        columns.extend([
            Column::new("heard_from_s", Kind::Float, |_, row| float(clip(row)?.start_s)),
            Column::new("heard_s", Kind::Float, |_, row| float(clip(row)?.length_s)),
            Column::new("source_rate_hz", Kind::Integer, |_, row| {
                Some(Content::Integer(clip(row)?.source_rate_hz))
            }),
        ]);
    }
    let model = model.to_owned();
    columns.extend([
        Column::new("speech_share", Kind::Float, |_, row| float(clip(row)?.quality.speech_share)),
        Column::new("level_dbfs", Kind::Float, |_, row| float(clip(row)?.quality.level_dbfs)),
        Column::new("clipped_share", Kind::Float, |_, row| float(clip(row)?.quality.clipped_share)),
        Column::new("lost_s", Kind::Float, |_, row| float(reading(row)?.lost_s)),
        Column::new("notes", Kind::Text, |_, row| text(notes(reading(row)?))),
        Column::new("model", Kind::Text, move |_, row| reading(row).and_then(|_| text(model.clone()))),
    ]);
    columns.extend(carried.iter().enumerate().map(|(place, name)| {
        Column::new(name, Kind::Text, move |input, _| input.carried.get(place).and_then(text))
    }));
    if options.embeddings {
        columns.push(Column::new("embedding", Kind::Vector(embedding), |_, row| {
            Some(Content::Vector(opinion(row)?.embedding.as_deref()?))
        }));
    }
    let mut names = BTreeSet::new();
    match columns.iter().find(|column| !names.insert(column.name.as_str())) {
        Some(column) => Err(BatchError::SameName(column.name.clone())),
        None => Ok(columns),
    }
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
    Some(Content::Text(text.into()))
}

fn float<'a>(value: f32) -> Cell<'a> {
    Some(Content::Float(value))
}

fn error(row: &Row) -> Option<&InputError> {
    row.outcome.as_ref().err()
}

fn reading(row: &Row) -> Option<&Reading> {
    row.outcome.as_ref().ok()
}

fn opinion(row: &Row) -> Option<&Opinion> {
    reading(row)?.opinion.as_ref()
}

fn clip(row: &Row) -> Option<&ClipFacts> {
    reading(row)?.clip.as_ref()
}

/// The names of notes, with spaces in between.
fn notes(reading: &Reading) -> String {
    let names: Vec<String> = reading.notes.iter().map(ToString::to_string).collect();
    names.join(" ")
}
