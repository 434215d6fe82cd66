//! Why a recording could not be read, with messages for users.

use super::Channel;

/// Errors of decoding.
///
/// The message describes the problem and what to do; [`code`](Self::code) is stable and meant for programs.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The input has no bytes at all.
    #[error("The file is empty. Choose another one, or record again.")]
    Empty,
    /// The input has more bytes than [`Limits::max_bytes`](crate::audio::Limits::max_bytes).
    #[error("The file is {} MB, more than the {} MB that can be read here. Cut out the part you want to hear and try again.", .bytes / 1_000_000, .limit / 1_000_000)]
    TooLarge {
        /// Size of the input.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The recording has more channels than [`Limits::max_channels`](crate::audio::Limits::max_channels).
    #[error(
        "The recording has {channels} channels, more than the {limit} that can be mixed here. Export it as mono or stereo and try again."
    )]
    TooManyChannels {
        /// Number of channels.
        channels: usize,
        /// The limit.
        limit: usize,
    },
    /// The selected channel does not exist in the recording.
    #[error(
        "There is no channel “{channel}” in this recording, which has {channels}. Choose another one, or none to hear them all."
    )]
    NoSuchChannel {
        /// The selected channel.
        channel: Channel,
        /// Number of channels.
        channels: usize,
    },
    /// The sample rate is not within 4 to 192 kHz.
    #[error(
        "The recording has a sample rate of {rate_hz} Hz; rates from 4,000 to 192,000 Hz can be read. Export it at 16,000 or 48,000 Hz and try again."
    )]
    UnsupportedRate {
        /// The sample rate in Hz.
        rate_hz: u32,
    },
    /// No known audio format was detected.
    #[error(
        "This does not look like an audio file. WAV, AIFF, FLAC, MP3, AAC, Ogg (Vorbis or Opus), WebM, M4A, MP4, MOV and CAF can be read."
    )]
    UnknownFormat,
    /// Adaptive multi-rate speech, raw or in 3GP.
    #[error(
        "This is AMR, as phones record it, which cannot be read here. Convert it to WAV, MP3 or M4A and try again; many phones can also record as M4A."
    )]
    Amr,
    /// A NIST SPHERE file, as in speech corpora.
    #[error(
        "This is a NIST SPHERE file, whatever its name says, and cannot be read here. Convert it to WAV, for example with “sox”, and try again."
    )]
    NistSphere,
    /// Windows Media Audio, or another stream in ASF.
    #[error(
        "This is Windows Media (WMA), which cannot be read here. Convert it to WAV, MP3 or M4A and try again."
    )]
    WindowsMedia,
    /// The pointer that git checks out instead of a large file without git-lfs.
    #[error(
        "This is only a git-lfs pointer, and the recording itself is not here. Run “git lfs pull” in its folder and try again."
    )]
    LfsPointer,
    /// HTML or XML.
    #[error(
        "This is a web page that was saved under the name of a recording. Download the recording itself and try again."
    )]
    WebPage,
    /// ZIP, RAR, 7z or gzip.
    #[error("This is an archive. Unpack it and choose a recording in it.")]
    Archive,
    /// An image or a PDF.
    #[error("This is a picture or a document, not a recording. Choose another file.")]
    Document,
    /// The container is supported, but not the audio codec.
    #[error(
        "The sound in this file is coded in a way that cannot be read here. Export it as WAV, MP3 or M4A (AAC) and try again."
    )]
    UnsupportedCodec,
    /// The container has no audio track, as in a silent video.
    #[error("There is no sound track in this file. Choose another one.")]
    NoAudioTrack,
    /// The file is invalid in its own format.
    #[error("The file is damaged and no sound could be read from it ({detail}). Export or record it again.")]
    Corrupt {
        /// The error of the decoder.
        detail: String,
    },
    /// The file was decoded to its end without a single sample.
    #[error("The file holds no sound: it is zero seconds long. Choose another one, or record again.")]
    NoSamples,
}

impl AudioError {
    /// A short, stable name for programs: the same in JSON output, in the browser and in tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too-large",
            Self::TooManyChannels { .. } => "too-many-channels",
            Self::NoSuchChannel { .. } => "no-such-channel",
            Self::UnsupportedRate { .. } => "unsupported-rate",
            Self::UnknownFormat => "unknown-format",
            Self::Amr => "amr",
            Self::NistSphere => "nist-sphere",
            Self::WindowsMedia => "windows-media",
            Self::LfsPointer => "git-lfs-pointer",
            Self::WebPage => "web-page",
            Self::Archive => "archive",
            Self::Document => "document",
            Self::UnsupportedCodec => "unsupported-codec",
            Self::NoAudioTrack => "no-audio-track",
            Self::Corrupt { .. } => "corrupt",
            Self::NoSamples => "no-samples",
        }
    }
}
