//! Recordings of any length, streamed from a file on the JavaScript side.

use std::io::{self, Read, Seek, SeekFrom};

use js_sys::{Error, Function, Uint8Array};
use symphonia::core::io::MediaSource;
use wasm_bindgen::prelude::*;

use super::{as_json, chosen, coded};
use crate::analyzer::Note;
use crate::audio::{AudioError, Limits, Stream, WindowSettings, Windows};

/// The windows of a recording, in order.
#[wasm_bindgen]
pub struct LongAudio(Windows<'static>);

/// A window of a recording.
#[wasm_bindgen]
pub struct AudioWindow {
    start_s: f64,
    samples: Vec<f32>,
}

#[wasm_bindgen]
impl LongAudio {
    /// Opens a file of `bytes` bytes; `read` is called with the start and end of a part, and returns a `Uint8Array` with its
    /// bytes. Windows of four seconds begin every `step_s` seconds. All channels are mixed, unless one is selected.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: f64, read: Function, step_s: f32, channel: Option<String>) -> Result<LongAudio, Error> {
        let file = File { bytes: bytes as u64, at: 0, read };
        let refused = |error: AudioError| coded(&error, error.code());
        let stream = Stream::open(Box::new(file), &Limits::default()).map_err(refused)?;
        let stream = stream.with_channel(chosen(channel)?);
        Ok(Self(Windows::new(stream, &WindowSettings { step_s, ..WindowSettings::default() })))
    }

    /// Length according to the file, in seconds.
    #[wasm_bindgen(getter, js_name = durationS)]
    pub fn duration_s(&self) -> Option<f32> {
        self.0.declared_s()
    }

    /// Seconds of audio that are missing or could not be read; complete once there are no more windows.
    #[wasm_bindgen(getter, js_name = lostS)]
    pub fn lost_s(&self) -> f32 {
        self.0.lost_s()
    }

    /// Notes on channels and tracks for the user, as JSON text; complete once there are no more windows.
    #[wasm_bindgen(getter)]
    pub fn notes(&self) -> String {
        let notes = self.0.notes();
        as_json(&notes.into_iter().map(|code| Note::new(code, self.0.lost_s())).collect::<Vec<_>>())
    }

    /// The next window; nothing at the end.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[allow(clippy::should_implement_trait)] // JavaScript has its own protocol.
    pub fn next(&mut self) -> Result<Option<AudioWindow>, Error> {
        let window = self.0.next().transpose().map_err(|error| coded(&error, error.code()))?;
        Ok(window.map(|window| AudioWindow { start_s: window.start_s, samples: window.samples }))
    }
}

#[wasm_bindgen]
impl AudioWindow {
    /// Start in seconds.
    #[wasm_bindgen(getter, js_name = startS)]
    pub fn start_s(&self) -> f64 {
        self.start_s
    }

    /// Mono samples at 16 kHz.
    #[wasm_bindgen(getter)]
    pub fn samples(&self) -> Vec<f32> {
        self.samples.clone()
    }
}

/// A file on the JavaScript side.
struct File {
    bytes: u64,
    at: u64,
    read: Function,
}

// SAFETY: the decoder requires `Send`, and a worker has no other threads.
unsafe impl Send for File {}
// SAFETY: as above.
unsafe impl Sync for File {}

impl Read for File {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let end = self.bytes.min(self.at + out.len() as u64);
        let part = self.read.call2(&JsValue::NULL, &(self.at as f64).into(), &(end as f64).into());
        let part = part.map_err(|_| io::Error::other("the file can no longer be read"))?;
        let part = Uint8Array::new(&part);
        let length = (part.length() as usize).min(out.len());
        part.subarray(0, length as u32).copy_to(&mut out[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl MediaSource for File {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}
