//! Overlapping windows of long audio.

use super::{AudioError, QualityNote, SAMPLE_RATE_HZ, Stream};

/// Length and step of windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowSettings {
    /// Length of a window in seconds. Default 4.
    pub length_s: f32,
    /// Distance between the starts of consecutive windows in seconds. Default 2.
    pub step_s: f32,
}

/// The error for windows that start too often or leave gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Windows can start every 0.25 to 4 seconds.")]
pub struct StepOutOfRange;

impl WindowSettings {
    /// Windows of the default length that start every `step_s` seconds.
    ///
    /// # Errors
    /// [`StepOutOfRange`] unless these are 0.25 to 4.
    pub fn every(step_s: f32) -> Result<Self, StepOutOfRange> {
        let settings = Self { step_s, ..Self::default() };
        if (0.25..=settings.length_s).contains(&step_s) { Ok(settings) } else { Err(StepOutOfRange) }
    }
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self { length_s: 4.0, step_s: 2.0 }
    }
}

/// A window of long audio.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Start in seconds.
    pub start_s: f64,
    /// Mono samples at 16 kHz; the last window may have fewer.
    pub samples: Vec<f32>,
}

impl Window {
    /// End in seconds.
    pub fn end_s(&self) -> f64 {
        self.start_s + self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ)
    }
}

/// The windows of a stream, in order.
pub struct Windows<'a> {
    stream: Stream<'a>,
    length: usize,
    step: usize,
    /// Decoded samples from the start of the next window.
    samples: Vec<f32>,
    start: u64,
    is_ended: bool,
}

impl<'a> Windows<'a> {
    /// Divides a stream into windows.
    ///
    /// # Panics
    /// Unless a step has at least one sample, and no more than a window.
    pub fn new(stream: Stream<'a>, settings: &WindowSettings) -> Self {
        let [length, step] =
            [settings.length_s, settings.step_s].map(|s| (s * SAMPLE_RATE_HZ as f32).round() as usize);
        assert!(0 < step && step <= length, "every sample stands in a window");
        Self { stream, length, step, samples: Vec::new(), start: 0, is_ended: false }
    }

    /// Duration that the file declares, in seconds.
    pub fn declared_s(&self) -> Option<f32> {
        self.stream.declared_s()
    }

    /// Seconds of missing audio, as [`Stream::lost_s`]; complete once there are no more windows.
    pub fn lost_s(&self) -> f32 {
        self.stream.lost_s()
    }

    /// As [`Stream::notes`]; complete once there are no more windows.
    pub fn notes(&self) -> Vec<QualityNote> {
        self.stream.notes()
    }
}

impl Iterator for Windows<'_> {
    type Item = Result<Window, AudioError>;

    /// The next window. The last one extends to the end, so that every sample is in at least one.
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
        // If nothing follows this window, the next one would be contained in it.
        let passed = if self.samples.len() <= self.length { self.samples.len() } else { self.step };
        self.samples.drain(..passed);
        self.start += passed as u64;
        Some(Ok(window))
    }
}
