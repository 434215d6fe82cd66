//! Evaluation of models on labelled clips; native only.

mod condition;
mod evaluation;
mod occlusion;
mod reference;
mod test_set;
mod voices;

pub use condition::Condition;
pub use evaluation::{Evaluation, evaluate};
pub use occlusion::{Occlusion, occlude};
pub use reference::{
    ConditionedPredictions, Enrolled, Protocol, REFERENCES, calibrate_conditioned, enrol,
    predict_conditioned, predict_unconditioned, reference_score,
};
pub use test_set::{TestSetError, evenly_spaced, part, test_set};
pub use voices::{VoiceScore, fit_voices, score_voices};
