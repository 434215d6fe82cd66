//! Why a recording could not be read, in words for the person who chose it.

use super::Channel;

/// Everything that can go wrong between the bytes of a file and its samples.
///
/// The message says what happened and what to do; [`code`](Self::code) is stable and meant for programs.
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
        /// The limit it exceeds.
        limit: usize,
    },
    /// The recording has more channels than [`Limits::max_channels`](crate::audio::Limits::max_channels).
    #[error(
        "The recording has {channels} channels, more than the {limit} that can be mixed here. Export it as mono or stereo and try again."
    )]
    TooManyChannels {
        /// Channels found.
        channels: usize,
        /// The limit they exceed.
        limit: usize,
    },
    /// A channel was asked for that the recording does not have.
    #[error(
        "There is no channel “{channel}” in this recording, which has {channels}. Choose another one, or none to hear them all."
    )]
    NoSuchChannel {
        /// The channel that was asked for.
        channel: Channel,
        /// Channels found.
        channels: usize,
    },
    /// The sample rate lies outside 4 to 192 kHz.
    #[error(
        "The recording has a sample rate of {rate_hz} Hz; rates from 4,000 to 192,000 Hz can be read. Export it at 16,000 or 48,000 Hz and try again."
    )]
    UnsupportedRate {
        /// The rate found, in Hz.
        rate_hz: u32,
    },
    /// No known audio format was recognised in the bytes.
    #[error(
        "This does not look like an audio file. WAV, AIFF, FLAC, MP3, AAC, Ogg (Vorbis or Opus), WebM, M4A, MP4, MOV and CAF can be read."
    )]
    UnknownFormat,
    /// Adaptive multi-rate speech, by itself or in 3GP.
    #[error(
        "This is AMR, as phones record it, which cannot be read here. Convert it to WAV, MP3 or M4A and try again; many phones can also record as M4A."
    )]
    Amr,
    /// A NIST SPHERE file, as corpora of speech have them.
    #[error(
        "This is a NIST SPHERE file, whatever its name says, and cannot be read here. Convert it to WAV, for example with “sox”, and try again."
    )]
    NistSphere,
    /// Windows Media Audio, or another stream in ASF.
    #[error(
        "This is Windows Media (WMA), which cannot be read here. Convert it to WAV, MP3 or M4A and try again."
    )]
    WindowsMedia,
    /// What git leaves in the place of a large file where git-lfs is not installed.
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
    /// A picture or a PDF.
    #[error("This is a picture or a document, not a recording. Choose another file.")]
    Document,
    /// The container was understood, but not the way its sound is coded.
    #[error(
        "The sound in this file is coded in a way that cannot be read here. Export it as WAV, MP3 or M4A (AAC) and try again."
    )]
    UnsupportedCodec,
    /// The container holds no audio track, as a silent video does.
    #[error("There is no sound track in this file. Choose another one.")]
    NoAudioTrack,
    /// The bytes break the rules of their own format.
    #[error("The file is damaged and no sound could be read from it ({detail}). Export or record it again.")]
    Corrupt {
        /// What the decoder says of it.
        detail: String,
    },
    /// The file was read to its end without a single sample.
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
