//! Any supported file, or raw samples, to mono at 16 kHz.

use std::io::{Cursor, ErrorKind};
use std::sync::LazyLock;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::{AudioError, Resampler, SAMPLE_RATE_HZ, opus::OpusAdapter};

/// Rates that are resampled, in Hz.
const SUPPORTED_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Packets in a row that fail to decode before the rest of a file is given up as damaged.
const MAX_BAD_PACKETS: usize = 50;

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<OpusAdapter>();
    registry
});

/// How much a file may ask for before it is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Largest input, in bytes. Default 200 MB.
    pub max_bytes: usize,
    /// Longest recording, in seconds. Default 2 h.
    pub max_duration_s: f32,
    /// Most channels. Default 8.
    pub max_channels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 200_000_000, max_duration_s: 7_200.0, max_channels: 8 }
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
    /// Stop once this many seconds are decoded. `None` reads to the end.
    pub stop_after_s: Option<f32>,
}

/// A mono recording at [`SAMPLE_RATE_HZ`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Samples in `[-1, 1]`.
    pub samples: Vec<f32>,
    /// Length of the whole source in seconds, as far as it is known: decoding may have stopped earlier.
    pub duration_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// Channels of the source.
    pub source_channels: usize,
    /// Part of the source was unreadable: the file is cut short, or some packets were skipped.
    pub damaged: bool,
}

/// Decodes an audio file of any supported format, mixes it to mono and resamples it to 16 kHz.
///
/// The format is recognised by content; names and extensions play no part.
///
/// # Errors
/// [`AudioError`] when nothing can be read or a limit is exceeded. A file that breaks off after some readable sound
/// is no error: [`Recording::damaged`] tells.
pub fn decode(bytes: &[u8], options: &ReadOptions) -> Result<Recording, AudioError> {
    let limits = &options.limits;
    limits.check_size(bytes.len())?;
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| match error {
            // The probe reads to the end in search of a signature that it knows.
            SymphoniaError::IoError(_) | SymphoniaError::Unsupported(_) => AudioError::UnknownFormat,
            other => corrupt(&other),
        })?;
    let track = format.default_track(TrackType::Audio).ok_or(AudioError::NoAudioTrack)?;
    let track_id = track.id;
    let declared_s = declared_duration_s(track);
    if declared_s.is_some_and(|seconds| seconds > limits.max_duration_s) {
        return Err(AudioError::TooLong { limit_s: limits.max_duration_s });
    }
    let mut decoder = make_decoder(track, limits)?;
    let mut mixer = Mixer::new(*options);
    let mut bad_packets = 0;
    while !mixer.has_enough() {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // A cut-off file ends in the middle of a packet.
            Err(SymphoniaError::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                mixer.damaged = true;
                break;
            }
            Err(error) if mixer.is_empty() => return Err(corrupt(&error)),
            Err(_) => {
                mixer.damaged = true;
                break;
            }
        };
        if packet.track_id != track_id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(buffer) => {
                bad_packets = 0;
                let spec = buffer.spec();
                let (rate_hz, channels) = (spec.rate(), spec.channels().count());
                buffer.copy_to_vec_interleaved(&mut mixer.interleaved);
                mixer.take(rate_hz, channels)?;
            }
            Err(error) => {
                mixer.damaged = true;
                bad_packets += 1;
                if bad_packets > MAX_BAD_PACKETS {
                    if mixer.is_empty() {
                        return Err(corrupt(&error));
                    }
                    break;
                }
            }
        }
    }
    let stopped_early = mixer.has_enough();
    let mut recording = mixer.finish()?;
    if let Some(declared_s) = declared_s.filter(|_| stopped_early) {
        recording.duration_s = recording.duration_s.max(declared_s);
    }
    Ok(recording)
}

/// Takes raw mono samples, as a microphone gives them, through the same resampling and checks as a file.
///
/// # Errors
/// [`AudioError`] when there are no samples, the rate is unsupported or a limit is exceeded.
pub fn from_samples(samples: &[f32], rate_hz: u32, options: &ReadOptions) -> Result<Recording, AudioError> {
    let mut mixer = Mixer::new(*options);
    mixer.interleaved.extend_from_slice(samples);
    mixer.take(rate_hz, 1)?;
    mixer.finish()
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
    CODECS
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map_err(|_| AudioError::UnsupportedCodec)
}

fn check_channels(channels: usize, limits: &Limits) -> Result<(), AudioError> {
    if channels > limits.max_channels {
        return Err(AudioError::TooManyChannels { channels, limit: limits.max_channels });
    }
    Ok(())
}

fn corrupt(error: &SymphoniaError) -> AudioError {
    AudioError::Corrupt { detail: error.to_string() }
}

/// Mixes interleaved samples to mono and resamples them as they come, so that two hours at 192 kHz never stand in
/// memory at once.
struct Mixer {
    options: ReadOptions,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    resampler: Option<Resampler>,
    rate_hz: u32,
    channels: usize,
    frames: u64,
    damaged: bool,
}

impl Mixer {
    fn new(options: ReadOptions) -> Self {
        Self {
            options,
            interleaved: Vec::new(),
            mono: Vec::new(),
            resampler: None,
            rate_hz: 0,
            channels: 0,
            frames: 0,
            damaged: false,
        }
    }

    /// Mixes and resamples what stands in `interleaved`.
    fn take(&mut self, rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        if self.interleaved.is_empty() || channels == 0 {
            return Ok(());
        }
        if !SUPPORTED_RATES_HZ.contains(&rate_hz) {
            return Err(AudioError::UnsupportedRate { rate_hz });
        }
        let limits = &self.options.limits;
        check_channels(channels, limits)?;
        if self.resampler.is_some() && rate_hz != self.rate_hz {
            // Chained streams may change their rate; what follows belongs to another recording.
            self.damaged = true;
            return Ok(());
        }
        self.rate_hz = rate_hz;
        self.channels = channels;
        let scale = 1.0 / channels as f32;
        self.mono.clear();
        self.mono
            .extend(self.interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * scale));
        for sample in &mut self.mono {
            if !sample.is_finite() {
                *sample = 0.0;
                self.damaged = true;
            }
        }
        self.frames += self.mono.len() as u64;
        if self.duration_s() > limits.max_duration_s {
            return Err(AudioError::TooLong { limit_s: limits.max_duration_s });
        }
        self.resampler.get_or_insert_with(|| Resampler::new(rate_hz, SAMPLE_RATE_HZ)).push(&self.mono);
        Ok(())
    }

    fn duration_s(&self) -> f32 {
        if self.rate_hz == 0 { 0.0 } else { (self.frames as f64 / f64::from(self.rate_hz)) as f32 }
    }

    fn is_empty(&self) -> bool {
        self.frames == 0
    }

    fn has_enough(&self) -> bool {
        let ready = self.resampler.as_ref().map_or(0, Resampler::ready);
        self.options.stop_after_s.is_some_and(|seconds| ready as f32 >= seconds * SAMPLE_RATE_HZ as f32)
    }

    fn finish(self) -> Result<Recording, AudioError> {
        let duration_s = self.duration_s();
        let resampler = self.resampler.ok_or(AudioError::NoSamples)?;
        let mut samples = resampler.finish();
        if samples.is_empty() {
            return Err(AudioError::NoSamples);
        }
        if let Some(seconds) = self.options.stop_after_s {
            samples.truncate((seconds * SAMPLE_RATE_HZ as f32).ceil() as usize);
        }
        for sample in &mut samples {
            *sample = sample.clamp(-1.0, 1.0);
        }
        Ok(Recording {
            samples,
            duration_s,
            source_rate_hz: self.rate_hz,
            source_channels: self.channels,
            damaged: self.damaged,
        })
    }
}
