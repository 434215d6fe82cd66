//! Archives of recordings as tables; native only.
//!
//! ```text
//! folder, list or CSV ── source ──▶ inputs ── read, on all cores ──▶ rows ── format ──▶ parts ── join ──▶ the output
//! ```
//!
//! Every input has a row, also where it cannot be read. Rows have the order of the inputs and nothing that depends on the machine or
//! the time, so the output has the same bytes whether or not the batch was interrupted.

mod columns;
mod error;
mod format;
mod input;
mod parts;
mod plan;
mod read;
mod row;
mod run;
mod shard;
mod source;
mod summary;

pub use error::{BatchError, InputError};
pub use format::Format;
pub use run::Batch;
pub use shard::{Shard, UnknownShard};
pub use source::Source;
pub use summary::Summary;

use crate::audio::{Channel, WindowSettings};

/// What a batch makes of its inputs.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The format of the output.
    pub format: Format,
    /// Windows, as `follow` reads long recordings. None reads each recording once.
    pub windows: Option<WindowSettings>,
    /// Whether rows have embeddings.
    pub embeddings: bool,
    /// The channel of the recordings; all are mixed if there is none.
    pub channel: Option<Channel>,
    /// Which of the inputs.
    pub shard: Shard,
}
