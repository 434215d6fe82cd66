//! Recordings of any length, streamed from a file on the JavaScript side.

use std::io::{self, Read, Seek, SeekFrom};

use js_sys::{Float32Array, Uint8Array};
use serde::Serialize;
use symphonia::core::io::MediaSource;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, FileReaderSync};

use super::engine::{chosen, object};
use super::{Error, coded};
use crate::analyzer::Note;
use crate::audio::{AudioError, Limits, Stream, WindowSettings, Windows};

/// The windows of a recording, in order.
#[wasm_bindgen]
pub struct LongAudio(Windows<'static>);

/// A window of a recording.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct AudioWindow {
    /// Start in seconds.
    start_s: f64,
    /// Mono samples at 16 kHz.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    #[tsify(type = "Float32Array<ArrayBuffer>")]
    samples: Float32Array,
}

#[wasm_bindgen]
impl LongAudio {
    /// Opens a file, which is read in parts. Windows of four seconds begin every `step_s` seconds. All channels are mixed, unless
    /// one is selected.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[wasm_bindgen(constructor)]
    pub fn new(file: Blob, step_s: f32, channel: Option<String>) -> Result<LongAudio, JsValue> {
        let file = File { bytes: file.size() as u64, at: 0, file, reader: FileReaderSync::new()? };
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

    /// Notes on channels and tracks for the user; complete once there are no more windows.
    #[wasm_bindgen(getter)]
    pub fn notes(&self) -> Vec<Ts<Note>> {
        let notes = self.0.notes();
        notes.into_iter().map(|code| object(&Note::new(code, self.0.lost_s()))).collect()
    }

    /// The next window; nothing at the end.
    ///
    /// # Errors
    /// A JavaScript `Error` with a `code`.
    #[allow(clippy::should_implement_trait)] // JavaScript has its own protocol.
    pub fn next(&mut self) -> Result<Option<Ts<AudioWindow>>, Error> {
        let window = self.0.next().transpose().map_err(|error| coded(&error, error.code()))?;
        Ok(window.map(|window| {
            object(&AudioWindow { start_s: window.start_s, samples: window.samples[..].into() })
        }))
    }
}

/// A file on the JavaScript side.
struct File {
    bytes: u64,
    at: u64,
    file: Blob,
    reader: FileReaderSync,
}

// SAFETY: the decoder requires `Send`, and a worker has no other threads.
unsafe impl Send for File {}
// SAFETY: as above.
unsafe impl Sync for File {}

impl Read for File {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let end = self.bytes.min(self.at + out.len() as u64);
        let part = self.file.slice_with_f64_and_f64(self.at as f64, end as f64);
        let part = part.and_then(|part| self.reader.read_as_array_buffer(&part));
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
