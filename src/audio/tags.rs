//! Tags around the audio: ID3v2 and APE before it; ID3v1, APE, Lyrics3 and ID3v2 after it. Cover images in them may be large
//! and may contain bytes that look like audio.

use std::ops::Range;

use super::source::Shared;

/// Maximum number of consecutive tags.
const MAX_TAGS: usize = 64;

/// Containers that locate their audio themselves.
const CONTAINERS: [&[u8]; 8] =
    [b"RIFF", b"RF64", b"BW64", b"riff", b"FORM", b"OggS", b"caff", b"\x1a\x45\xdf\xa3"];

/// The range between the tags.
pub fn between(file: &Shared) -> Range<u64> {
    let start = repeat(0, |start| after_tag_in_front(file, start));
    let head = file.bytes(start, 8);
    let is_container = CONTAINERS.iter().any(|name| head.starts_with(name)) || head.ends_with(b"ftyp");
    let end =
        if is_container { file.len() } else { repeat(file.len(), |end| before_tag_behind(file, start, end)) };
    start..end
}

/// Applies `next` as long as it returns an offset.
fn repeat(mut place: u64, next: impl Fn(u64) -> Option<u64>) -> u64 {
    for _ in 0..MAX_TAGS {
        match next(place) {
            Some(further) => place = further,
            None => break,
        }
    }
    place
}

/// The end of the tag that begins at `start`.
fn after_tag_in_front(file: &Shared, start: u64) -> Option<u64> {
    let head: [u8; 32] = file.exactly(start)?;
    let length = match &head {
        [b'I', b'D', b'3', rest @ ..] => id3v2_length(rest)?,
        [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', rest @ ..] => 32 + ape_length(rest)?,
        _ => return None,
    };
    Some(start + length).filter(|&end| end < file.len())
}

/// The start of the tag that ends at `end`.
fn before_tag_behind(file: &Shared, start: u64, end: u64) -> Option<u64> {
    let from_end = |bytes: u64| end.checked_sub(bytes).filter(|&at| at >= start);
    if let Some(at) = from_end(128).filter(|&at| file.exactly(at) == Some(*b"TAG")) {
        let enhanced = at.checked_sub(227).filter(|&at| at >= start && file.exactly(at) == Some(*b"TAG+"));
        return Some(enhanced.unwrap_or(at));
    }
    let tail: [u8; 32] = file.exactly(from_end(32)?)?;
    match &tail {
        [b'A', b'P', b'E', b'T', b'A', b'G', b'E', b'X', rest @ ..] => {
            // The size includes this footer, but not the header, whose presence is a flag.
            let header = if rest[15] & 0x80 == 0 { 0 } else { 32 };
            from_end(ape_length(rest)? + header)
        }
        [.., b'L', b'Y', b'R', b'I', b'C', b'S', b'2', b'0', b'0'] => {
            let digits = std::str::from_utf8(&tail[17..23]).ok()?;
            let at = from_end(15 + digits.parse::<u64>().ok()?)?;
            (file.exactly(at) == Some(*b"LYRICSBEGIN")).then_some(at)
        }
        [.., b'L', b'Y', b'R', b'I', b'C', b'S', b'E', b'N', b'D'] => {
            // The first version has no size field, but a maximum size.
            let at = end.saturating_sub(5_120).max(start);
            let text = file.bytes(at, (end - at) as usize);
            text.windows(11).rposition(|word| word == b"LYRICSBEGIN").map(|place| at + place as u64)
        }
        [.., b'3', b'D', b'I', _, _, _, _, _, _, _] => {
            // The footer has the size in the same format as the header.
            let at = from_end(id3v2_length(&tail[25..])?)?;
            (file.exactly(at) == Some(*b"ID3")).then_some(at)
        }
        _ => None,
    }
}

/// Length of an ID3v2 tag with its header and footer, from the bytes after its identifier: version, flags, and a size with seven
/// bits per byte.
fn id3v2_length(rest: &[u8]) -> Option<u64> {
    let &[version, _, flags, a, b, c, d, ..] = rest else { return None };
    let is_size = [a, b, c, d].iter().all(|byte| byte & 0x80 == 0);
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    let size = [a, b, c, d].iter().fold(0, |size, &byte| size << 7 | u64::from(byte));
    (version < 0xff && is_size).then_some(10 + size + footer)
}

/// The size field of an APE tag, from the bytes after its identifier.
fn ape_length(rest: &[u8]) -> Option<u64> {
    let size = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?);
    (size >= 32).then_some(size.into())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn left(parts: &[&[u8]]) -> Vec<u8> {
        let bytes = parts.concat();
        let file = Shared::new(Box::new(Cursor::new(bytes.clone())), bytes.len() as u64);
        let Range { start, end } = between(&file);
        bytes[start as usize..end as usize].to_vec()
    }

    fn id3v2(size: usize) -> Vec<u8> {
        let sevens = [21, 14, 7, 0].map(|by| (size >> by) as u8 & 0x7f);
        [&b"ID3\x04\0\0"[..], &sevens, &vec![0xff; size]].concat()
    }

    fn ape(is_footer: bool, body: usize) -> Vec<u8> {
        let mut part = b"APETAGEX\xd0\x07\0\0".to_vec();
        part.extend((body as u32 + 32).to_le_bytes());
        part.extend([0, 0, 0, 0, 0, 0, 0, if is_footer { 0x80 } else { 0xa0 }, 0, 0, 0, 0, 0, 0, 0, 0]);
        part
    }

    #[test]
    fn all_tags_are_removed() {
        let sound = b"fLaC and what follows, for a while, until there is no more".as_slice();
        let id3v1 = [b"TAG".as_slice(), &[b' '; 125]].concat();
        let enhanced = [b"TAG+".as_slice(), &[b' '; 223]].concat();
        let ape_behind = [&ape(false, 40)[..], &[7; 40], &ape(true, 40)].concat();
        let lyrics = b"LYRICSBEGINla la la000019LYRICS200".as_slice();
        let old_lyrics = b"LYRICSBEGINla la laLYRICSEND".as_slice();
        let behind = [b"ID3\x04\0\x10\0\0\0\x05words3DI\x04\0\x10\0\0\0\x05".as_slice()].concat();
        assert_eq!(left(&[sound]), sound);
        assert_eq!(left(&[&id3v2(2_000_000), &id3v2(0), sound]), sound);
        assert_eq!(left(&[&ape(false, 40), &[7; 40], &ape(true, 40), sound]), sound);
        assert_eq!(left(&[&id3v2(7), sound, &ape_behind, lyrics, &enhanced, &id3v1]), sound);
        assert_eq!(left(&[sound, &id3v1, &ape_behind]), sound);
        assert_eq!(left(&[sound, old_lyrics, &id3v1]), sound);
        assert_eq!(left(&[sound, &behind]), sound);
    }

    #[test]
    fn other_data_is_kept() {
        let beyond = [b"ID3\x04\0\0\x7f\x7f\x7f\x7f".as_slice(), &[0; 100]].concat();
        assert_eq!(left(&[&beyond]), beyond);
        let wav = [b"RIFF\xff\0\0\0WAVE".as_slice(), b"TAG", &[0; 125]].concat();
        assert_eq!(left(&[&wav]), wav);
        for short in [b"".as_slice(), b"ID3", b"TAG", b"APETAGEX"] {
            assert_eq!(left(&[short]), short);
        }
    }
}
