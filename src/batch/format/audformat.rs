//! A database of [audformat](https://audeering.github.io/audformat/): a folder with a description and a table.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{csv, text};
use crate::analyzer::Certainty;
use crate::batch::columns::{Cell, Column, Content, FILE, Kind, WINDOW};
use crate::files::write_atomically;
use crate::model::Emotion;

/// The name of the table.
const TABLE: &str = "emotion";

/// The line of a row. Its index is the name of the recording and, of a window, its start and end.
pub fn line(cells: &[(&Column, Cell)]) -> String {
    csv::record(cells.iter().map(|(column, cell)| match cell {
        Some(Content::Time(seconds)) => duration(*seconds).into(),
        // A recording that cannot be read is one segment, of unknown end.
        None if column.name == WINDOW[0] => duration(0.0).into(),
        cell => csv::value(cell),
    }))
}

/// A time as pandas writes it.
fn duration(seconds: f64) -> String {
    let micros = (1e6 * seconds).round() as u64;
    let [s, m, h, days] = [
        micros / 1_000_000 % 60,
        micros / 60_000_000 % 60,
        micros / 3_600_000_000 % 24,
        micros / 86_400_000_000,
    ];
    format!("{days} days {h:02}:{m:02}:{s:02}.{:06}", micros % 1_000_000)
}

/// The file that is written last, by which a database is recognized.
pub fn description_in(folder: &Path) -> PathBuf {
    folder.join("db.yaml")
}

/// Writes the table and its description into a folder, which may be that of the recordings.
pub fn join(columns: &[Column], parts: &[PathBuf], folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let names = columns.iter().map(|column| match &column.name {
        name if name == WINDOW[0] => "start",
        name if name == WINDOW[1] => "end",
        name => name,
    });
    let header = csv::record(names.map(Cow::from));
    text::join(&header, parts, &folder.join(format!("db.{TABLE}.csv")))?;
    write_atomically(&description_in(folder), description(columns).as_bytes())
}

#[derive(Serialize)]
struct Database<'a> {
    name: &'static str,
    description: &'static str,
    source: &'static str,
    usage: &'static str,
    languages: [&'static str; 0],
    schemes: Value,
    tables: BTreeMap<&'static str, Table<'a>>,
}

#[derive(Serialize)]
struct Table<'a> {
    r#type: &'static str,
    columns: Columns<'a>,
}

/// The columns that are no index, in the order of the table: audformat reads them by their place.
struct Columns<'a>(Vec<&'a Column>);

impl Serialize for Columns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let described = |column: &&'_ Column| json!({ "scheme_id": scheme(column) });
        serializer.collect_map(self.0.iter().map(|column| (&column.name, described(column))))
    }
}

/// The description of the database, as JSON, which is YAML, too.
fn description(columns: &[Column]) -> String {
    let has_windows = columns.iter().any(|column| column.kind == Kind::Time);
    let values = columns.iter().filter(|column| column.kind != Kind::Time && column.name != FILE);
    let table = Table {
        r#type: if has_windows { "segmented" } else { "filewise" },
        columns: Columns(values.collect()),
    };
    let database = Database {
        name: "sottovoce",
        description: "Which of seven acted emotions a voice resembles, by a model: not what anyone feels.",
        source: concat!("sottovoce ", env!("CARGO_PKG_VERSION")),
        usage: "other",
        languages: [],
        schemes: json!({
            "emotion": { "dtype": "str", "labels": Emotion::ALL.map(Emotion::name) },
            "certainty": { "dtype": "str", "labels": Certainty::ALL.map(Certainty::name) },
            "text": { "dtype": "str" },
            "float": { "dtype": "float" },
            "integer": { "dtype": "int" },
        }),
        tables: BTreeMap::from([(TABLE, table)]),
    };
    serde_json::to_string_pretty(&database).expect("plain data") + "\n"
}

fn scheme(column: &Column) -> &'static str {
    match (column.name.as_str(), column.kind) {
        ("label", _) => "emotion",
        ("certainty", _) => "certainty",
        (_, Kind::Float | Kind::Time | Kind::Vector(_)) => "float",
        (_, Kind::Integer) => "integer",
        (_, Kind::Text) => "text",
    }
}
