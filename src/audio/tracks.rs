//! The other audio tracks of a file, one of which replaces the first if that is silent.

use super::mixer::Mixer;
use super::stream::OpenTrack;

/// Maximum number of other tracks that are decoded.
pub const MAX_TRACKS: usize = 7;

/// Seconds of silence after which a track is replaced.
pub const MAX_SILENCE_S: f32 = 60.0;

/// Another audio track, with its decoded samples.
pub struct OtherTrack {
    /// Its number among the file's audio tracks, from 1.
    pub number: usize,
    pub track: OpenTrack,
    pub mixer: Mixer,
}
