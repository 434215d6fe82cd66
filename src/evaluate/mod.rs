//! How well a model reads clips whose acted emotion is known; native only.

mod judge;
mod metrics;
mod report;

pub use judge::{Judgement, judge};
pub use metrics::{Judged, metrics};
pub use report::{Report, Scored, confusion_file};
