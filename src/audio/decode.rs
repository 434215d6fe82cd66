//! Any supported file, or raw samples, to mono at 16 kHz.

use std::io::Cursor;

use symphonia::core::audio::{Channels, layouts};

use super::mixer::Mixer;
use super::{AudioError, Channel, QualityNote, SAMPLE_RATE_HZ, Stream};

/// Channels that the Web Audio API decodes at most. They are in memory already, so that the limit for files does not apply.
const WEB_AUDIO_CHANNELS: usize = 32;

/// Samples of a channel that are taken at once.
const PIECE: usize = 65_536;

/// How much a file may ask for before it is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Largest input, in bytes. Default 200 MB.
    pub max_bytes: usize,
    /// Most channels. Default 8.
    pub max_channels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 200_000_000, max_channels: 8 }
    }
}

impl Limits {
    /// Refuses a file by its size alone.
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

/// What to read of a file.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ReadOptions {
    /// Limits that a file must keep.
    pub limits: Limits,
    /// Stop once this many seconds are decoded. `None` reads to the end, but no further than two hours, all of which are in
    /// memory then: what is longer is read as a [`Stream`].
    pub stop_after_s: Option<f32>,
    /// Take this channel alone. `None` mixes all.
    pub channel: Option<Channel>,
}

/// Seconds of the longest recording that is read at once.
const LONGEST_S: f32 = 7_200.0;

/// A mono recording at [`SAMPLE_RATE_HZ`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Samples, whose full scale is 1. Some may lie beyond, in files of floating-point numbers or where a coding overshoots.
    pub samples: Vec<f32>,
    /// Length of the whole source in seconds, as far as it is known: decoding may have stopped earlier.
    pub duration_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// Channels of the source.
    pub source_channels: usize,
    /// Which of the file's sound tracks was read, counted from 1.
    pub source_track: usize,
    /// What a person should know of how channels and tracks were taken.
    pub notes: Vec<QualityNote>,
    /// Seconds of sound that are known, or estimated, to be missing: the file was cut short, or some of it could not be read.
    pub lost_s: f32,
}

/// Decodes an audio file of any supported format, mixes it to mono and resamples it to 16 kHz.
///
/// The format is recognised by content; names and extensions play no part.
///
/// # Errors
/// [`AudioError`] when nothing can be read or a limit is exceeded. A file that breaks off after some readable sound
/// is no error: [`Recording::lost_s`] tells.
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

/// Takes raw mono samples, as a microphone gives them, through the same resampling and checks as a file.
/// There is no channel to choose.
///
/// # Errors
/// [`AudioError`] when there are no samples, the rate is unsupported or a limit is exceeded.
pub fn from_samples(samples: &[f32], rate_hz: u32, options: &ReadOptions) -> Result<Recording, AudioError> {
    from_channels(&[samples], rate_hz, &ReadOptions { channel: None, ..*options })
}

/// Takes the raw samples of each channel, as another decoder gives them, through the same mixing, resampling and checks as a
/// file. Layouts are those of the [Web Audio API](https://www.w3.org/TR/webaudio/#ChannelLayouts).
///
/// # Errors
/// As of [`from_samples`], or when there are too many channels or not the one that is asked for.
pub fn from_channels(
    channels: &[&[f32]],
    rate_hz: u32,
    options: &ReadOptions,
) -> Result<Recording, AudioError> {
    let mut mixer = Mixer::new(Limits { max_channels: WEB_AUDIO_CHANNELS, ..options.limits });
    mixer.channel = options.channel;
    let layout = web_audio_layout(channels.len());
    let frames = channels.iter().map(|samples| samples.len()).min().unwrap_or(0);
    // Piece by piece, so that what is interleaved is never as long as the whole.
    for start in (0..frames).step_by(PIECE) {
        mixer.interleaved.clear();
        for at in start..frames.min(start + PIECE) {
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
        mixer.ready() as f32 >= self.stop_after_s.unwrap_or(LONGEST_S) * SAMPLE_RATE_HZ as f32
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
