//! Audio input: from the bytes of a file, or the samples of a microphone, to the [`Clip`] for a model.
//!
//! ```text
//! bytes ── decode ──▶ mono, any rate ── resample ──▶ Recording (16 kHz) ── clip ──▶ Clip
//! ```
//!
//! Decoding and resampling are done here rather than by the browser, so that the input of a model is the same for a file, a
//! microphone, a browser and a server.

mod aac;
mod aiff;
mod bandwidth;
mod blocks;
mod boxes;
mod channel;
mod clip;
mod container;
mod decode;
mod downmix;
mod dual_channel;
mod ends;
mod error;
mod foreign;
mod guard;
mod mixer;
mod mono;
mod mp4;
mod ogg;
mod opus;
mod quality;
mod resample;
mod riff;
mod source;
mod speech;
mod statistics;
mod stream;
mod tags;
mod timeline;
mod tracks;
mod webm;
mod windows;

pub use channel::{Channel, UnknownChannel};
pub use clip::{Clip, ClipSettings, FixedClip, SpeechClip};
pub use decode::{Limits, ReadOptions, Recording, decode, from_channels, from_samples};
pub use error::AudioError;
pub use guard::hush_decoder_panics;
pub use quality::{MIN_LOST_S, Quality, QualityNote};
pub use resample::Resampler;
pub use speech::SpeechSegments;
pub use stream::Stream;
pub use windows::{StepOutOfRange, Window, WindowSettings, Windows};

/// The sample rate of every stage after decoding, in Hz.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
