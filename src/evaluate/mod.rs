//! Evaluation of models on labelled clips; native only.

mod calibrate;
mod card;
mod condition;
mod evaluation;
mod metrics;
mod occlusion;
mod reference;
mod report;

pub use calibrate::{calibrate, unseen_corpora};
pub use card::card;
pub use condition::Condition;
pub use evaluation::{Evaluation, evaluate};
pub use metrics::{ScoredClip, Selective, metrics, selective};
pub use occlusion::{Occlusion, occlude};
pub use reference::{
    ConditionedPredictions, Enrolled, Protocol, REFERENCES, calibrate_conditioned, enrol,
    predict_conditioned, predict_unconditioned, reference_score,
};
pub use report::{
    EvaluatedModel, EvaluationReport, Figure, PROTOCOLS, REFERENCE_CURVE, RobustnessScore, confusion_file,
    reference_lines,
};
