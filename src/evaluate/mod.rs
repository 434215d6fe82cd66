//! How well a model reads clips whose acted emotion is known; native only.

mod judge;
mod metrics;

pub use judge::{Judgement, judge};
pub use metrics::{Judged, metrics};
