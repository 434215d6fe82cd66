//! From a clip to the picture of it that a classifier sees, equal to librosa's.
//!
//! ```text
//! samples ── stft ──▶ power spectrum ── mel ──▶ 128 bands ── decibel ──▶ log-mel ── dct ──▶ MFCC
//! ```
//!
//! Every stage stands alone; [`FrontEnd`] chains them with the settings that a model carries, and keeps all plans and
//! buffers between clips.

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
