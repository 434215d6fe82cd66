//! WebM and Matroska files that stand one behind the other in one, as recorders leave them that write in pieces.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use symphonia::core::io::MediaSource;

use super::source::{Section, Shared};

/// What every one begins with.
pub const MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
/// Elements of the header, of which one comes first: version, least version to read, longest names, kind.
const HEADER_ELEMENTS: [[u8; 2]; 7] =
    [[0x42, 0x86], [0x42, 0xf7], [0x42, 0xf2], [0x42, 0xf3], [0x42, 0x82], [0x42, 0x87], [0x42, 0x85]];
/// Bytes in which a header shows that it is one.
const HEADER: usize = 14;

/// Where the next file begins, once it was found; before, the place is 0.
#[derive(Clone, Default)]
pub struct Next(Arc<AtomicU64>);

impl Next {
    /// Counted from the start of the one before it.
    pub fn place(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|&place| place > 0)
    }
}

/// The first of the files in a section, which ends where the next is met.
pub struct First<'a> {
    section: Section<'a>,
    at: u64,
    end: u64,
    next: Next,
}

impl<'a> First<'a> {
    /// Where the next begins is told to `next`.
    pub fn new(section: Section<'a>, next: Next) -> Self {
        Self { at: 0, end: section.len(), section, next }
    }

    /// The place of a header in what was read from `at` on, not counting the first.
    fn header_in(&self, read: &[u8]) -> Option<u64> {
        let found = |place: usize| {
            let place = self.at + place as u64;
            (place > 0 && is_header(&self.section.peek(place, HEADER))).then_some(place)
        };
        // It may begin in what was read before.
        let before = (1..MAGIC.len().min(self.at as usize + 1)).rev().find_map(|back| {
            let place = self.at - back as u64;
            (read.starts_with(&MAGIC[back..]) && place > 0 && is_header(&self.section.peek(place, HEADER)))
                .then_some(place)
        });
        before.or_else(|| {
            let starts =
                read.iter().enumerate().filter(|(_, byte)| **byte == MAGIC[0]).map(|(place, _)| place);
            let mut likely = starts.filter(|&place| {
                let four = &read[place..read.len().min(place + 4)];
                MAGIC.starts_with(four)
            });
            likely.find_map(found)
        })
    }
}

fn is_header(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(&MAGIC) else { return false };
    let width = rest.first().map_or(0, |size| size.leading_zeros() as usize + 1);
    rest.get(width..width + 2).is_some_and(|name| HEADER_ELEMENTS.iter().any(|element| name == element))
}

impl Read for First<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let within = rest.min(out.len());
        if within == 0 {
            return Ok(0);
        }
        let count = self.section.read(&mut out[..within])?;
        let Some(place) = self.header_in(&out[..count]) else {
            self.at += count as u64;
            return Ok(count);
        };
        self.next.0.store(place, Relaxed);
        self.end = place;
        let count = place.saturating_sub(self.at);
        self.at += count;
        Ok(count as usize)
    }
}

impl Seek for First<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.section.seek(to)?;
        Ok(self.at)
    }
}

impl MediaSource for First<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.section.len())
    }
}

/// Whether the file that begins at `start` says that it is longer than it is.
pub fn is_cut(file: &Shared, start: u64) -> bool {
    let header = file.bytes(start, 12);
    let Some((head, size)) = header.strip_prefix(&MAGIC).and_then(element_size) else { return false };
    let segment = start + 4 + head + size;
    let bytes = file.bytes(segment, 12);
    let size = bytes.strip_prefix(&SEGMENT).and_then(element_size);
    size.is_some_and(|(head, size)| segment.saturating_add(4 + head).saturating_add(size) > file.len())
}

/// Bytes that a size takes, and the size; none if it is unknown.
fn element_size(bytes: &[u8]) -> Option<(u64, u64)> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    let size = bytes.get(..width.min(8))?.iter().fold(0, |size, &byte| size << 8 | u64::from(byte));
    let most = (1_u64 << (7 * width.min(8))) - 1;
    (width <= 8 && size & most != most).then_some((width as u64, size & most))
}
