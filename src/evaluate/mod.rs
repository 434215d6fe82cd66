//! How well a model reads clips whose acted emotion is known; native only.

mod calibrate;
mod card;
mod condition;
mod judge;
mod metrics;
mod occlusion;
mod reference;
mod report;

pub use calibrate::{calibrate, unseen_corpora};
pub use card::card;
pub use condition::Condition;
pub use judge::{Judgement, judge};
pub use metrics::{Certain, Judged, certain, metrics};
pub use occlusion::{Occlusion, occlude};
pub use reference::{
    Enrolled, Protocol, REFERENCES, ReadBeside, calibrate_beside, enrol, read_alone, read_beside,
    reference_score,
};
pub use report::{
    Endured, Figure, PROTOCOLS, REFERENCE_CURVE, Report, Scored, confusion_file, reference_lines,
};
