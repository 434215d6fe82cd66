//! Metadata of the audio tracks of MP4 and QuickTime files (ISO/IEC 14496-12, QuickTime File Format) that symphonia does not
//! expose: the codec, the byte order of PCM, and the edit list.

use std::ops::Range;

use symphonia::core::codecs::audio::well_known::*;

use super::AudioError;
use super::blocks::{BlockFormat, Order, channels, floats, integers};
use super::source::Shared;

/// Maximum size of the `moov` box: that of a day of audio is smaller.
const MAX_MOOV: u64 = 64 << 20;
/// Maximum number of boxes that are read.
const MAX_BOXES: usize = 100_000;

/// How to read the audio of a file.
#[derive(Debug)]
pub enum Content {
    /// Blocks of one size in several chunks.
    Blocks {
        format: BlockFormat,
        chunks: Vec<Range<u64>>,
        /// Number of bytes of audio missing from a truncated file.
        lost: u64,
    },
    /// Packets that symphonia reads.
    Packets(Edit),
}

/// The part of a track in its edit list, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Edit {
    /// Skipped at the start: the encoder delay.
    pub skip_s: f64,
    /// Length after that; `None` if it extends to the end.
    pub length_s: Option<f64>,
}

/// Locates the audio, if the file begins like MP4 and has a `moov` box.
///
/// # Errors
/// [`AudioError`] if it has no audio, or an unknown codec.
pub fn content(file: &Shared) -> Result<Option<Content>, AudioError> {
    let Some(moov) = moov(file) else { return Ok(None) };
    let timescale = find(&moov, &[b"mvhd"]).and_then(header_timescale).unwrap_or(0);
    let tracks: Vec<SoundTrack> = boxes(&moov)
        .filter(|(name, _)| name == b"trak")
        .filter_map(|(_, track)| SoundTrack::read(track, timescale))
        .collect();
    let is_fragmented = find(&moov, &[b"mvex"]).is_some();
    let is_packets = |track: &SoundTrack| {
        matches!(
            &track.coding,
            b"mp4a" | b"alac" | b"Opus" | b"fLaC" | b".mp3" | b"ms\0U" | b"twos" | b"sowt"
        )
    };
    // The first track that is supported.
    for track in &tracks {
        if let (Some(format), false) = (track.block_format()?, is_fragmented) {
            let (chunks, lost) = track.chunks(&format, file.len());
            return Ok(Some(Content::Blocks { format, chunks, lost }));
        }
        if is_packets(track) {
            return Ok(Some(Content::Packets(track.edit)));
        }
    }
    let is_amr = |track: &SoundTrack| matches!(&track.coding, b"samr" | b"sawb" | b"sawp");
    Err(match tracks.first() {
        None => AudioError::NoAudioTrack,
        Some(track) if is_amr(track) => AudioError::Amr,
        Some(_) => AudioError::UnsupportedCodec,
    })
}

/// The contents of the `moov` box.
fn moov(file: &Shared) -> Option<Vec<u8>> {
    const FIRST: [&[u8; 4]; 7] = [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"];
    let mut at = 0;
    for _ in 0..MAX_BOXES {
        let [a, b, c, d, name @ ..] = file.exactly::<8>(at)?;
        if at == 0 && !FIRST.contains(&&name) {
            return None;
        }
        let (head, size) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, file.len() - at),
            1 => (16, u64::from_be_bytes(file.exactly(at + 8)?)),
            size => (8, size.into()),
        };
        if &name == b"moov" {
            let size = size.checked_sub(head).filter(|&size| size <= MAX_MOOV)?;
            return Some(file.bytes(at + head, size as usize));
        }
        at = at.checked_add(size.max(head))?;
    }
    None
}

/// The boxes in the contents of another box.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let &[a, b, c, d, e, f, g, h] = rest.first_chunk()?;
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        let end = if size == 0 { rest.len() } else { size.min(rest.len()) };
        let body = rest.get(8..end)?;
        rest = &rest[end..];
        Some(([e, f, g, h], body))
    })
}

/// The contents of a box, by its path.
fn find<'b>(contents: &'b [u8], path: &[&[u8; 4]]) -> Option<&'b [u8]> {
    path.iter().try_fold(contents, |contents, &wanted| {
        boxes(contents).find(|(name, _)| name == wanted).map(|(_, body)| body)
    })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|four| four.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
}

fn long_number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(number(bytes, at)?) << 32 | u64::from(number(bytes, at + 4)?))
}

/// The timescale in ticks per second from the header of a movie or track.
fn header_timescale(header: &[u8]) -> Option<u32> {
    number(header, if *header.first()? == 1 { 20 } else { 12 })
}

/// An audio track.
struct SoundTrack<'b> {
    coding: [u8; 4],
    /// The sample entry, from the version field on.
    entry: &'b [u8],
    tables: &'b [u8],
    edit: Edit,
}

impl<'b> SoundTrack<'b> {
    fn read(track: &'b [u8], movie_timescale: u32) -> Option<Self> {
        let media = find(track, &[b"mdia"])?;
        let is_sound = find(media, &[b"hdlr"])?.get(8..12)? == b"soun";
        let tables = find(media, &[b"minf", b"stbl"])?;
        let (coding, entry) = boxes(find(tables, &[b"stsd"])?.get(8..)?).next()?;
        let timescale = find(media, &[b"mdhd"]).and_then(header_timescale).unwrap_or(0);
        let edit = find(track, &[b"edts", b"elst"]).and_then(|list| edit(list, movie_timescale, timescale));
        is_sound.then_some(Self { coding, entry: entry.get(8..)?, tables, edit: edit.unwrap_or_default() })
    }

    /// The format of its blocks, if it has any.
    fn block_format(&self) -> Result<Option<BlockFormat>, AudioError> {
        let entry = self.entry;
        let short = |at: usize| entry.get(at..at + 2).map(|two| u32::from(two[0]) << 8 | u32::from(two[1]));
        let fields = (short(0), short(8), short(10), number(entry, 16));
        let (Some(version), Some(count), Some(bits), Some(rate)) = fields else { return Ok(None) };
        let inner = entry.get(if version == 1 { 36 } else { 20 }..).unwrap_or(&[]);
        let is_little = find(inner, &[b"wave", b"enda"]).or_else(|| find(inner, &[b"enda"]));
        let is_little = is_little.is_some_and(|order| order.starts_with(&[0, 1]));
        let order = if is_little { Order::LittleEndian } else { Order::BigEndian };
        let (mut count, mut rate_hz, bytes) = (count, rate >> 16, bits.div_ceil(8));
        // Flags, and bits per sample.
        let iso = find(inner, &[b"pcmC"]).and_then(|pcm| Some((*pcm.get(4)?, u32::from(*pcm.get(5)?))));
        let iso_order =
            iso.map(|(flags, _)| if flags & 1 == 1 { Order::LittleEndian } else { Order::BigEndian });
        let codec = match &self.coding {
            b"twos" => integers(bytes, Order::BigEndian),
            b"sowt" => integers(bytes, Order::LittleEndian),
            b"NONE" | b"raw " if bytes > 1 => integers(bytes, Order::BigEndian),
            b"NONE" | b"raw " => Some(CODEC_ID_PCM_U8),
            b"in24" => integers(3, order),
            b"in32" => integers(4, order),
            b"fl32" => floats(4, order),
            b"fl64" => floats(8, order),
            b"ulaw" => Some(CODEC_ID_PCM_MULAW),
            b"alaw" => Some(CODEC_ID_PCM_ALAW),
            b"ipcm" => iso.zip(iso_order).and_then(|((_, bits), order)| integers(bits.div_ceil(8), order)),
            b"fpcm" => iso.zip(iso_order).and_then(|((_, bits), order)| floats(bits.div_ceil(8), order)),
            b"lpcm" if version == 2 => {
                rate_hz = long_number(entry, 24).map_or(0, |bits| f64::from_bits(bits) as u32);
                count = number(entry, 32).unwrap_or(0);
                let (bits, flags) = (number(entry, 40).unwrap_or(0), number(entry, 44).unwrap_or(0));
                let order = if flags & 2 == 0 { Order::LittleEndian } else { Order::BigEndian };
                match flags & 5 {
                    0 if bits == 8 => Some(CODEC_ID_PCM_U8),
                    4 => integers(bits.div_ceil(8), order),
                    0 => None,
                    _ => floats(bits / 8, order),
                }
            }
            b"ima4" => return Ok(Some(BlockFormat::ima_apple(rate_hz, channels(count, 0)?))),
            _ => None,
        };
        let Some(codec) = codec else { return Ok(None) };
        Ok(Some(BlockFormat::pcm(codec, rate_hz, channels(count, 0)?)))
    }

    /// The ranges of the chunks in a file of `length` bytes, and the number of their bytes beyond its end.
    fn chunks(&self, format: &BlockFormat, length: u64) -> (Vec<Range<u64>>, u64) {
        let table = |name: &[u8; 4]| find(self.tables, &[name]).unwrap_or(&[]);
        let (sizes, runs) = (table(b"stsz"), table(b"stsc"));
        let narrow = table(b"stco").get(8..).unwrap_or(&[]).chunks_exact(4).map(|place| number(place, 0));
        let wide = table(b"co64").get(8..).unwrap_or(&[]).chunks_exact(8).map(|place| long_number(place, 0));
        let places = narrow.map(|place| place.map(u64::from)).chain(wide).flatten();
        // A run begins with a chunk (from 1) and gives the number of samples per chunk up to the next run.
        let mut runs = runs.get(8..).unwrap_or(&[]).chunks_exact(12).peekable();
        let mut each = 0;
        // A sample is a frame, or the size in the table if that is larger.
        let constant = u64::from(number(sizes, 4).unwrap_or(0));
        let mut left = u64::from(number(sizes, 8).unwrap_or(0));
        let (mut chunks, mut lost) = (Vec::new(), 0);
        for (index, place) in places.enumerate() {
            while let Some(run) =
                runs.next_if(|run| number(run, 0).is_some_and(|first| first as usize <= index + 1))
            {
                each = u64::from(number(run, 4).unwrap_or(0));
            }
            let samples = each.min(left);
            left -= samples;
            let blocks = samples * u64::from(format.bytes) / u64::from(format.frames);
            let end = place.saturating_add(blocks.max(samples.saturating_mul(constant)));
            lost = end.saturating_sub(length.max(place)).saturating_add(lost);
            if place < length && end > place {
                chunks.push(place..end.min(length));
            }
        }
        (chunks, lost)
    }
}

/// The single edit of a list; an empty edit before it only delays the audio.
fn edit(list: &[u8], movie_timescale: u32, timescale: u32) -> Option<Edit> {
    let is_long = *list.first()? == 1;
    let entries = list.get(8..)?.chunks_exact(if is_long { 20 } else { 12 });
    let mut edits = entries.filter_map(|entry| {
        let (length, start) = if is_long {
            (long_number(entry, 0)?, long_number(entry, 8)?.cast_signed())
        } else {
            (number(entry, 0)?.into(), number(entry, 4)?.cast_signed().into())
        };
        (start >= 0).then_some((length, start))
    });
    let (length, start) = edits.next().filter(|_| timescale > 0)?;
    let length_s = (length > 0 && movie_timescale > 0 && edits.next().is_none())
        .then(|| length as f64 / f64::from(movie_timescale));
    Some(Edit { skip_s: start as f64 / f64::from(timescale), length_s })
}
