//! AIFF and AIFF-C; sizes in headers are hints, as in WAV.

use symphonia::core::codecs::audio::well_known::*;

use super::AudioError;
use super::blocks::{BlockFormat, Order, channels, corrupt, floats, integers};
use super::riff::{Content, PLACEHOLDER};
use super::source::Shared;

/// Maximum number of chunks that are read.
const MAX_CHUNKS: usize = 20_000;

/// Locates the audio of the file that begins at `start`; `None` if it is in another format.
///
/// # Errors
/// [`AudioError`] if it is in this format, but has no audio or an unknown codec.
pub fn content(file: &Shared, start: u64) -> Result<Option<Content>, AudioError> {
    let Some([b'F', b'O', b'R', b'M', a, b, c, d, b'A', b'I', b'F', kind @ (b'F' | b'C')]) =
        file.exactly(start)
    else {
        return Ok(None);
    };
    let whole = start + 8 + u64::from(u32::from_be_bytes([a, b, c, d]));
    let (mut common, mut data) = (None, None);
    let mut at = start + 12;
    for _ in 0..MAX_CHUNKS {
        let Some([a, b, c, d, size @ ..]) = file.exactly::<8>(at) else { break };
        let size = u64::from(u32::from_be_bytes(size));
        match &[a, b, c, d] {
            b"COMM" => common = Some(Common::read(&file.bytes(at + 8, 64.min(size as usize)), kind == b'C')?),
            b"SSND" => {
                let offset = u64::from(u32::from_be_bytes(file.exactly(at + 8).unwrap_or_default()));
                data = Some((at + 16 + offset, size));
            }
            _ => {}
        }
        if common.is_some() && data.is_some() {
            break;
        }
        at += 8 + size + size % 2;
    }
    let Common { format, frames } =
        common.ok_or_else(|| corrupt("it does not say how its sound is coded"))?;
    let (from, size) = data.ok_or_else(|| corrupt("there is no sound in it"))?;
    let from = from.min(file.len());
    // The end follows from the number of frames if the size is unknown.
    let counted = u64::from(frames).div_ceil(u64::from(format.frames)) * u64::from(format.bytes);
    let is_unknown = size == 0 || size >= PLACEHOLDER;
    let declared_end = match (is_unknown, counted) {
        (false, _) => from + size.saturating_sub(8),
        (true, 0) => u64::MAX,
        (true, counted) => from + counted,
    };
    let end = declared_end.min(file.len());
    // As in WAV, a file is truncated if its sizes are consistent.
    let is_cut = !is_unknown && declared_end > file.len() && whole >= declared_end;
    Ok(Some(Content::Blocks { format, sound: from..end, lost: if is_cut { declared_end - end } else { 0 } }))
}

/// The common chunk.
struct Common {
    format: BlockFormat,
    /// Number of samples per channel; for ADPCM, the chunk counts blocks.
    frames: u32,
}

impl Common {
    fn read(chunk: &[u8], is_compressed: bool) -> Result<Self, AudioError> {
        let Some(&[count_high, count_low, a, b, c, d, bits_high, bits_low, ref rate @ ..]) =
            chunk.first_chunk::<18>()
        else {
            return Err(corrupt("it does not say how its sound is coded"));
        };
        let count = u32::from(u16::from_be_bytes([count_high, count_low]));
        let bytes = u32::from(u16::from_be_bytes([bits_high, bits_low])).div_ceil(8);
        let frames = u32::from_be_bytes([a, b, c, d]);
        let rate_hz = extended(rate);
        let channels = channels(count, 0)?;
        let coding = if is_compressed { chunk.get(18..22).unwrap_or(b"none") } else { b"NONE" };
        let codec = match coding {
            b"NONE" | b"twos" => integers(bytes, Order::BigEndian),
            b"sowt" => integers(bytes, Order::LittleEndian),
            b"in24" => Some(CODEC_ID_PCM_S24BE),
            b"in32" => Some(CODEC_ID_PCM_S32BE),
            b"42ni" => Some(CODEC_ID_PCM_S24LE),
            b"23ni" => Some(CODEC_ID_PCM_S32LE),
            b"fl32" | b"FL32" => floats(4, Order::BigEndian),
            b"fl64" | b"FL64" => floats(8, Order::BigEndian),
            b"raw " => Some(CODEC_ID_PCM_U8),
            b"ulaw" | b"ULAW" => Some(CODEC_ID_PCM_MULAW),
            b"alaw" | b"ALAW" => Some(CODEC_ID_PCM_ALAW),
            b"ima4" => {
                let format = BlockFormat::ima_apple(rate_hz, channels);
                let frames = frames.saturating_mul(format.frames);
                return Ok(Self { format, frames });
            }
            _ => None,
        };
        let codec = codec.ok_or(AudioError::UnsupportedCodec)?;
        Ok(Self { format: BlockFormat::pcm(codec, rate_hz, channels), frames })
    }
}

/// Converts 80-bit floating point to an integer; 0 if it is not representable.
fn extended(bytes: &[u8; 10]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]])) - 16_383;
    let mantissa = bytes[2..].iter().fold(0_u64, |mantissa, &byte| mantissa << 8 | u64::from(byte));
    match exponent {
        // The sign is the highest bit of the exponent, so that negative numbers are out of range.
        0..=31 => ((mantissa >> (62 - exponent)).saturating_add(1) >> 1).try_into().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::extended;

    #[test]
    fn rates_are_parsed_from_80_bits() {
        assert_eq!(extended(&[0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]), 44_100);
        assert_eq!(extended(&[0x40, 0x0c, 0xfa, 0, 0, 0, 0, 0, 0, 0]), 16_000);
        assert_eq!(extended(&[0x40, 0x0d, 0xad, 0x9c, 0xe3, 0x98, 0, 0, 0, 0]), 22_222);
        assert_eq!(extended(&[0x40, 0x1e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), 0);
        assert_eq!(extended(&[0xc0, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0]), 0);
        assert_eq!(extended(&[0x7f, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]), 0);
        assert_eq!(extended(&[0; 10]), 0);
    }
}
