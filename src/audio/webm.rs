//! Concatenated WebM and Matroska files, as from recorders that write in segments.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use symphonia::core::io::MediaSource;

use super::source::{Section, Shared};

/// The magic number of EBML.
pub const MAGIC: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
/// Elements of the header, one of which comes first: version, minimum version to read, maximum lengths, document type.
const HEADER_ELEMENTS: [[u8; 2]; 7] =
    [[0x42, 0x86], [0x42, 0xf7], [0x42, 0xf2], [0x42, 0xf3], [0x42, 0x82], [0x42, 0x87], [0x42, 0x85]];
/// Number of bytes needed to detect a header.
const HEADER: usize = 14;

/// Where the next file begins, once it was found; before, the offset is 0.
#[derive(Clone, Default)]
pub struct Next(Arc<AtomicU64>);

impl Next {
    /// The offset, from the start of the previous file.
    pub fn offset(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|&offset| offset > 0)
    }
}

/// The first of the files in a section, up to the start of the next.
pub struct First<'a> {
    section: Section<'a>,
    at: u64,
    end: u64,
    next: Next,
}

impl<'a> First<'a> {
    /// Stores the offset of the next file in `next`.
    pub fn new(section: Section<'a>, next: Next) -> Self {
        Self { at: 0, end: section.len(), section, next }
    }

    /// The offset of a header in the bytes read from `at` on, except the first.
    fn header_in(&self, read: &[u8]) -> Option<u64> {
        let found = |offset: usize| {
            let offset = self.at + offset as u64;
            (offset > 0 && is_header(&self.section.peek(offset, HEADER))).then_some(offset)
        };
        // It may begin in the previous read.
        let before = (1..MAGIC.len().min(self.at as usize + 1)).rev().find_map(|back| {
            let offset = self.at - back as u64;
            (read.starts_with(&MAGIC[back..]) && offset > 0 && is_header(&self.section.peek(offset, HEADER)))
                .then_some(offset)
        });
        before.or_else(|| {
            let starts =
                read.iter().enumerate().filter(|(_, byte)| **byte == MAGIC[0]).map(|(offset, _)| offset);
            let mut likely = starts.filter(|&offset| {
                let four = &read[offset..read.len().min(offset + 4)];
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
        let Some(offset) = self.header_in(&out[..count]) else {
            self.at += count as u64;
            return Ok(count);
        };
        self.next.0.store(offset, Relaxed);
        self.end = offset;
        let count = offset.saturating_sub(self.at);
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

/// Whether the file that begins at `start` declares a longer length than it has.
pub fn is_cut(file: &Shared, start: u64) -> bool {
    let header = file.bytes(start, 12);
    let Some((head, size)) = header.strip_prefix(&MAGIC).and_then(element_size) else { return false };
    let segment = start + 4 + head + size;
    let bytes = file.bytes(segment, 12);
    let size = bytes.strip_prefix(&SEGMENT).and_then(element_size);
    size.is_some_and(|(head, size)| segment.saturating_add(4 + head).saturating_add(size) > file.len())
}

/// The width of a size field in bytes, and the size; `None` if it is unknown.
fn element_size(bytes: &[u8]) -> Option<(u64, u64)> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    let size = bytes.get(..width.min(8))?.iter().fold(0, |size, &byte| size << 8 | u64::from(byte));
    let most = (1_u64 << (7 * width.min(8))) - 1;
    (width <= 8 && size & most != most).then_some((width as u64, size & most))
}
