//! Timestamps of packets, and the missing audio they imply.

use symphonia::core::codecs::CodecParameters;
use symphonia::core::formats::well_known::{FORMAT_ID_ADTS, FORMAT_ID_MKV, FORMAT_ID_MP3};
use symphonia::core::formats::{FormatReader, Track};
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

/// No codec needs fewer bytes per second, even for silence: a longer declared duration is wrong.
const MIN_BYTES_PER_SECOND: f64 = 12.0;
/// Minimum gap between packets in seconds: less is due to rounding.
const MIN_GAP_S: f64 = 0.02;
/// Minimum missing duration at the end in seconds: less is due to padding.
const MIN_MISSING_S: f64 = 0.05;

/// The timeline of a track.
pub struct Timeline {
    tick_s: f64,
    declared_s: Option<f64>,
    /// The end, if it is certain.
    end_s: Option<f64>,
    reached_s: Option<f64>,
    has_gaps: bool,
}

impl Timeline {
    /// For a track in a file of `bytes` bytes. `is_cut` means that the file declares more data than it has.
    pub fn new(format: &dyn FormatReader, track: &Track, bytes: u64, is_cut: bool) -> Self {
        let seconds = |ticks: Duration, base: Option<symphonia::core::units::TimeBase>| {
            base.map(|base| ticks.get() as f64 * f64::from(base.numer.get()) / f64::from(base.denom.get()))
        };
        let of_track = track.duration.and_then(|duration| seconds(duration, track.time_base));
        let of_frames = match &track.codec_params {
            Some(CodecParameters::Audio(params)) => {
                track.num_frames.zip(params.sample_rate).map(|(n, rate)| n as f64 / f64::from(rate.max(1)))
            }
            _ => None,
        };
        let media = format.media_info();
        let of_media = media.duration.and_then(|duration| seconds(duration, media.time_base));
        let declared_s = of_track.or(of_frames).or(of_media);
        let declared_s = declared_s.filter(|&s| s > 0.0 && s <= bytes as f64 / MIN_BYTES_PER_SECOND);
        // Other formats count the packets that are present, or estimate. In a video, the images may last longer than the audio.
        let is_certain = match format.format_info().format {
            FORMAT_ID_MKV => is_cut,
            FORMAT_ID_MP3 => track.delay.is_some(),
            FORMAT_ID_ADTS => false,
            _ => true,
        };
        let tick = track.time_base.map(|base| f64::from(base.numer.get()) / f64::from(base.denom.get()));
        Self {
            tick_s: tick.unwrap_or(0.0),
            declared_s,
            end_s: declared_s.filter(|_| is_certain),
            reached_s: None,
            // WebM recorders omit silence.
            has_gaps: format.format_info().format != FORMAT_ID_MKV,
        }
    }

    /// Duration that the file declares, in seconds, unless its bytes could not hold it.
    pub fn declared_s(&self) -> Option<f32> {
        self.declared_s.map(|seconds| seconds as f32)
    }

    /// Duration of a packet in seconds; 0 if unknown.
    pub fn length_s(&self, packet: &Packet) -> f64 {
        packet.dur.get() as f64 * self.tick_s
    }

    /// Advances past a packet, and returns the seconds that are missing before it.
    pub fn pass(&mut self, packet: &Packet) -> f64 {
        let start_s = packet.pts.get() as f64 * self.tick_s;
        let end_s = start_s + packet.block_dur().get() as f64 * self.tick_s;
        let gap_s = self.reached_s.map_or(0.0, |reached_s| start_s - reached_s);
        self.reached_s = Some(self.reached_s.unwrap_or(end_s).max(end_s));
        let is_plausible = self.declared_s.is_some_and(|declared_s| gap_s <= declared_s);
        if self.has_gaps && is_plausible && gap_s > MIN_GAP_S { gap_s } else { 0.0 }
    }

    /// Seconds that are missing at the end, once there are no more packets.
    pub fn missing_s(&self) -> f64 {
        let missing_s = self.end_s.zip(self.reached_s).map_or(0.0, |(end_s, reached_s)| end_s - reached_s);
        if missing_s > MIN_MISSING_S { missing_s } else { 0.0 }
    }
}
