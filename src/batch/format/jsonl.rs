//! A JSON object per line.

use serde_json::{Map, Value, json};

use crate::batch::columns::{Cell, Column, Content};

/// The line of a row, with `null` where there is nothing.
pub fn line(cells: &[(&Column, Cell)]) -> String {
    let object: Map<String, Value> =
        cells.iter().map(|(column, cell)| (column.name.clone(), value(cell))).collect();
    Value::from(object).to_string() + "\n"
}

fn value(cell: &Cell) -> Value {
    match cell {
        None => Value::Null,
        Some(Content::Text(text)) => json!(text),
        Some(Content::Float(value)) => json!(value),
        Some(Content::Time(value)) => json!(value),
        Some(Content::Integer(value)) => json!(value),
        Some(Content::Vector(values)) => json!(values),
    }
}
