//! Audio in blocks of one size: linear and logarithmic PCM and ADPCM, as in WAV, AIFF and QuickTime.

use symphonia::core::audio::{Channels, Position};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::*;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};
use symphonia::core::errors::{Result, SeekErrorKind, seek_error};
use symphonia::core::formats::well_known::FORMAT_ID_WAVE;
use symphonia::core::formats::{FormatInfo, FormatReader, MediaInfo, SeekMode, SeekTo, SeekedTo, Track};
use symphonia::core::io::{MediaSourceStream, ReadBytes};
use symphonia::core::meta::{Metadata, MetadataLog};
use symphonia::core::packet::{Packet, PacketBuilder};
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::AudioError;
use super::source::Section;

/// Number of frames in a packet, unless a block has more.
const PACKET_FRAMES: u32 = 2_048;

/// Byte order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// As in AIFF and QuickTime.
    BigEndian,
    /// As in WAV.
    LittleEndian,
}

/// Codec and block size.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockFormat {
    pub codec: AudioCodecId,
    pub rate_hz: u32,
    pub channels: Channels,
    /// Size of a block in bytes, for all channels.
    pub bytes: u32,
    /// Number of samples per channel in a block.
    pub frames: u32,
}

impl BlockFormat {
    /// PCM: a block is a frame.
    pub fn pcm(codec: AudioCodecId, rate_hz: u32, channels: Channels) -> Self {
        let bytes = sample_bytes(codec) * channels.count() as u32;
        Self { codec, rate_hz, channels, bytes, frames: 1 }
    }

    /// Apple's IMA ADPCM: blocks have 64 samples in 34 bytes per channel.
    pub fn ima_apple(rate_hz: u32, channels: Channels) -> Self {
        let bytes = 34 * channels.count() as u32;
        Self { codec: CODEC_ID_ADPCM_IMA_QT, rate_hz, channels, bytes, frames: 64 }
    }

    /// Microsoft's and IMA's ADPCM in WAV: a block begins with a few bytes per channel, which contain a sample or two, followed by
    /// two samples per byte.
    ///
    /// # Errors
    /// [`AudioError::Corrupt`] if a block is too small for its header.
    pub fn adpcm(
        codec: AudioCodecId,
        rate_hz: u32,
        channels: Channels,
        bytes: u32,
    ) -> std::result::Result<Self, AudioError> {
        let (head, samples) = if codec == CODEC_ID_ADPCM_MS { (7, 2) } else { (4, 1) };
        let count = (channels.count() as u32).max(1);
        let coded = bytes.checked_sub(head * count).filter(|&coded| coded > 0);
        let coded = coded.ok_or_else(|| corrupt("its blocks are too small"))?;
        Ok(Self { codec, rate_hz, channels, bytes, frames: 2 * coded / count + samples })
    }

    /// Duration of `bytes` bytes in seconds.
    pub fn seconds(&self, bytes: u64) -> f64 {
        bytes as f64 / f64::from(self.bytes.max(1)) * f64::from(self.frames) / f64::from(self.rate_hz.max(1))
    }
}

/// The codec of integers with `bytes` bytes per sample.
pub fn integers(bytes: u32, order: Order) -> Option<AudioCodecId> {
    Some(match (bytes, order) {
        (1, _) => CODEC_ID_PCM_S8,
        (2, Order::LittleEndian) => CODEC_ID_PCM_S16LE,
        (2, Order::BigEndian) => CODEC_ID_PCM_S16BE,
        (3, Order::LittleEndian) => CODEC_ID_PCM_S24LE,
        (3, Order::BigEndian) => CODEC_ID_PCM_S24BE,
        (4, Order::LittleEndian) => CODEC_ID_PCM_S32LE,
        (4, Order::BigEndian) => CODEC_ID_PCM_S32BE,
        _ => return None,
    })
}

/// The codec of floats with `bytes` bytes per sample.
pub fn floats(bytes: u32, order: Order) -> Option<AudioCodecId> {
    Some(match (bytes, order) {
        (4, Order::LittleEndian) => CODEC_ID_PCM_F32LE,
        (4, Order::BigEndian) => CODEC_ID_PCM_F32BE,
        (8, Order::LittleEndian) => CODEC_ID_PCM_F64LE,
        (8, Order::BigEndian) => CODEC_ID_PCM_F64BE,
        _ => return None,
    })
}

fn sample_bytes(codec: AudioCodecId) -> u32 {
    match codec {
        CODEC_ID_PCM_S16LE | CODEC_ID_PCM_S16BE => 2,
        CODEC_ID_PCM_S24LE | CODEC_ID_PCM_S24BE => 3,
        CODEC_ID_PCM_S32LE | CODEC_ID_PCM_S32BE | CODEC_ID_PCM_F32LE | CODEC_ID_PCM_F32BE => 4,
        CODEC_ID_PCM_F64LE | CODEC_ID_PCM_F64BE => 8,
        // Eight bits, linear or logarithmic.
        _ => 1,
    }
}

/// The channels of a WAV file, in its order: those of a speaker mask, or the first `count` positions. `None` for no channels, or
/// for more than there are positions.
pub fn speakers(count: u32, mask: u32) -> Option<Channels> {
    let named = Position::from_wave_channel_mask(mask).filter(|_| mask.count_ones() == count);
    let positions = named.or_else(|| Position::from_wave_channel_count(count))?;
    (count > 0).then_some(Channels::Positioned(positions))
}

/// The channels of a WAV file, without positions if there are too many.
pub fn channels(count: u32, mask: u32) -> std::result::Result<Channels, AudioError> {
    match (speakers(count, mask), u16::try_from(count)) {
        (Some(channels), _) => Ok(channels),
        (None, Ok(count)) if count > 0 => Ok(Channels::Discrete(count)),
        _ => Err(corrupt("it has no channels")),
    }
}

pub fn corrupt(detail: &str) -> AudioError {
    AudioError::Corrupt { detail: detail.to_owned() }
}

const INFO: FormatInfo =
    FormatInfo { format: FORMAT_ID_WAVE, short_name: "blocks", long_name: "Blocks of one size" };

/// Reads blocks to the end, whatever the header says about their number.
pub struct BlockReader<'a> {
    source: MediaSourceStream<'a>,
    format: BlockFormat,
    bytes_left: u64,
    frames_read: u64,
    media_info: MediaInfo,
    tracks: [Track; 1],
    metadata: MetadataLog,
}

impl<'a> BlockReader<'a> {
    /// Reads all of `sound`.
    ///
    /// # Errors
    /// [`AudioError`] if the rate is 0, or blocks are empty.
    pub fn new(sound: Section<'a>, format: BlockFormat) -> std::result::Result<Self, AudioError> {
        let time_base = TimeBase::try_from_recip(format.rate_hz)
            .ok_or(AudioError::UnsupportedRate { rate_hz: format.rate_hz })?;
        if format.bytes == 0 || format.frames == 0 {
            return Err(corrupt("its blocks are empty"));
        }
        let mut params = AudioCodecParameters::new();
        params
            .for_codec(format.codec)
            .with_sample_rate(format.rate_hz)
            .with_channels(format.channels.clone())
            .with_frames_per_block(format.frames.into())
            .with_max_frames_per_packet((packet_blocks(&format) * format.frames).into());
        let frames = sound.len() / u64::from(format.bytes) * u64::from(format.frames);
        let mut track = Track::new(0);
        track
            .with_codec_params(CodecParameters::Audio(params))
            .with_time_base(time_base)
            .with_num_frames(frames)
            .with_duration(Duration::new(frames));
        Ok(Self {
            bytes_left: sound.len(),
            source: MediaSourceStream::new(Box::new(sound), Default::default()),
            format,
            frames_read: 0,
            media_info: MediaInfo::from_track(&track),
            tracks: [track],
            metadata: MetadataLog::default(),
        })
    }
}

fn packet_blocks(format: &BlockFormat) -> u32 {
    (PACKET_FRAMES / format.frames).max(1)
}

impl FormatReader for BlockReader<'_> {
    fn format_info(&self) -> &FormatInfo {
        &INFO
    }

    fn media_info(&self) -> &MediaInfo {
        &self.media_info
    }

    fn next_packet(&mut self) -> Result<Option<Packet>> {
        let block = u64::from(self.format.bytes);
        let is_pcm = self.format.frames == 1;
        let wanted = self.bytes_left.min(u64::from(packet_blocks(&self.format)) * block);
        // An incomplete frame of PCM is dropped.
        let wanted = if is_pcm { wanted / block * block } else { wanted };
        if wanted == 0 {
            return Ok(None);
        }
        let mut data = self.source.read_boxed_slice_exact(wanted as usize)?.into_vec();
        self.bytes_left -= wanted;
        // The last block of ADPCM may be short, and decoders expect complete ones.
        let missing = wanted.next_multiple_of(block) - wanted;
        data.resize((wanted + missing) as usize, 0);
        let frames = (wanted + missing) / block * u64::from(self.format.frames);
        let filled = missing * u64::from(self.format.frames) / block;
        let start = Timestamp::new(self.frames_read.cast_signed());
        self.frames_read += frames;
        Ok(Some(
            PacketBuilder::new()
                .track_id(0)
                .pts(start)
                .dur(Duration::new(frames - filled))
                .trim_end(Duration::new(filled))
                .data(data)
                .build(),
        ))
    }

    fn metadata(&mut self) -> Metadata<'_> {
        self.metadata.metadata()
    }

    fn seek(&mut self, _mode: SeekMode, _to: SeekTo) -> Result<SeekedTo> {
        seek_error(SeekErrorKind::Unseekable)
    }

    fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn into_inner<'s>(self: Box<Self>) -> MediaSourceStream<'s>
    where
        Self: 's,
    {
        self.source
    }
}
