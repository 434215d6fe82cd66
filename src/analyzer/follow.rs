//! Reading long audio, window by window.

use super::{Analysis, Analyzer, Prepared};
use crate::audio::{self, AudioError, Clip, Quality, Recording, SAMPLE_RATE_HZ, Window};
use crate::model::{SpeakerReference, SpeakerReferenceError};
use crate::vad::speech_segments;

/// Share of a window that has to be speech for it to be read.
const LEAST_SPEECH: f32 = 0.15;

/// Windows that make up the reference of a recording's speaker, at most: after two dozen, more hardly matter.
const MOST_WINDOWS: usize = 256;

/// The speaker reference of a recording with one speaker, from its windows in their order: each is then read beside those that
/// it does not overlap.
#[derive(Debug, Clone)]
pub struct WindowReferences {
    all: SpeakerReference,
    /// Where each begins and ends, in seconds.
    windows: Vec<([f64; 2], SpeakerReference)>,
}

impl WindowReferences {
    /// Of no windows.
    ///
    /// # Errors
    /// [`SpeakerReferenceError::NotTaken`] when the analyzer's model takes no reference.
    pub fn new(analyzer: &Analyzer) -> Result<Self, SpeakerReferenceError> {
        Ok(Self { all: analyzer.model().empty_reference()?, windows: Vec::new() })
    }

    /// Adds what is known of a window, unless it overlaps the one that was added last, or there are 256.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] when it is of another model.
    pub fn add(
        &mut self,
        span_s: [f64; 2],
        enrolment: &SpeakerReference,
    ) -> Result<(), SpeakerReferenceError> {
        let is_free = self.windows.last().is_none_or(|([_, end_s], _)| *end_s <= span_s[0]);
        if is_free && self.windows.len() < MOST_WINDOWS {
            self.all.merge(enrolment)?;
            self.windows.push((span_s, enrolment.clone()));
        }
        Ok(())
    }

    /// All windows but those that a span overlaps.
    pub fn beside(&self, [start_s, end_s]: [f64; 2]) -> SpeakerReference {
        let mut others = self.all.clone();
        let overlapping =
            self.windows.iter().filter(|([from_s, to_s], _)| *from_s < end_s && start_s < *to_s);
        for (_, window) in overlapping {
            others.remove(window).expect("it was added");
        }
        others
    }
}

impl Analyzer {
    /// Reads a window of long audio; nothing if there is too little speech in it.
    pub fn read_window(&mut self, window: Window) -> Option<Analysis> {
        let recording = Recording {
            duration_s: window.samples.len() as f32 / SAMPLE_RATE_HZ as f32,
            samples: window.samples,
            source_rate_hz: SAMPLE_RATE_HZ,
            source_channels: 1,
            source_track: 1,
            notes: Vec::new(),
            lost_s: 0.0,
        };
        let prepared = self.heard_in(recording)?;
        Some(self.read(prepared))
    }

    /// What the model is to hear of a window's samples, mono at any rate; nothing if there is too little speech in them.
    ///
    /// # Errors
    /// As of [`Analyzer::analyze_samples`].
    pub fn prepare_window(&self, samples: &[f32], rate_hz: u32) -> Result<Option<Prepared>, AudioError> {
        Ok(self.heard_in(audio::from_samples(samples, rate_hz, &self.read)?))
    }

    fn heard_in(&self, recording: Recording) -> Option<Prepared> {
        // What is cut away from the start of recordings stands in the window before.
        let speech = speech_segments(&recording.samples);
        let clip = Clip::cut(&recording.samples, &self.model.manifest().clip.with_skip(0.0), &speech);
        let quality = Quality::measure(&recording, &(0..recording.samples.len()), &speech);
        if quality.speech_share < LEAST_SPEECH {
            return None;
        }
        let Recording { duration_s, source_rate_hz, .. } = recording;
        Some(Prepared { clip, quality, duration_s, source_rate_hz, decode_ms: 0.0, quality_ms: 0.0 })
    }
}
