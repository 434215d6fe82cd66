//! Metrics of predictions on labelled clips, and the calibration that is fitted to them; native only.

mod calibrate;
mod scores;

pub use calibrate::{calibrate, unseen_corpora, unseen_corpus};
pub use scores::{ScoredClip, Selective, metrics, selective};
