//! Detection of unsupported formats from the first bytes of a file.

use super::AudioError;

/// Number of bytes at the start of a file used for detection.
pub const HEAD: usize = 512;

/// The error for a file that begins with `head`, if its format is known, but not supported.
pub fn named(head: &[u8]) -> Option<AudioError> {
    let is = |names: &[&[u8]]| names.iter().any(|name| head.starts_with(name));
    if is(&[b"#!AMR"]) {
        Some(AudioError::Amr)
    } else if is(&[b"NIST_1A"]) {
        Some(AudioError::NistSphere)
    } else if is(&[b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"]) {
        Some(AudioError::WindowsMedia)
    } else if is(&[b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/"]) {
        Some(AudioError::LfsPointer)
    } else if is(&[b"%PDF-", b"\x89PNG\r\n", b"GIF8", b"\xff\xd8\xff"]) || is_zipped_document(head) {
        Some(AudioError::Document)
    } else if is(&[b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08"]) {
        Some(AudioError::Archive)
    } else if is_markup(head) {
        Some(AudioError::WebPage)
    } else {
        None
    }
}

/// Returns whether this is a ZIP archive whose first entry is that of Office Open XML, or of OpenDocument and EPUB.
fn is_zipped_document(head: &[u8]) -> bool {
    const NAME_AT: usize = 30;
    let first = head.get(NAME_AT..).unwrap_or_default();
    head.starts_with(b"PK\x03\x04")
        && [&b"[Content_Types].xml"[..], b"_rels/.rels", b"mimetype"]
            .iter()
            .any(|name| first.starts_with(name))
}

/// Returns whether this is HTML or XML: a letter, `!` or `?` after the first `<`, which only white space precedes.
fn is_markup(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let is_tag =
        matches!(text, [b'<', next, ..] if next.is_ascii_alphabetic() || *next == b'!' || *next == b'?');
    is_tag && text.iter().take(16).all(|byte| (b'\t'..0x80).contains(byte))
}
