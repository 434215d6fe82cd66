//! An audio file that is decoded piece by piece.

use std::io::ErrorKind;
use std::sync::LazyLock;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::guard::guarded;
use super::mixer::{Mixer, check_channels};
use super::tracks::{LONGEST_SILENCE_S, MOST_TRACKS, OtherTrack};
use super::{AudioError, Channel, Limits, QualityNote, SAMPLE_RATE_HZ, boxes, opus::OpusAdapter};

/// Packets in a row that fail to decode before the rest of a file is given up as damaged.
const MAX_BAD_PACKETS: usize = 50;

/// Packets without any sound before the rest of a file is given up: a few bytes may say that there are four milliards of them,
/// and each may take milliseconds to find. Honest files have one or two.
const MAX_EMPTY_PACKETS: usize = 100;

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
/// The format is recognised by content; names and extensions play no part.
pub struct Stream<'a> {
    format: Box<dyn FormatReader + 'a>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    declared_s: Option<f32>,
    bad_packets: usize,
    empty_packets: usize,
    pub(super) mixer: Mixer,
    /// Which of the file's sound tracks is read, counted from 1.
    track: usize,
    /// The others, until the track that is read has sound.
    others: Vec<OtherTrack>,
    track_note: Option<QualityNote>,
}

impl<'a> Stream<'a> {
    /// Opens a file, from its start.
    ///
    /// # Errors
    /// [`AudioError`] when its format is unknown, it has no sound, or says that it is longer than the limit.
    pub fn open(mut source: Box<dyn MediaSource + 'a>, limits: &Limits) -> Result<Self, AudioError> {
        if let Some(absurdity) = boxes::absurdity(&mut *source).map_err(|error| corrupt(&error.into()))? {
            return Err(AudioError::Corrupt { detail: absurdity.to_owned() });
        }
        let source = MediaSourceStream::new(source, Default::default());
        let probe = symphonia::default::get_probe();
        let opened = guarded(|| {
            probe.probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default())
        });
        let format = opened.map_err(|error| match error {
            // The probe reads to the end in search of a signature that it knows.
            SymphoniaError::IoError(_) | SymphoniaError::Unsupported(_) => AudioError::UnknownFormat,
            other => corrupt(&other),
        })?;
        let track = format.default_track(TrackType::Audio).ok_or(AudioError::NoAudioTrack)?;
        let declared_s = declared_duration_s(track);
        if declared_s.is_some_and(|seconds| seconds > limits.max_duration_s) {
            return Err(AudioError::TooLong { limit_s: limits.max_duration_s });
        }
        let (track_id, decoder) = (track.id, make_decoder(track, limits)?);
        let (number, others) = other_tracks(&*format, track_id, limits);
        Ok(Self {
            format,
            decoder,
            track_id,
            declared_s,
            bad_packets: 0,
            empty_packets: 0,
            mixer: Mixer::new(*limits),
            track: number,
            others,
            track_note: None,
        })
    }

    /// Takes one channel alone, if one is chosen. Reading fails with [`AudioError::NoSuchChannel`] if it is missing.
    #[must_use]
    pub fn with_channel(mut self, channel: Option<Channel>) -> Self {
        self.mixer.chosen = channel;
        self.others.iter_mut().for_each(|other| other.mixer.chosen = channel);
        self
    }

    /// Which of the file's sound tracks is read, counted from 1.
    pub fn track(&self) -> usize {
        self.track
    }

    /// What a person should know of how channels and tracks were taken; complete at the end.
    pub fn notes(&self) -> Vec<QualityNote> {
        self.mixer.notes().iter().copied().chain(self.track_note).collect()
    }

    pub(super) fn track_note(&self) -> Option<QualityNote> {
        self.track_note
    }

    /// Length that the file says it has, in seconds.
    pub fn declared_s(&self) -> Option<f32> {
        self.declared_s
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
        let goes_on = self.decode_packet()?;
        if self.is_choosing_track() && (!goes_on || self.mixer.duration_s() >= LONGEST_SILENCE_S) {
            self.take_track_with_sound();
        }
        Ok(goes_on)
    }

    /// Whether another track may still take the place of the one that is read, which was silent so far.
    pub(super) fn is_choosing_track(&self) -> bool {
        !self.others.is_empty()
    }

    /// Goes on with the first track that has sound, or else with the one that is read.
    fn take_track_with_sound(&mut self) {
        let with_sound = self.others.drain(..).find(|other| other.mixer.has_sound());
        if let Some(OtherTrack { id, number, declared_s, decoder, mixer }) = with_sound {
            (self.track_id, self.track, self.declared_s) = (id, number, declared_s);
            (self.decoder, self.mixer) = (decoder, mixer);
            self.track_note = Some(QualityNote::OtherTrack);
        }
    }

    fn decode_packet(&mut self) -> Result<bool, AudioError> {
        let packet = match guarded(|| self.format.next_packet()) {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(false),
            // A cut-off file ends in the middle of a packet.
            Err(SymphoniaError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                self.mixer.damaged = true;
                return Ok(false);
            }
            Err(error) => return self.give_up(&error),
        };
        if packet.track_id != self.track_id {
            if packet.data.is_empty() {
                return self.skip_empty();
            }
            self.others.retain_mut(|other| other.hear(&packet));
            return Ok(true);
        }
        match guarded(|| self.decoder.decode(&packet)) {
            Ok(buffer) => {
                self.bad_packets = 0;
                if buffer.is_empty() {
                    return self.skip_empty();
                }
                let spec = buffer.spec();
                buffer.copy_to_vec_interleaved(&mut self.mixer.interleaved);
                self.mixer.mix(spec.rate(), spec.channels())?;
                if self.mixer.has_sound() {
                    self.others.clear();
                }
            }
            Err(error) => {
                self.mixer.damaged = true;
                self.bad_packets += 1;
                if self.bad_packets > MAX_BAD_PACKETS {
                    return self.give_up(&error);
                }
            }
        }
        Ok(true)
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
        self.mixer.damaged = true;
        Ok(false)
    }
}

/// The place of a track among the sound tracks of a file, counted from 1, and those of the others that can be decoded.
fn other_tracks(format: &dyn FormatReader, track_id: u32, limits: &Limits) -> (usize, Vec<OtherTrack>) {
    let is_sound = |track: &&Track| matches!(track.codec_params, Some(CodecParameters::Audio(_)));
    let tracks = || format.tracks().iter().filter(is_sound).zip(1..);
    let number = tracks().find(|(track, _)| track.id == track_id).map_or(1, |(_, number)| number);
    let others = tracks().filter(|(track, _)| track.id != track_id).take(MOST_TRACKS).filter_map(|(track, number)| {
        let decoder = make_decoder(track, limits).ok()?;
        let (declared_s, mixer) = (declared_duration_s(track), Mixer::new(*limits));
        Some(OtherTrack { id: track.id, number, declared_s, decoder, mixer })
    });
    (number, others.collect())
}

fn declared_duration_s(track: &Track) -> Option<f32> {
    let frames = track.num_frames? as f64;
    match track.codec_params.as_ref()? {
        CodecParameters::Audio(params) => Some((frames / f64::from(params.sample_rate?)) as f32),
        _ => None,
    }
}

fn make_decoder(track: &Track, limits: &Limits) -> Result<Box<dyn AudioDecoder>, AudioError> {
    let Some(CodecParameters::Audio(params)) = &track.codec_params else {
        return Err(AudioError::UnsupportedCodec);
    };
    // Checked before a decoder sizes its buffers by what the file claims.
    if let Some(channels) = params.channels.as_ref().map(|c| c.count()) {
        check_channels(channels, limits)?;
    }
    guarded(|| CODECS.make_audio_decoder(params, &AudioDecoderOptions::default()))
        .map_err(|_| AudioError::UnsupportedCodec)
}

fn corrupt(error: &SymphoniaError) -> AudioError {
    AudioError::Corrupt { detail: error.to_string() }
}
