//! The sound tracks of a file beside the one that is read, one of which takes its place if that one is silent.

use super::mixer::Mixer;
use super::stream::OpenTrack;

/// Tracks beside the first that are listened to at most.
pub const MOST_TRACKS: usize = 7;

/// Seconds of silence after which a track gives way.
pub const LONGEST_SILENCE_S: f32 = 60.0;

/// A sound track that is not read, with what was decoded of it.
pub struct OtherTrack {
    /// Its place among the file's sound tracks, counted from 1.
    pub number: usize,
    pub track: OpenTrack,
    pub mixer: Mixer,
}
