//! The end of an Ogg file (RFC 3533).

use super::source::Shared;

/// Maximum size of a page.
const MAX_PAGE: u64 = 27 + 255 + 255 * 255;

/// Number of bytes present of a truncated page at the end of a file.
pub fn cut_page(file: &Shared) -> u64 {
    let from = file.len().saturating_sub(MAX_PAGE);
    let bytes = file.bytes(from, MAX_PAGE as usize);
    let Some(start) = bytes.windows(4).rposition(|four| four == b"OggS") else { return 0 };
    let page = &bytes[start..];
    let segments = page.get(26).map(|&count| usize::from(count)).and_then(|count| page.get(27..27 + count));
    let length = segments
        .map(|segments| 27 + segments.len() + segments.iter().map(|&s| usize::from(s)).sum::<usize>());
    if length.is_some_and(|length| length <= page.len()) { 0 } else { page.len() as u64 }
}
