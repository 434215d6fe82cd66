//! Decoding of any supported file, or conversion of raw samples, to mono at 16 kHz.

use std::io::Cursor;

use symphonia::core::audio::{Channels, layouts};

use super::mixer::Mixer;
use super::{AudioError, Channel, QualityNote, SAMPLE_RATE_HZ, Stream};

/// Maximum number of channels in the Web Audio API. They are in memory already, so that the limit for files does not apply.
const WEB_AUDIO_CHANNELS: usize = 32;

/// Number of samples per channel that are converted at once.
const CHUNK: usize = 65_536;

/// Limits above which a file is rejected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Maximum size in bytes. Default 200 MB.
    pub max_bytes: usize,
    /// Maximum number of channels. Default 8.
    pub max_channels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 200_000_000, max_channels: 8 }
    }
}

impl Limits {
    /// Checks the size of a file.
    ///
    /// # Errors
    /// [`AudioError::Empty`] or [`AudioError::TooLarge`].
    pub fn check_size(&self, bytes: usize) -> Result<(), AudioError> {
        match bytes {
            0 => Err(AudioError::Empty),
            bytes if bytes > self.max_bytes => Err(AudioError::TooLarge { bytes, limit: self.max_bytes }),
            _ => Ok(()),
        }
    }
}

/// Options for decoding a file.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ReadOptions {
    /// Limits of the input.
    pub limits: Limits,
    /// Stop once this many seconds are decoded. `None` reads to the end, but at most two hours, all of which are in memory then;
    /// longer files are read as a [`Stream`].
    pub stop_after_s: Option<f32>,
    /// Use only this channel. `None` mixes all.
    pub channel: Option<Channel>,
}

/// Maximum duration of a recording that is decoded into memory, in seconds.
const MAX_DURATION_S: f32 = 7_200.0;

/// A mono recording at [`SAMPLE_RATE_HZ`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Samples with a full scale of 1. Some may exceed it, in files of floats or where a codec overshoots.
    pub samples: Vec<f32>,
    /// Duration of the whole source in seconds, as far as it is known: decoding may have stopped earlier.
    pub duration_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// Number of channels of the source.
    pub source_channels: usize,
    /// The audio track that was decoded, from 1.
    pub source_track: usize,
    /// Notes on channels and tracks for the user.
    pub notes: Vec<QualityNote>,
    /// Seconds of audio that are known, or estimated, to be missing: the file is truncated, or some of it could not be decoded.
    pub lost_s: f32,
}

/// Decodes an audio file of any supported format, mixes it to mono and resamples it to 16 kHz.
///
/// The format is detected from the content; names and extensions are ignored.
///
/// # Errors
/// [`AudioError`] if nothing can be decoded or a limit is exceeded. A file that is truncated after some valid audio is no
/// error: see [`Recording::lost_s`].
pub fn decode(bytes: &[u8], options: &ReadOptions) -> Result<Recording, AudioError> {
    options.limits.check_size(bytes.len())?;
    let mut stream =
        Stream::open(Box::new(Cursor::new(bytes)), &options.limits)?.with_channel(options.channel);
    while (stream.is_choosing_track() || !options.is_enough(&stream.mixer)) && stream.advance()? {}
    let declared_s = stream.declared_s().filter(|_| options.is_enough(&stream.mixer));
    let (source_track, track_note) = (stream.track(), stream.track_note());
    let mut recording = options.finish(stream.mixer)?;
    recording.source_track = source_track;
    recording.notes.extend(track_note);
    if let Some(declared_s) = declared_s {
        recording.duration_s = recording.duration_s.max(declared_s);
    }
    Ok(recording)
}

/// Converts raw mono samples, as from a microphone, with the same resampling and checks as a file. The channel option is
/// ignored.
///
/// # Errors
/// [`AudioError`] if there are no samples, the rate is not supported or a limit is exceeded.
pub fn from_samples(samples: &[f32], rate_hz: u32, options: &ReadOptions) -> Result<Recording, AudioError> {
    from_channels(&[samples], rate_hz, &ReadOptions { channel: None, ..*options })
}

/// Converts the raw samples of each channel, as from another decoder, with the same mixing, resampling and checks as a file.
/// Layouts are those of the [Web Audio API](https://www.w3.org/TR/webaudio/#ChannelLayouts).
///
/// # Errors
/// As [`from_samples`], or if there are too many channels or the selected one is missing.
pub fn from_channels(
    channels: &[&[f32]],
    rate_hz: u32,
    options: &ReadOptions,
) -> Result<Recording, AudioError> {
    let mut mixer = Mixer::new(Limits { max_channels: WEB_AUDIO_CHANNELS, ..options.limits });
    mixer.channel = options.channel;
    let layout = web_audio_layout(channels.len());
    let frames = channels.iter().map(|samples| samples.len()).min().unwrap_or(0);
    // In chunks, so that the interleaved copy is small.
    for start in (0..frames).step_by(CHUNK) {
        mixer.interleaved.clear();
        for at in start..frames.min(start + CHUNK) {
            mixer.interleaved.extend(channels.iter().map(|samples| samples[at]));
        }
        mixer.mix(rate_hz, &layout)?;
    }
    options.finish(mixer)
}

fn web_audio_layout(channels: usize) -> Channels {
    match channels {
        6 => layouts::CHANNEL_LAYOUT_5P1,
        channels => Channels::Discrete(channels.try_into().unwrap_or(u16::MAX)),
    }
}

impl ReadOptions {
    fn is_enough(&self, mixer: &Mixer) -> bool {
        mixer.ready() as f32 >= self.stop_after_s.unwrap_or(MAX_DURATION_S) * SAMPLE_RATE_HZ as f32
    }

    fn finish(&self, mut mixer: Mixer) -> Result<Recording, AudioError> {
        let duration_s = mixer.duration_s();
        let mut samples = mixer.take_rest();
        if samples.is_empty() {
            return Err(AudioError::NoSamples);
        }
        if let Some(seconds) = self.stop_after_s {
            samples.truncate((seconds * SAMPLE_RATE_HZ as f32).ceil() as usize);
        }
        Ok(Recording {
            samples,
            duration_s,
            source_rate_hz: mixer.rate_hz,
            source_channels: mixer.channels,
            source_track: 1,
            notes: mixer.notes(),
            lost_s: mixer.lost_s as f32,
        })
    }
}
