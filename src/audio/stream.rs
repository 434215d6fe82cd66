//! Streaming decoding of audio files.

use std::io::{Cursor, ErrorKind, Read};
use std::ops::Range;
use std::sync::LazyLock;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::well_known::{FORMAT_ID_MP3, FORMAT_ID_OGG};
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::io::MediaSource;
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use super::container::{self, Container, corrupt};
use super::ends::Ends;
use super::guard::guarded;
use super::mixer::{Mixer, check_channels};
use super::source::Shared;
use super::timeline::Timeline;
use super::tracks::{MAX_SILENCE_S, MAX_TRACKS, OtherTrack};
use super::{
    AudioError, Channel, Limits, QualityNote, Recording, SAMPLE_RATE_HZ, aac, ogg, opus::OpusAdapter, tags,
    webm,
};

/// Maximum number of consecutive packets that fail to decode before the rest of a file counts as damaged.
const MAX_BAD_PACKETS: usize = 50;

/// Maximum number of empty packets before decoding stops: a few bytes may declare four billion of them, and each may take
/// milliseconds to find. Ordinary files have one or two.
const MAX_EMPTY_PACKETS: usize = 100;

/// Maximum number of concatenated streams, and of changes of the sample rate, before decoding stops: each is slow to start. A day
/// of radio has fewer.
const MAX_LINKS: usize = 1_000;
const MAX_RATE_CHANGES: usize = 50;

/// Number of samples in a block, except the last.
const BLOCK: usize = SAMPLE_RATE_HZ as usize / 2;

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<OpusAdapter>();
    registry
});

/// Mono samples at [`SAMPLE_RATE_HZ`] from an audio file of any supported format and length, in constant memory.
///
/// The format is detected from the content; names and extensions are ignored. All data is decoded, whatever duration the file
/// declares: concatenated streams are read to the end of the last.
pub struct Stream<'a> {
    file: Shared<'a>,
    /// The range from the start of the current stream.
    bounds: Range<u64>,
    format: Box<dyn FormatReader + 'a>,
    next: Option<webm::Next>,
    track: OpenTrack,
    /// Its number among the file's audio tracks, from 1.
    number: usize,
    /// The other audio tracks, until the current one has sound.
    others: Vec<OtherTrack>,
    is_other: bool,
    declared_s: Option<f32>,
    interleaved: Vec<f32>,
    bad_packets: usize,
    empty_packets: usize,
    links: usize,
    rate_changes: usize,
    is_ended: bool,
    pub(super) mixer: Mixer,
}

/// A track with its decoder.
pub struct OpenTrack {
    id: u32,
    params: AudioCodecParameters,
    decoder: Box<dyn AudioDecoder>,
    timeline: Timeline,
    ends: Ends,
    /// Duration of the last decoded packet in seconds.
    packet_s: f64,
}

impl<'a> Stream<'a> {
    /// Opens a file. One that is not seekable, such as a pipe, is read into memory first.
    ///
    /// # Errors
    /// [`AudioError`] if its format is unknown, or it has no audio.
    pub fn open(source: Box<dyn MediaSource + 'a>, limits: &Limits) -> Result<Self, AudioError> {
        let (source, length) = seekable(source, limits)?;
        if length == 0 {
            return Err(AudioError::Empty);
        }
        let file = Shared::new(source, length);
        let bounds = tags::between(&file);
        let Container { format, edit, is_cut, lost_s, next } = container::open(&file, bounds.clone())?;
        let track =
            OpenTrack::open(main_track(&*format)?, &*format, limits, Ends::new(edit), length, is_cut)?;
        let (number, others) = other_tracks(&*format, track.id, limits, length);
        let mut mixer = Mixer::new(*limits);
        mixer.lost_s = lost_s;
        Ok(Self {
            declared_s: track.timeline.declared_s(),
            file,
            bounds,
            format,
            next,
            track,
            number,
            others,
            is_other: false,
            interleaved: Vec::new(),
            bad_packets: 0,
            empty_packets: 0,
            links: 0,
            rate_changes: 0,
            is_ended: false,
            mixer,
        })
    }

    /// The recording of `samples`, with what is known about the file so far.
    pub fn recording(&self, samples: Vec<f32>) -> Recording {
        let mixer = &self.mixer;
        let decoded_s = mixer.duration_s();
        let declared_s = self.declared_s.filter(|_| !self.is_ended);
        Recording {
            samples,
            duration_s: declared_s.unwrap_or(0.0).max(decoded_s),
            source_rate_hz: mixer.rate_hz,
            source_channels: mixer.channels,
            source_track: self.track(),
            notes: self.notes(),
            lost_s: self.lost_s(),
        }
    }

    /// Selects one channel. Decoding fails with [`AudioError::NoSuchChannel`] if it is missing.
    #[must_use]
    pub fn with_channel(mut self, channel: Option<Channel>) -> Self {
        self.mixer.channel = channel;
        self.others.iter_mut().for_each(|other| other.mixer.channel = channel);
        self
    }

    /// The number of the current audio track, from 1.
    pub fn track(&self) -> usize {
        self.number
    }

    /// Notes on channels and tracks for the user, so far.
    pub fn notes(&self) -> Vec<QualityNote> {
        self.mixer.notes().into_iter().chain(self.track_note()).collect()
    }

    pub(super) fn track_note(&self) -> Option<QualityNote> {
        self.is_other.then_some(QualityNote::OtherTrack)
    }

    /// Duration that the file declares, in seconds; `None` if it declares none, or more than its bytes can hold.
    pub fn declared_s(&self) -> Option<f32> {
        self.declared_s
    }

    /// Seconds of audio that are known, or estimated, to be missing so far: packets that could not be decoded, the end of a
    /// truncated file, samples that were not numbers.
    pub fn lost_s(&self) -> f32 {
        self.mixer.lost_s as f32
    }

    /// Decodes about half a second; `None` at the end.
    ///
    /// # Errors
    /// [`AudioError`] if nothing at all can be decoded or a limit is exceeded. A file that is truncated after some valid audio
    /// just ends.
    pub fn next_block(&mut self) -> Result<Option<Vec<f32>>, AudioError> {
        while self.is_choosing_track() || self.mixer.ready() < BLOCK {
            if !self.advance()? {
                let was_empty = self.mixer.is_empty();
                let rest = self.mixer.take_rest();
                return if was_empty {
                    Err(AudioError::NoSamples)
                } else {
                    Ok((!rest.is_empty()).then_some(rest))
                };
            }
        }
        Ok(Some(self.mixer.take()))
    }

    /// Decodes a packet, if there is one left.
    pub(super) fn advance(&mut self) -> Result<bool, AudioError> {
        let has_packet = self.read_packet()?;
        if self.mixer.has_sound() {
            self.others.clear();
        } else if !has_packet || self.mixer.duration_s() >= MAX_SILENCE_S {
            self.switch_to_track_with_sound();
        }
        Ok(has_packet)
    }

    /// Whether another track may still replace the current one, which is silent so far.
    pub(super) fn is_choosing_track(&self) -> bool {
        !self.others.is_empty()
    }

    /// Switches to the first of the other tracks that has sound, or else keeps the current one.
    fn switch_to_track_with_sound(&mut self) {
        if let Some(index) = self.others.iter().position(|other| other.mixer.has_sound()) {
            self.number = self.others[index].number;
            self.swap_track(index);
            self.declared_s = self.track.timeline.declared_s();
            self.is_other = true;
        }
        self.others.clear();
    }

    /// Swaps the current track with another.
    fn swap_track(&mut self, index: usize) {
        std::mem::swap(&mut self.track, &mut self.others[index].track);
        std::mem::swap(&mut self.mixer, &mut self.others[index].mixer);
    }

    /// Decodes a packet of another track. A track that cannot be decoded is ignored from then on.
    fn decode_other_track(&mut self, packet: Packet) {
        let Some(index) = self.others.iter().position(|other| other.track.id == packet.track_id) else {
            return;
        };
        self.swap_track(index);
        let result = self.decode(packet);
        self.swap_track(index);
        if result.is_err() {
            self.others.remove(index);
        }
    }

    fn read_packet(&mut self) -> Result<bool, AudioError> {
        if self.is_ended {
            return Ok(false);
        }
        let packet = match guarded(|| self.format.next_packet()) {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.continue_with_next_file(),
            // Another stream begins in an Ogg file.
            Err(SymphoniaError::ResetRequired) => return self.continue_with_link(),
            // A truncated file ends in the middle of a packet; one that is recorded in segments has no end marker.
            Err(SymphoniaError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                return self.continue_with_next_file();
            }
            Err(error) => return self.give_up(&error),
        };
        if packet.track_id != self.track.id {
            if packet.data.is_empty() {
                return self.skip_empty();
            }
            self.decode_other_track(packet);
            return Ok(true);
        }
        self.mixer.lost_s += self.track.timeline.pass(&packet);
        match self.decode(packet) {
            Ok(true) => self.bad_packets = 0,
            Ok(false) => {
                self.bad_packets = 0;
                return self.skip_empty();
            }
            Err(Failure::Limit(error)) => return Err(error),
            Err(Failure::Packet(error)) => {
                self.bad_packets += 1;
                if self.bad_packets > MAX_BAD_PACKETS || self.rate_changes > MAX_RATE_CHANGES {
                    return self.give_up(&error);
                }
            }
        }
        Ok(true)
    }

    /// Decodes and mixes a packet; returns whether it was not empty.
    fn decode(&mut self, mut packet: Packet) -> Result<bool, Failure> {
        let padding = if self.has_padding_info() { packet.trim_end.get() as usize } else { 0 };
        // Padding is dropped later, once it is known to be at the end.
        packet.dur = packet.dur.saturating_add(packet.trim_end);
        packet.trim_end = Duration::ZERO;
        let packet_s = self.track.timeline.length_s(&packet);
        let (rate_hz, layout) = match self.track.decode(&packet, self.bad_packets == 0, &mut self.interleaved)
        {
            Ok(spec) => spec,
            Err(error) => {
                self.mixer.lost_s += if packet_s > 0.0 { packet_s } else { self.track.packet_s };
                return Err(Failure::Packet(error));
            }
        };
        if self.interleaved.is_empty() {
            return Ok(false);
        }
        if rate_hz != self.mixer.rate_hz && !self.mixer.is_empty() {
            self.rate_changes += 1;
            if self.rate_changes > MAX_RATE_CHANGES {
                return Err(Failure::Packet(SymphoniaError::DecodeError(
                    "its sample rate changes all the time",
                )));
            }
        }
        let channels = layout.count().max(1);
        self.track.packet_s = (self.interleaved.len() / channels) as f64 / f64::from(rate_hz.max(1));
        let Self { track, mixer, interleaved, .. } = self;
        track.ends.cut(interleaved, rate_hz, channels, padding);
        std::mem::swap(&mut mixer.interleaved, interleaved);
        mixer.mix(rate_hz, &layout).map_err(Failure::Limit)?;
        Ok(true)
    }

    /// Whether packets have reliable padding. For MP3, it is computed from the duration, which may be a guess.
    fn has_padding_info(&self) -> bool {
        let is_guess = |track: &Track| track.id == self.track.id && track.padding.is_none();
        self.format.format_info().format != FORMAT_ID_MP3 || !self.format.tracks().iter().any(is_guess)
    }

    /// Continues with the next of several concatenated files; ends if there is none.
    fn continue_with_next_file(&mut self) -> Result<bool, AudioError> {
        let Some(offset) = self.next.as_ref().and_then(webm::Next::offset) else {
            self.mixer.lost_s += self.track.timeline.missing_s() + self.truncated_page_s();
            return self.end();
        };
        self.mixer.lost_s += self.track.timeline.missing_s();
        self.bounds.start += offset;
        self.links += 1;
        let opened = container::open(&self.file, self.bounds.clone()).and_then(|opened| {
            let limits = self.mixer.limits();
            let track = OpenTrack::open(
                main_track(&*opened.format)?,
                &*opened.format,
                &limits,
                Ends::new(opened.edit),
                self.file.len(),
                opened.is_cut,
            )?;
            Ok((opened, track))
        });
        match opened {
            Ok((opened, track)) if self.links <= MAX_LINKS => {
                self.switch_to_track_with_sound();
                (self.format, self.next, self.track) = (opened.format, opened.next, track);
                self.empty_packets = 0;
                Ok(true)
            }
            _ => {
                self.mixer.lost_s += self.unread_s(self.bounds.start);
                self.end()
            }
        }
    }

    /// Continues with the next stream of a chained Ogg file.
    fn continue_with_link(&mut self) -> Result<bool, AudioError> {
        self.mixer.lost_s += self.track.timeline.missing_s();
        self.links += 1;
        self.empty_packets = 0;
        let limits = self.mixer.limits();
        let opened = main_track(&*self.format).and_then(|track| {
            OpenTrack::open(track, &*self.format, &limits, Ends::default(), self.file.len(), false)
        });
        match opened {
            Ok(track) if self.links <= MAX_LINKS => {
                self.switch_to_track_with_sound();
                self.track = track;
                Ok(true)
            }
            _ => self.give_up(&SymphoniaError::Unsupported("a stream behind the first")),
        }
    }

    /// Continues after an empty packet, unless there are too many of them.
    fn skip_empty(&mut self) -> Result<bool, AudioError> {
        self.empty_packets += 1;
        if self.empty_packets > MAX_EMPTY_PACKETS {
            return self.give_up(&SymphoniaError::DecodeError("there is no sound in its packets"));
        }
        Ok(true)
    }

    /// Ends the stream, or fails if nothing was decoded.
    fn give_up(&mut self, error: &SymphoniaError) -> Result<bool, AudioError> {
        if self.mixer.is_empty() {
            return Err(corrupt(error));
        }
        self.mixer.lost_s += self.track.timeline.missing_s().max(self.unread_s(self.file.furthest()));
        self.end()
    }

    fn end(&mut self) -> Result<bool, AudioError> {
        self.is_ended = true;
        Ok(false)
    }

    /// Estimates the seconds of audio after an offset, assuming the same bit rate as before it.
    fn unread_s(&self, offset: u64) -> f64 {
        let (before, behind) = (offset.max(1), self.file.len().saturating_sub(offset));
        f64::from(self.mixer.duration_s()) * behind as f64 / before as f64
    }

    /// Estimates the seconds of audio in the truncated page of an Ogg file.
    fn truncated_page_s(&self) -> f64 {
        if self.format.format_info().format != FORMAT_ID_OGG {
            return 0.0;
        }
        let page = ogg::cut_page(&self.file);
        f64::from(self.mixer.duration_s()) * page as f64 / self.file.len().saturating_sub(page).max(1) as f64
    }
}

/// Why a packet was not decoded.
enum Failure {
    /// The packet is invalid; others may be valid.
    Packet(SymphoniaError),
    /// The file exceeds a limit.
    Limit(AudioError),
}

/// The default audio track of a file.
fn main_track(format: &dyn FormatReader) -> Result<&Track, AudioError> {
    format.default_track(TrackType::Audio).ok_or_else(|| {
        // A track without codec parameters may be an audio track.
        let is_unknown = format.tracks().iter().any(|track| track.codec_params.is_none());
        if is_unknown { AudioError::UnsupportedCodec } else { AudioError::NoAudioTrack }
    })
}

impl OpenTrack {
    fn open(
        track: &Track,
        format: &dyn FormatReader,
        limits: &Limits,
        ends: Ends,
        bytes: u64,
        is_cut: bool,
    ) -> Result<Self, AudioError> {
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(AudioError::UnsupportedCodec);
        };
        let mut params = params.clone();
        if params.codec == CODEC_ID_AAC
            && let Some(core) = params.extra_data.as_deref().and_then(aac::core)
        {
            params.extra_data = Some(core.into());
        }
        // Checked before a decoder allocates its buffers.
        if let Some(channels) = params.channels.as_ref().map(|c| c.count()) {
            check_channels(channels, limits)?;
        }
        let timeline = Timeline::new(format, track, bytes, is_cut);
        // The pre-skip of Opus is dropped by its decoder.
        let ends = ends.within(timeline.declared_s(), params.codec == CODEC_ID_OPUS);
        let decoder = make_decoder(&params).map_err(|_| AudioError::UnsupportedCodec)?;
        Ok(Self { id: track.id, params, decoder, timeline, ends, packet_s: 0.0 })
    }

    /// Decodes a packet into interleaved samples; returns their rate and channels. A decoder that fails after it worked is
    /// recreated once: a concatenated stream may have other channels.
    fn decode(
        &mut self,
        packet: &Packet,
        worked_before: bool,
        interleaved: &mut Vec<f32>,
    ) -> Result<(u32, Channels), SymphoniaError> {
        match decode_packet(&mut *self.decoder, packet, interleaved) {
            Err(_) if worked_before && self.packet_s > 0.0 => {
                self.decoder = make_decoder(&self.params)?;
                decode_packet(&mut *self.decoder, packet, interleaved)
            }
            result => result,
        }
    }
}

/// The number of a track among the audio tracks of a file, from 1, and the others that can be decoded.
fn other_tracks(format: &dyn FormatReader, id: u32, limits: &Limits, bytes: u64) -> (usize, Vec<OtherTrack>) {
    let is_sound = |track: &&Track| matches!(track.codec_params, Some(CodecParameters::Audio(_)));
    let tracks = || format.tracks().iter().filter(is_sound).zip(1..);
    let number = tracks().find(|(track, _)| track.id == id).map_or(1, |(_, number)| number);
    let others = tracks().filter(|(track, _)| track.id != id).take(MAX_TRACKS);
    let others = others.filter_map(|(track, number)| {
        let track = OpenTrack::open(track, format, limits, Ends::default(), bytes, false).ok()?;
        Some(OtherTrack { number, track, mixer: Mixer::new(*limits) })
    });
    (number, others.collect())
}

fn decode_packet(
    decoder: &mut dyn AudioDecoder,
    packet: &Packet,
    interleaved: &mut Vec<f32>,
) -> Result<(u32, Channels), SymphoniaError> {
    guarded(|| {
        let buffer = decoder.decode(packet)?;
        interleaved.clear();
        if !buffer.is_empty() {
            buffer.copy_to_vec_interleaved(interleaved);
        }
        Ok((buffer.spec().rate(), buffer.spec().channels().clone()))
    })
}

fn make_decoder(params: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, SymphoniaError> {
    guarded(|| CODECS.make_audio_decoder(params, &AudioDecoderOptions::default()))
}

/// Returns a seekable source, and its length.
fn seekable<'a>(
    source: Box<dyn MediaSource + 'a>,
    limits: &Limits,
) -> Result<(Box<dyn MediaSource + 'a>, u64), AudioError> {
    if let Some(length) = source.byte_len().filter(|_| source.is_seekable()) {
        return Ok((source, length));
    }
    let mut bytes = Vec::new();
    source
        .take(limits.max_bytes as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| corrupt(&error.into()))?;
    limits.check_size(bytes.len())?;
    let length = bytes.len() as u64;
    Ok((Box::new(Cursor::new(bytes)), length))
}
