//! An audio file that is decoded piece by piece.

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
use super::tracks::{LONGEST_SILENCE_S, MOST_TRACKS, OtherTrack};
use super::{
    AudioError, Channel, Limits, QualityNote, Recording, SAMPLE_RATE_HZ, aac, ogg, opus::OpusAdapter, tags,
    webm,
};

/// Packets in a row that fail to decode before the rest of a file is given up as damaged.
const MAX_BAD_PACKETS: usize = 50;

/// Packets without any sound before the rest of a file is given up: a few bytes may say that there are four milliards of them,
/// and each may take milliseconds to find. Honest files have one or two.
const MAX_EMPTY_PACKETS: usize = 100;

/// Streams one behind the other, and changes of the sample rate, before the rest of a file is given up: each takes a while to
/// begin with. A day of radio has fewer.
const MAX_LINKS: usize = 1_000;
const MAX_RATE_CHANGES: usize = 50;

/// Samples of a block, but for the last.
const BLOCK: usize = SAMPLE_RATE_HZ as usize / 2;

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<OpusAdapter>();
    registry
});

/// Mono samples at [`SAMPLE_RATE_HZ`] from an audio file of any supported format and length, in little memory.
///
/// The format is recognised by content; names and extensions play no part. What is there is decoded, whatever the file says of
/// its length: streams that stand one behind the other are read to the end of the last.
pub struct Stream<'a> {
    file: Shared<'a>,
    /// What is left of it, from the start of what is read now.
    bounds: Range<u64>,
    format: Box<dyn FormatReader + 'a>,
    next: Option<webm::Next>,
    track: OpenTrack,
    /// Its place among the file's sound tracks, counted from 1.
    number: usize,
    /// The other sound tracks, until the one that is read has sound.
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

/// The track that is decoded.
pub struct OpenTrack {
    id: u32,
    params: AudioCodecParameters,
    decoder: Box<dyn AudioDecoder>,
    timeline: Timeline,
    ends: Ends,
    /// Length of the packet that was decoded last, in seconds.
    packet_s: f64,
}

impl<'a> Stream<'a> {
    /// Opens a file, from its start. One that cannot be wound back, such as a pipe, is read into memory first.
    ///
    /// # Errors
    /// [`AudioError`] when its format is unknown, or it has no sound.
    pub fn open(source: Box<dyn MediaSource + 'a>, limits: &Limits) -> Result<Self, AudioError> {
        let (source, length) = seekable(source, limits)?;
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

    /// What is known of the file by now, with `samples` of it.
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

    /// Takes one channel alone, if one is chosen. Reading fails with [`AudioError::NoSuchChannel`] if it is missing.
    #[must_use]
    pub fn with_channel(mut self, channel: Option<Channel>) -> Self {
        self.mixer.channel = channel;
        self.others.iter_mut().for_each(|other| other.mixer.channel = channel);
        self
    }

    /// Which of the file's sound tracks is read, counted from 1.
    pub fn track(&self) -> usize {
        self.number
    }

    /// What a person should know of how channels and tracks were taken, as far as they were heard.
    pub fn notes(&self) -> Vec<QualityNote> {
        self.mixer.notes().into_iter().chain(self.track_note()).collect()
    }

    pub(super) fn track_note(&self) -> Option<QualityNote> {
        self.is_other.then_some(QualityNote::OtherTrack)
    }

    /// Length that the file says it has, in seconds; none if it says nothing, or more than its bytes can hold.
    pub fn declared_s(&self) -> Option<f32> {
        self.declared_s
    }

    /// Seconds of sound that are known, or estimated, to be missing from what was decoded so far: packets that could not be
    /// read, the end of a file that was cut short, samples that were no numbers.
    pub fn lost_s(&self) -> f32 {
        self.mixer.lost_s as f32
    }

    /// The next half second or so; none at the end.
    ///
    /// # Errors
    /// [`AudioError`] when nothing at all can be read or a limit is exceeded. A file that breaks off after some
    /// readable sound just ends.
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

    /// Decodes one packet, if there is one left.
    pub(super) fn advance(&mut self) -> Result<bool, AudioError> {
        let goes_on = self.read_packet()?;
        if self.mixer.has_sound() {
            self.others.clear();
        } else if !goes_on || self.mixer.duration_s() >= LONGEST_SILENCE_S {
            self.take_track_with_sound();
        }
        Ok(goes_on)
    }

    /// Whether another track may still take the place of the one that is read, which was silent so far.
    pub(super) fn is_choosing_track(&self) -> bool {
        !self.others.is_empty()
    }

    /// Goes on with the first of the other tracks that has sound, or else with the one that is read.
    fn take_track_with_sound(&mut self) {
        if let Some(place) = self.others.iter().position(|other| other.mixer.has_sound()) {
            self.number = self.others[place].number;
            self.exchange_track(place);
            self.declared_s = self.track.timeline.declared_s();
            self.is_other = true;
        }
        self.others.clear();
    }

    /// Exchanges the track that is read with another.
    fn exchange_track(&mut self, place: usize) {
        std::mem::swap(&mut self.track, &mut self.others[place].track);
        std::mem::swap(&mut self.mixer, &mut self.others[place].mixer);
    }

    /// Decodes a packet of a track that is not read. One that cannot be decoded is left alone from then on.
    fn hear_other_track(&mut self, packet: Packet) {
        let Some(place) = self.others.iter().position(|other| other.track.id == packet.track_id) else {
            return;
        };
        self.exchange_track(place);
        let outcome = self.decode(packet);
        self.exchange_track(place);
        if outcome.is_err() {
            self.others.remove(place);
        }
    }

    fn read_packet(&mut self) -> Result<bool, AudioError> {
        if self.is_ended {
            return Ok(false);
        }
        let packet = match guarded(|| self.format.next_packet()) {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.go_on_behind(),
            // Another stream begins in an Ogg file.
            Err(SymphoniaError::ResetRequired) => return self.go_on_with_link(),
            // A file that was cut off ends in the middle of a packet; one that is recorded in pieces says no end.
            Err(SymphoniaError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                return self.go_on_behind();
            }
            Err(error) => return self.give_up(&error),
        };
        if packet.track_id != self.track.id {
            if packet.data.is_empty() {
                return self.skip_empty();
            }
            self.hear_other_track(packet);
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

    /// Decodes and mixes a packet; whether there was sound in it.
    fn decode(&mut self, mut packet: Packet) -> Result<bool, Failure> {
        let padding = if self.says_padding() { packet.trim_end.get() as usize } else { 0 };
        // Padding is dropped here, once it is known to be at the end.
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

    /// Whether packets tell how much of them is padding. Of MP3, it is reckoned from the length, which may be a guess.
    fn says_padding(&self) -> bool {
        let is_guess = |track: &Track| track.id == self.track.id && track.padding.is_none();
        self.format.format_info().format != FORMAT_ID_MP3 || !self.format.tracks().iter().any(is_guess)
    }

    /// Goes on with the next of the files that stand one behind the other in this one; ends if there is none.
    fn go_on_behind(&mut self) -> Result<bool, AudioError> {
        let Some(place) = self.next.as_ref().and_then(webm::Next::place) else {
            self.mixer.lost_s += self.track.timeline.missing_s() + self.half_a_page_s();
            return self.end();
        };
        self.mixer.lost_s += self.track.timeline.missing_s();
        self.bounds.start += place;
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
                self.take_track_with_sound();
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

    /// Goes on with the next stream of an Ogg file.
    fn go_on_with_link(&mut self) -> Result<bool, AudioError> {
        self.mixer.lost_s += self.track.timeline.missing_s();
        self.links += 1;
        self.empty_packets = 0;
        let limits = self.mixer.limits();
        let opened = main_track(&*self.format).and_then(|track| {
            OpenTrack::open(track, &*self.format, &limits, Ends::default(), self.file.len(), false)
        });
        match opened {
            Ok(track) if self.links <= MAX_LINKS => {
                self.take_track_with_sound();
                self.track = track;
                Ok(true)
            }
            _ => self.give_up(&SymphoniaError::Unsupported("a stream behind the first")),
        }
    }

    /// Goes on after a packet without sound, unless there were too many of them.
    fn skip_empty(&mut self) -> Result<bool, AudioError> {
        self.empty_packets += 1;
        if self.empty_packets > MAX_EMPTY_PACKETS {
            return self.give_up(&SymphoniaError::DecodeError("there is no sound in its packets"));
        }
        Ok(true)
    }

    /// Ends here if there is something to end with.
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

    /// About how many seconds lie behind a place that was not read past, if they are like those before it.
    fn unread_s(&self, place: u64) -> f64 {
        let (before, behind) = (place.max(1), self.file.len().saturating_sub(place));
        f64::from(self.mixer.duration_s()) * behind as f64 / before as f64
    }

    /// About how many seconds were in the page of an Ogg file that was cut through.
    fn half_a_page_s(&self) -> f64 {
        if self.format.format_info().format != FORMAT_ID_OGG {
            return 0.0;
        }
        let page = ogg::cut_page(&self.file);
        f64::from(self.mixer.duration_s()) * page as f64 / self.file.len().saturating_sub(page).max(1) as f64
    }
}

/// Why a packet gave no sound.
enum Failure {
    /// It could not be decoded; others may.
    Packet(SymphoniaError),
    /// The file asks for too much.
    Limit(AudioError),
}

/// The sound track that a file begins with, or says is its main one.
fn main_track(format: &dyn FormatReader) -> Result<&Track, AudioError> {
    format.default_track(TrackType::Audio).ok_or_else(|| {
        // A track of which nothing is known may be one of sound.
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
        // Checked before a decoder sizes its buffers by what the file claims.
        if let Some(channels) = params.channels.as_ref().map(|c| c.count()) {
            check_channels(channels, limits)?;
        }
        let timeline = Timeline::new(format, track, bytes, is_cut);
        // What comes before the sound in Opus is dropped by its decoder.
        let ends = ends.within(timeline.declared_s(), params.codec == CODEC_ID_OPUS);
        let decoder = make_decoder(&params).map_err(|_| AudioError::UnsupportedCodec)?;
        Ok(Self { id: track.id, params, decoder, timeline, ends, packet_s: 0.0 })
    }

    /// Decodes a packet into interleaved samples; tells their rate and channels. A decoder that fails where it
    /// worked before is made anew once: what was joined may go on with other channels.
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
            outcome => outcome,
        }
    }
}

/// The place of a track among the sound tracks of a file, counted from 1, and those of the others that can be decoded.
fn other_tracks(format: &dyn FormatReader, id: u32, limits: &Limits, bytes: u64) -> (usize, Vec<OtherTrack>) {
    let is_sound = |track: &&Track| matches!(track.codec_params, Some(CodecParameters::Audio(_)));
    let tracks = || format.tracks().iter().filter(is_sound).zip(1..);
    let number = tracks().find(|(track, _)| track.id == id).map_or(1, |(_, number)| number);
    let others = tracks().filter(|(track, _)| track.id != id).take(MOST_TRACKS);
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

/// A source that can be wound back, and its length.
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
