//! The recordings under fixtures/audio.

use std::f64::consts::{PI, TAU};

use sottovoce::audio::{AudioError, ReadOptions, Recording, decode};

/// A file's name and bytes.
pub type Fixture = (&'static str, &'static [u8]);

/// A file under fixtures/audio.
macro_rules! fixture {
    ($name:literal) => {
        ($name, include_bytes!(concat!("fixtures/audio/", $name)).as_slice())
    };
}
pub(crate) use fixture;

/// A clip with a voice.
pub const SPEECH: &[u8] = include_bytes!("../../www/samples/1049_ITS_HAP_XX.opus");

/// Decodes a file with default options.
pub fn read(bytes: &[u8]) -> Result<Recording, AudioError> {
    decode(bytes, &ReadOptions::default())
}

/// The signal in the files without a voice, at time `t` in seconds.
pub fn sound(t: f64) -> f64 {
    if (0.0..1.0).contains(&t) {
        0.5 * (PI * t).sin().powi(2) * (TAU * (300.0 * t + 850.0 * t * t)).sin()
    } else {
        0.0
    }
}
