//! Long audio in windows that overlap.

use super::{AudioError, QualityNote, SAMPLE_RATE_HZ, Stream};

/// How long audio is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowSettings {
    /// Seconds of a window. Default 4.
    pub length_s: f32,
    /// Seconds from the start of a window to that of the next. Default 2.
    pub step_s: f32,
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self { length_s: 4.0, step_s: 2.0 }
    }
}

/// A part of long audio.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Where it begins, in seconds.
    pub start_s: f64,
    /// Mono samples at 16 kHz; fewer than the others have at the end.
    pub samples: Vec<f32>,
}

impl Window {
    /// Where it ends, in seconds.
    pub fn end_s(&self) -> f64 {
        self.start_s + self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ)
    }
}

/// The windows of a stream, one after the other.
pub struct Windows<'a> {
    stream: Stream<'a>,
    length: usize,
    step: usize,
    /// What follows the start of the next window, as far as it was decoded.
    samples: Vec<f32>,
    start: u64,
    is_ended: bool,
}

impl<'a> Windows<'a> {
    /// Cuts what comes out of `stream`.
    ///
    /// # Panics
    /// Unless a step has one sample at least, and no more than a window.
    pub fn new(stream: Stream<'a>, settings: &WindowSettings) -> Self {
        let [length, step] =
            [settings.length_s, settings.step_s].map(|s| (s * SAMPLE_RATE_HZ as f32).round() as usize);
        assert!(0 < step && step <= length, "every sample stands in a window");
        Self { stream, length, step, samples: Vec::new(), start: 0, is_ended: false }
    }

    /// Length that the file says it has, in seconds.
    pub fn declared_s(&self) -> Option<f32> {
        self.stream.declared_s()
    }

    /// Seconds of sound that are missing, as of [`Stream::lost_s`]; all of them once there are no more windows.
    pub fn lost_s(&self) -> f32 {
        self.stream.lost_s()
    }

    /// As of [`Stream::notes`]; complete once there are no more windows.
    pub fn notes(&self) -> Vec<QualityNote> {
        self.stream.notes()
    }
}

impl Iterator for Windows<'_> {
    type Item = Result<Window, AudioError>;

    /// The next window. The last one reaches to the end, so that every sample stands in one at least.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_ended && self.samples.len() <= self.length {
            match self.stream.next_block() {
                Ok(Some(block)) => self.samples.extend(block),
                Ok(None) => self.is_ended = true,
                Err(error) => {
                    self.is_ended = true;
                    self.samples.clear();
                    return Some(Err(error));
                }
            }
        }
        if self.samples.is_empty() {
            return None;
        }
        let samples = self.samples[..self.samples.len().min(self.length)].to_vec();
        let window = Window { start_s: self.start as f64 / f64::from(SAMPLE_RATE_HZ), samples };
        // What the next window would hold is in this one already, when nothing follows it.
        let passed = if self.samples.len() <= self.length { self.samples.len() } else { self.step };
        self.samples.drain(..passed);
        self.start += passed as u64;
        Some(Ok(window))
    }
}
