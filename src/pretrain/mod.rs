//! Training speech encoders from sound alone, without labels; native only.
//!
//! ```text
//! corpus ── crops ──▶ clean ── teacher ──▶ what to find
//!                 └─▶ changed ── student, spans masked ──▶ what was found ── loss ──▶ checkpoints ──▶ encoder/
//! ```
//!
//! HuBERT (Hsu et al., 2021) finds the cluster of each masked frame, wav2vec 2.0 (Baevski et al., 2020) tells what a masked
//! frame sounds like from what others of the same sound do, and a distilled encoder (Chang et al., "DistilHuBERT", 2022)
//! says what a stronger one says.

mod changes;
mod clusters;
mod contrast;
mod crops;
mod mask;
mod recipe;
mod run;
mod states;
mod student;
mod teacher;
mod units;

pub use changes::Changes;
pub use mask::MaskSettings;
pub use recipe::{Kind, Network, Objective, Recipe};
pub use run::{Job, Step, Watcher, pretrain};

use crate::encoder::EncoderError;
use crate::train::TrainError;

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
    /// No recording may be heard.
    #[error(
        "none of the recordings may be heard: all of them judge or choose on one of the splits; give the folder that holds all corpora"
    )]
    Silent,
    /// The encoder named cannot be used.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// Files, or checkpoints of another run.
    #[error(transparent)]
    Train(#[from] TrainError),
}
