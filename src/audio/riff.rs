//! WAV and its variants for long recordings, RF64, BW64 and Sony's Wave64. Sizes in their headers are hints: programs that
//! write into a pipe, or are stopped, leave them at 0 or at the maximum.

use std::ops::Range;

use symphonia::core::codecs::audio::well_known::*;

use super::AudioError;
use super::blocks::{BlockFormat, Order, channels, corrupt, floats, integers};
use super::source::Shared;

/// Maximum number of chunks that are read; ordinary files have a dozen.
const MAX_CHUNKS: usize = 20_000;
/// 32-bit sizes from here on are placeholders: sox writes 0x7f000000 and 0x7ffff000, others 0xffffffff.
pub const PLACEHOLDER: u64 = 0x7f00_0000;

/// The location and format of the audio in a file.
#[derive(Debug, PartialEq)]
pub enum Content {
    /// Blocks of one size.
    Blocks {
        format: BlockFormat,
        sound: Range<u64>,
        /// Number of bytes of audio missing from a truncated file.
        lost: u64,
    },
    /// A self-describing stream, such as MP3.
    Packed(Range<u64>),
}

/// The layout of chunks.
#[derive(Clone, Copy)]
enum Layout {
    /// A FourCC and a 32-bit size.
    Riff,
    /// A GUID that begins with the FourCC, and a 64-bit size that includes the header.
    Wave64,
}

/// A chunk without its header.
struct Chunk {
    name: [u8; 4],
    at: u64,
    size: u64,
}

impl Layout {
    fn chunk(self, file: &Shared, at: u64) -> Option<Chunk> {
        match self {
            Self::Riff => {
                let [a, b, c, d, size @ ..]: [u8; 8] = file.exactly(at)?;
                Some(Chunk { name: [a, b, c, d], at: at + 8, size: u32::from_le_bytes(size).into() })
            }
            Self::Wave64 => {
                let head: [u8; 24] = file.exactly(at)?;
                let size = u64::from_le_bytes(*head.last_chunk()?);
                Some(Chunk { name: *head.first_chunk()?, at: at + 24, size: size.saturating_sub(24) })
            }
        }
    }

    /// The offset of the next chunk. Some writers omit the padding byte after an odd size.
    fn behind(self, file: &Shared, chunk: &Chunk) -> u64 {
        let end = chunk.at.saturating_add(chunk.size);
        match self {
            Self::Riff if chunk.size % 2 == 1 => {
                let [first, .., fifth] = file.exactly::<5>(end).unwrap_or_default();
                end.saturating_add(u64::from(first == 0 || fifth.is_ascii_alphanumeric()))
            }
            Self::Riff => end,
            Self::Wave64 => end.checked_next_multiple_of(8).unwrap_or(u64::MAX),
        }
    }

    fn is_placeholder(self, size: u64) -> bool {
        size == 0 || matches!(self, Self::Riff) && size >= PLACEHOLDER
    }
}

/// Locates the audio of the file that begins at `start`; `None` if it is in another format.
///
/// # Errors
/// [`AudioError`] if it is in this format, but has no audio or an unknown codec.
pub fn content(file: &Shared, start: u64) -> Result<Option<Content>, AudioError> {
    let Some(head) = file.exactly::<40>(start) else { return Ok(None) };
    let (layout, first) = match (&head[..4], &head[8..12], &head[24..28]) {
        (b"RIFF" | b"RF64" | b"BW64", b"WAVE", _) => (Layout::Riff, start + 12),
        (b"riff", [0xa5, 0xd6, 0x28, 0xdb], b"wave") => (Layout::Wave64, start + 40),
        _ => return Ok(None),
    };
    let mut whole = match layout {
        Layout::Riff => u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]])) + 8,
        Layout::Wave64 => head[16..24].iter().rev().fold(0, |size, &byte| size << 8 | u64::from(byte)),
    };
    let (mut format, mut data, mut long_size) = (None, None, None);
    let mut at = first;
    for _ in 0..MAX_CHUNKS {
        let Some(chunk) = layout.chunk(file, at) else { break };
        at = layout.behind(file, &chunk);
        match &chunk.name {
            b"ds64" => {
                if let Some(sizes) = file.exactly::<16>(chunk.at) {
                    let [riff, data] = [0, 8].map(|from| {
                        sizes[from..from + 8].iter().rev().fold(0, |size, &byte| size << 8 | u64::from(byte))
                    });
                    whole = riff.saturating_add(8);
                    long_size = Some(data);
                }
            }
            b"fmt " if format.is_none() => {
                format = Some(Coding::read(&file.bytes(chunk.at, chunk.size.min(64) as usize))?);
            }
            b"data" if data.is_none() => {
                let size =
                    if chunk.size == 0xffff_ffff { long_size.unwrap_or(chunk.size) } else { chunk.size };
                data = Some(Chunk { size, ..chunk });
            }
            _ => {}
        }
        if format.is_some() && data.is_some() {
            break;
        }
    }
    let format = format.ok_or_else(|| corrupt("it does not say how its sound is coded"))?;
    let data = data.ok_or_else(|| corrupt("there is no sound in it"))?;
    let sound = extent(file, layout, &data);
    let declared_end = data.at.saturating_add(data.size);
    // A file is truncated if its sizes are consistent with each other; if not, one of them is wrong.
    let agrees = start.saturating_add(whole) >= declared_end && !layout.is_placeholder(whole - 8.min(whole));
    let is_cut = declared_end > file.len() && agrees && !layout.is_placeholder(data.size);
    let lost = if is_cut { declared_end - sound.end } else { 0 };
    Ok(Some(match format {
        Coding::Blocks(format) => Content::Blocks { format, sound, lost },
        Coding::Packed => Content::Packed(sound),
    }))
}

/// The actual range of the audio of a data chunk.
fn extent(file: &Shared, layout: Layout, data: &Chunk) -> Range<u64> {
    let end = data.at.saturating_add(data.size);
    if end >= file.len() {
        return data.at..file.len();
    }
    let behind = layout.behind(file, data);
    let is_unknown = layout.is_placeholder(data.size);
    // Unless another chunk, a tag or only a partial header follows, the audio extends to the end of the file.
    let follows = layout.chunk(file, behind).is_some_and(|next| {
        let is_name = next.name.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        is_name && next.at.saturating_add(next.size) <= file.len() + 1
    });
    let is_tag = [b"TAG", b"ID3", b"APE"].iter().any(|tag| file.exactly(behind) == Some(**tag));
    if follows || is_tag || (!is_unknown && behind + 8 > file.len()) {
        data.at..end
    } else {
        data.at..file.len()
    }
}

/// The contents of a format chunk.
enum Coding {
    Blocks(BlockFormat),
    Packed,
}

impl Coding {
    fn read(chunk: &[u8]) -> Result<Self, AudioError> {
        let short = |at: usize| chunk.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        let fields = [0, 2, 4, 6, 12, 14].map(short);
        let [Some(tag), Some(count), Some(low), Some(high), Some(align), Some(bits)] = fields else {
            return Err(corrupt("it does not say how its sound is coded"));
        };
        let rate_hz = u32::from(high) << 16 | u32::from(low);
        let (count, align, bits) = (u32::from(count), u32::from(align), u32::from(bits));
        // An extensible format has a speaker mask, and its format tag at the start of a GUID.
        let is_extensible = tag == 0xfffe;
        let tag = if is_extensible { short(24).unwrap_or(0) } else { tag };
        let mask = if is_extensible {
            short(22).zip(short(20)).map_or(0, |(high, low)| u32::from(high) << 16 | u32::from(low))
        } else {
            0
        };
        let channels = channels(count, mask)?;
        // A sample may use fewer bits than its container; these are the most significant.
        let written = align.checked_div(count).filter(|&bytes| align % count == 0 && 8 * bytes >= bits);
        let bytes = written.filter(|&bytes| bytes <= 8).unwrap_or(bits.div_ceil(8));
        let codec = match tag {
            1 if bytes == 1 => Some(CODEC_ID_PCM_U8),
            1 => integers(bytes, Order::LittleEndian),
            3 => floats(bytes, Order::LittleEndian),
            6 => Some(CODEC_ID_PCM_ALAW),
            7 => Some(CODEC_ID_PCM_MULAW),
            2 => return BlockFormat::adpcm(CODEC_ID_ADPCM_MS, rate_hz, channels, align).map(Self::Blocks),
            0x11 => {
                return BlockFormat::adpcm(CODEC_ID_ADPCM_IMA_WAV, rate_hz, channels, align)
                    .map(Self::Blocks);
            }
            // MP3, AAC in ADTS, FLAC.
            0x55 | 0xff | 0x1600 | 0xf1ac => return Ok(Self::Packed),
            _ => None,
        };
        let codec = codec.ok_or(AudioError::UnsupportedCodec)?;
        Ok(Self::Blocks(BlockFormat::pcm(codec, rate_hz, channels)))
    }
}
