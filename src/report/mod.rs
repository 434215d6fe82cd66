//! What is published about the models: REPORT.md, cards and figures; native only.

mod card;
mod document;
pub mod figures;

pub use card::card;
pub use document::{
    EvaluatedModel, EvaluationReport, Figure, PROTOCOLS, REFERENCE_CURVE, RobustnessScore, confusion_file,
    reference_lines,
};
