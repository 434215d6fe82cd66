//! Validation of the boxes of an MP4 file (ISO/IEC 14496-12) before a decoder trusts their numbers: a few bytes can declare
//! billions of samples, which take seconds to count, or an offset that no file has.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// Boxes that contain boxes.
const CONTAINERS: [&[u8; 4]; 7] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"];
/// Boxes that a file may begin with.
const FIRST: [&[u8; 4]; 7] = [b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip"];
/// Lower bounds of the limits for the samples of a run and for offsets, which are otherwise the length of the file: so many are
/// harmless, and a truncated file declares more than it has.
const SAMPLES: u64 = 1 << 20;
const REACH: u64 = i32::MAX as u64;

/// Returns what is impossible about a file, if it is an MP4 file. Rewinds the file to its start.
///
/// # Errors
/// Those of the system if the file cannot be rewound.
pub fn absurdity(source: &mut dyn MediaSource) -> io::Result<Option<&'static str>> {
    let Some(length) = source.byte_len().filter(|_| source.is_seekable()) else { return Ok(None) };
    let mut boxes = Boxes { file: BufReader::new(source), at: 0, length };
    // The decoder reports read errors.
    let found = boxes.begins_as_mp4().and_then(|is_mp4| if is_mp4 { boxes.walk(length) } else { Ok(None) });
    boxes.file.seek(SeekFrom::Start(0))?;
    Ok(found.unwrap_or(None))
}

struct Boxes<'a> {
    file: BufReader<&'a mut dyn MediaSource>,
    at: u64,
    length: u64,
}

impl Boxes<'_> {
    fn begins_as_mp4(&mut self) -> io::Result<bool> {
        let [_, _, _, _, name @ ..] = self.read::<8>()?;
        self.go_to(0)?;
        Ok(FIRST.contains(&&name))
    }

    /// Checks the boxes up to `end`.
    fn walk(&mut self, end: u64) -> io::Result<Option<&'static str>> {
        while self.at + 8 <= end {
            let start = self.at;
            let [a, b, c, d, name @ ..] = self.read::<8>()?;
            let size = match u32::from_be_bytes([a, b, c, d]) {
                0 => end - start,
                1 => u64::from_be_bytes(self.read()?),
                size => size.into(),
            };
            let next = start.saturating_add(size).min(end);
            if next < self.at {
                return Ok(None);
            }
            let found = match &name {
                name if CONTAINERS.contains(&name) => self.walk(next)?,
                b"trun" => self.run()?,
                b"tfhd" => self.base()?,
                b"stco" => self.places::<4>(next)?,
                b"co64" => self.places::<8>(next)?,
                _ => None,
            };
            if found.is_some() {
                return Ok(found);
            }
            self.go_to(next)?;
        }
        Ok(None)
    }

    /// Checks the number of samples in a track run.
    fn run(&mut self) -> io::Result<Option<&'static str>> {
        let _flags = self.read::<4>()?;
        let count = u32::from_be_bytes(self.read()?);
        Ok((u64::from(count) > self.length.max(SAMPLES)).then_some("it has more samples than bytes"))
    }

    /// Checks the base offset of a track fragment, if present.
    fn base(&mut self) -> io::Result<Option<&'static str>> {
        let [.., flags] = self.read::<4>()?;
        let _track = self.read::<4>()?;
        if flags & 1 == 0 {
            return Ok(None);
        }
        let place = u64::from_be_bytes(self.read()?);
        Ok(self.is_beyond(place))
    }

    /// Checks the chunk offsets of a table.
    fn places<const BYTES: usize>(&mut self, end: u64) -> io::Result<Option<&'static str>> {
        let _flags = self.read::<4>()?;
        let count = u32::from_be_bytes(self.read()?);
        for _ in 0..count {
            if self.at + BYTES as u64 > end {
                break;
            }
            let place = self.read::<BYTES>()?.into_iter().fold(0, |place, byte| place << 8 | u64::from(byte));
            if let Some(found) = self.is_beyond(place) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn is_beyond(&self, place: u64) -> Option<&'static str> {
        (place > self.length.max(REACH)).then_some("its sound lies beyond its end")
    }

    fn read<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// Seeks, within the read buffer if possible.
    fn go_to(&mut self, place: u64) -> io::Result<()> {
        match place.checked_signed_diff(self.at) {
            Some(by) => self.file.seek_relative(by)?,
            None => drop(self.file.seek(SeekFrom::Start(place))?),
        }
        self.at = place;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const WHOLE: &[u8] = include_bytes!("../../tests/fixtures/audio/aac.m4a");
    const FRAGMENTED: &[u8] = include_bytes!("../../tests/fixtures/audio/fragmented.m4a");

    fn checked(bytes: &[u8]) -> Option<&'static str> {
        absurdity(&mut Cursor::new(bytes.to_vec())).expect("in memory")
    }

    fn changed(bytes: &[u8], name: &[u8; 4], offset: usize, with: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let place = bytes.windows(4).position(|four| four == name).expect("there") + offset;
        bytes[place..][..with.len()].copy_from_slice(with);
        bytes
    }

    #[test]
    fn valid_and_truncated_files_are_accepted() {
        for bytes in [WHOLE, FRAGMENTED, b"RIFF\0\0\0\0WAVE", b""] {
            assert_eq!(checked(bytes), None);
            (0..bytes.len()).step_by(97).for_each(|end| assert_eq!(checked(&bytes[..end]), None));
        }
    }

    #[test]
    fn the_file_is_rewound_to_its_start() {
        let mut source = Cursor::new(FRAGMENTED.to_vec());
        absurdity(&mut source).expect("in memory");
        assert_eq!(source.position(), 0);
    }

    #[test]
    fn impossible_numbers_are_rejected() {
        let count = changed(FRAGMENTED, b"trun", 8, &[0xff; 4]);
        assert_eq!(checked(&count), Some("it has more samples than bytes"));
        let base = changed(&changed(FRAGMENTED, b"tfhd", 7, &[1]), b"tfhd", 12, &[0x7f; 8]);
        assert_eq!(checked(&base), Some("its sound lies beyond its end"));
        let chunk = changed(WHOLE, b"stco", 12, &[0xf0; 4]);
        assert_eq!(checked(&chunk), Some("its sound lies beyond its end"));
    }
}
