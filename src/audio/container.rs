//! Detection of the container format, and its reader.

use std::ops::Range;

use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::meta::MetadataOptions;

use super::blocks::{BlockFormat, BlockReader};
use super::guard::guarded;
use super::mp4::Edit;
use super::source::{Section, Shared};
use super::{AudioError, aiff, boxes, foreign, mp4, riff, webm};

/// A demuxer with what is known about the file.
pub struct Container<'a> {
    pub format: Box<dyn FormatReader + 'a>,
    /// The edit list.
    pub edit: Edit,
    /// The file is truncated: it declares more data than it has.
    pub is_cut: bool,
    /// Seconds of audio that are certainly missing.
    pub lost_s: f64,
    /// The offset of the next of several concatenated files.
    pub next: Option<webm::Next>,
}

/// Opens the file within `bounds`. The format is detected from the content.
///
/// # Errors
/// [`AudioError`] if it is unknown or not supported.
pub fn open<'a>(file: &Shared<'a>, bounds: Range<u64>) -> Result<Container<'a>, AudioError> {
    let head = file.bytes(bounds.start, foreign::HEAD);
    if let Some(error) = foreign::named(&head) {
        return Err(error);
    }
    if let Some(content) = riff::content(file, bounds.start)? {
        return open_chunks(file, content);
    }
    if let Some(content) = aiff::content(file, bounds.start)? {
        return open_chunks(file, content);
    }
    if head.starts_with(&webm::MAGIC) {
        let next = webm::Next::default();
        let first = webm::First::new(Section::new(file.clone(), [bounds.clone()]), next.clone());
        let is_cut = webm::is_cut(file, bounds.start);
        return Ok(Container { is_cut, next: Some(next), ..probed(Box::new(first), true)? });
    }
    let mut section = Section::new(file.clone(), [bounds]);
    if let Some(absurdity) = boxes::absurdity(&mut section).map_err(|error| corrupt(&error.into()))? {
        return Err(AudioError::Corrupt { detail: absurdity.to_owned() });
    }
    match mp4::content(file)? {
        Some(mp4::Content::Blocks { format, chunks, lost }) => open_blocks(file, format, chunks, lost),
        Some(mp4::Content::Packets(edit)) => Ok(Container { edit, ..probed(Box::new(section), true)? }),
        None => {
            let is_known = head.get(4..8) == Some(b"ftyp")
                || [b"OggS", b"fLaC", b"caff"].iter().any(|&name| head.starts_with(name));
            probed(Box::new(section), is_known)
        }
    }
}

fn open_chunks<'a>(file: &Shared<'a>, content: riff::Content) -> Result<Container<'a>, AudioError> {
    match content {
        riff::Content::Blocks { format, sound, lost } => open_blocks(file, format, [sound], lost),
        riff::Content::Packed(sound) => probed(Box::new(Section::new(file.clone(), [sound])), true),
    }
}

fn open_blocks<'a>(
    file: &Shared<'a>,
    format: BlockFormat,
    sound: impl IntoIterator<Item = Range<u64>>,
    lost: u64,
) -> Result<Container<'a>, AudioError> {
    let lost_s = format.seconds(lost);
    let reader = BlockReader::new(Section::new(file.clone(), sound), format)?;
    Ok(Container { lost_s, ..container(Box::new(reader)) })
}

/// Probes the format with symphonia. `is_known` means that the file begins like a known container.
fn probed<'a>(source: Box<dyn MediaSource + 'a>, is_known: bool) -> Result<Container<'a>, AudioError> {
    let source = MediaSourceStream::new(source, Default::default());
    let probe = symphonia::default::get_probe();
    let opened =
        guarded(|| probe.probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default()));
    opened.map(container).map_err(|error| match error {
        // The probe reads to the end in search of a known signature.
        SymphoniaError::IoError(_) | SymphoniaError::Unsupported(_) if !is_known => AudioError::UnknownFormat,
        other => corrupt(&other),
    })
}

fn container<'a>(format: Box<dyn FormatReader + 'a>) -> Container<'a> {
    Container { format, edit: Edit::default(), is_cut: false, lost_s: 0.0, next: None }
}

/// The error for a decoder's error on invalid data.
pub fn corrupt(error: &SymphoniaError) -> AudioError {
    AudioError::Corrupt { detail: error.to_string() }
}
