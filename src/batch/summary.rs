//! What a batch counts.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use super::row::Row;

/// Numbers of recordings and rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Recordings, whether or not they could be read.
    pub recordings: u64,
    /// Rows of the output.
    pub rows: u64,
    /// Recordings that could not be read, by the code of the reason.
    pub unreadable: BTreeMap<String, u64>,
}

impl Summary {
    /// Counts a recording with its rows.
    pub(super) fn add(&mut self, rows: &[Row]) {
        self.recordings += 1;
        self.rows += rows.len() as u64;
        if let Some(error) = rows.iter().find_map(|row| row.outcome.as_ref().err()) {
            *self.unreadable.entry(error.code().to_owned()).or_default() += 1;
        }
    }

    /// Adds the numbers of further recordings.
    pub(super) fn merge(&mut self, other: &Self) {
        self.recordings += other.recordings;
        self.rows += other.rows;
        for (code, count) in &other.unreadable {
            *self.unreadable.entry(code.clone()).or_default() += count;
        }
    }
}

impl Display for Summary {
    /// `12162 recordings, 3 of which could not be read (unknown-format 2, unreadable-file 1)`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} recordings", self.recordings)?;
        if self.rows != self.recordings {
            write!(f, " in {} rows", self.rows)?;
        }
        if self.unreadable.is_empty() {
            return Ok(());
        }
        let codes: Vec<String> =
            self.unreadable.iter().map(|(code, count)| format!("{code} {count}")).collect();
        let count: u64 = self.unreadable.values().sum();
        write!(f, ", {count} of which could not be read ({})", codes.join(", "))
    }
}
