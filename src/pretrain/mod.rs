//! Training speech encoders on audio alone, without labels; native only.
//!
//! ```text
//! corpus ── crops ──▶ clean ── teacher ──▶ targets ───────────────────┐
//!                 └─▶ augmented ── student, spans masked ── head ──▶ loss ──▶ checkpoints ──▶ encoder/
//! ```
//!
//! HuBERT (Hsu et al., 2021) predicts the cluster of each masked frame, wav2vec 2.0 (Baevski et al., 2020) identifies
//! each masked frame among others of its crop, and a distilled encoder (Chang et al., "DistilHuBERT", 2022) predicts
//! the hidden states of a stronger one.

mod augmentation;
mod clusters;
mod contrast;
mod crops;
mod mask;
mod objective;
mod recipe;
mod run;
mod states;
mod student;
mod teacher;
mod units;

pub use augmentation::CropAugmentation;
pub use mask::MaskSettings;
pub use objective::LossMetrics;
pub use recipe::{EncoderKind, ObjectiveSettings, PretrainRecipe, StudentConfig};
pub use run::{PretrainJob, PretrainWatcher, Step, pretrain};

use crate::encoder::EncoderError;
use crate::run::RunError;

/// Why an encoder was not trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PretrainError {
    /// The recipe cannot be used.
    #[error("the recipe cannot be used: {0}")]
    Recipe(String),
    /// It needs a stronger encoder, and none was named, or the other way round.
    #[error("{0}")]
    Teacher(&'static str),
    /// There is no recording to train on.
    #[error(
        "none of the recordings can be used: all of them are in the validation or test set of one of the splits; give the folder that holds all corpora"
    )]
    NoRecordings,
    /// The encoder named cannot be used.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// Files, or checkpoints of another run.
    #[error(transparent)]
    Run(#[from] RunError),
}
