//! A file shared by several readers of its parts.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use symphonia::core::io::MediaSource;

/// A file shared by the readers of its parts.
#[derive(Clone)]
pub struct Shared<'a> {
    file: Arc<Mutex<Box<dyn MediaSource + 'a>>>,
    length: u64,
    furthest: Arc<AtomicU64>,
}

impl<'a> Shared<'a> {
    /// A seekable file of `length` bytes.
    pub fn new(file: Box<dyn MediaSource + 'a>, length: u64) -> Self {
        Self { file: Arc::new(Mutex::new(file)), length, furthest: Arc::default() }
    }

    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// The end of the furthest read by any reader.
    pub fn furthest(&self) -> u64 {
        self.furthest.load(Relaxed)
    }

    /// Reads some bytes at an offset, like [`Read::read`].
    fn read_some(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        file.read(out)
    }

    /// Reads up to `count` bytes at an offset.
    pub fn bytes(&self, at: u64, count: usize) -> Vec<u8> {
        let within = self.length.saturating_sub(at).min(count as u64) as usize;
        let mut bytes = vec![0; within];
        let mut filled = 0;
        while filled < within {
            match self.read_some(at + filled as u64, &mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The decoder reports read errors.
                Err(_) => break,
            }
        }
        bytes.truncate(filled);
        bytes
    }

    /// Reads exactly `N` bytes at an offset, if they are all present.
    pub fn exactly<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        self.bytes(at, N).try_into().ok()
    }
}

/// A concatenation of parts of a file.
pub struct Section<'a> {
    file: Shared<'a>,
    /// The start of each part in the section, and its range in the file.
    parts: Vec<(u64, Range<u64>)>,
    length: u64,
    at: u64,
}

impl<'a> Section<'a> {
    /// Concatenates parts in order; ranges beyond the end of the file are ignored.
    pub fn new(file: Shared<'a>, parts: impl IntoIterator<Item = Range<u64>>) -> Self {
        let mut length = 0;
        let within = |part: Range<u64>| part.start.min(file.length)..part.end.min(file.length);
        let parts = parts.into_iter().map(within).filter(|part| part.start < part.end);
        let parts = parts
            .map(|part| {
                let from = length;
                length += part.end - part.start;
                (from, part)
            })
            .collect();
        Self { file, parts, length, at: 0 }
    }

    /// Total number of bytes.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Reads bytes at an offset without seeking.
    pub fn peek(&self, at: u64, count: usize) -> Vec<u8> {
        self.place(at).map_or_else(Vec::new, |(place, rest)| {
            self.file.bytes(place, usize::try_from(rest).unwrap_or(usize::MAX).min(count))
        })
    }

    /// The offset in the file, and the number of contiguous bytes from there.
    fn place(&self, at: u64) -> Option<(u64, u64)> {
        let next = self.parts.partition_point(|(from, _)| *from <= at);
        let (from, part) = self.parts.get(next.checked_sub(1)?)?;
        let place = part.start + (at - from);
        (place < part.end).then(|| (place, part.end - place))
    }
}

impl Read for Section<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some((place, rest)) = self.place(self.at) else { return Ok(0) };
        let within = usize::try_from(rest).unwrap_or(usize::MAX).min(out.len());
        let count = self.file.read_some(place, &mut out[..within])?;
        self.at += count as u64;
        self.file.furthest.fetch_max(place + count as u64, Relaxed);
        Ok(count)
    }
}

impl Seek for Section<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl MediaSource for Section<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn parts_are_concatenated() {
        let file = Shared::new(Box::new(Cursor::new((0..100).collect::<Vec<u8>>())), 100);
        let mut section = Section::new(file, [90..200, 5..5, 10..13, 0..2]);
        let mut all = Vec::new();
        section.read_to_end(&mut all).expect("in memory");
        assert_eq!(all, [90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 10, 11, 12, 0, 1]);
        assert_eq!(section.byte_len(), Some(15));
        section.seek(SeekFrom::End(-4)).expect("within");
        assert_eq!(section.peek(10, 100), [10, 11, 12]);
        assert_eq!(section.read(&mut [0; 9]).expect("in memory"), 2);
        section.seek(SeekFrom::Start(1_000)).expect("as files do");
        assert_eq!(section.read(&mut [0; 9]).expect("in memory"), 0);
        assert!(section.seek(SeekFrom::Current(-2_000)).is_err());
    }
}
