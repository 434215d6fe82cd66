//! The sound tracks of a file beside the one that is read, which take its place if that one is silent.

use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::packet::Packet;

use super::guard::guarded;
use super::mixer::Mixer;

/// Tracks beside the first that are listened to at most.
pub const MOST_TRACKS: usize = 7;

/// Seconds of silence after which a track gives way.
pub const LONGEST_SILENCE_S: f32 = 60.0;

/// A sound track of a file, and what was decoded of it.
pub struct OtherTrack {
    pub id: u32,
    /// Its place among the file's sound tracks, counted from 1.
    pub number: usize,
    pub declared_s: Option<f32>,
    pub decoder: Box<dyn AudioDecoder>,
    pub mixer: Mixer,
}

impl OtherTrack {
    /// Decodes a packet if it belongs to this track. Returns whether the track can be read further.
    pub fn hear(&mut self, packet: &Packet) -> bool {
        if packet.track_id != self.id {
            return true;
        }
        let Ok(buffer) = guarded(|| self.decoder.decode(packet)) else { return false };
        let spec = buffer.spec();
        buffer.copy_to_vec_interleaved(&mut self.mixer.interleaved);
        self.mixer.mix(spec.rate(), spec.channels()).is_ok()
    }
}
