//! Feature extraction, from a clip to the input of a classifier, equal to librosa's.
//!
//! ```text
//! samples ── stft ──▶ power spectrum ── mel ──▶ 128 bands ── decibel ──▶ log-mel ── dct ──▶ MFCC
//! ```
//!
//! Every stage can be used on its own; [`FrontEnd`] chains them with the settings of a model, and reuses all plans and
//! buffers from clip to clip.

mod dct;
mod decibel;
mod front_end;
mod map;
mod mel;
mod rms;
mod steps;
mod stft;

pub use dct::Dct;
pub use decibel::{Reference, power_to_db};
pub use front_end::{FeatureKind, FrontEnd, FrontEndError, FrontEndSettings};
pub use map::FeatureMap;
pub use mel::{MelFilterBank, hz_to_mel, mel_band_edges_hz, mel_to_hz};
pub use rms::frame_rms;
pub use steps::Steps;
pub use stft::{PadMode, Stft, frame_count};
