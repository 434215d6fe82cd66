//! Analysis of long audio, window by window.

use super::{Analysis, Analyzer, Prepared};
use crate::audio::{self, AudioError, Clip, Quality, Recording, SAMPLE_RATE_HZ, Window};
use crate::model::{Model, SpeakerReference, SpeakerReferenceError};
use crate::vad::speech_segments;

/// Minimum share of speech in a window to be analysed.
const MIN_SPEECH_SHARE: f32 = 0.15;

/// Maximum number of windows in the reference of a recording's speaker: after two dozen, more hardly matter.
const MAX_WINDOWS: usize = 256;

/// The speaker reference of a recording with one speaker, from its windows in order: each is then conditioned on those that it
/// does not overlap.
#[derive(Debug, Clone)]
pub struct WindowReferences {
    all: SpeakerReference,
    /// Start and end of each in seconds, with its reference.
    windows: Vec<([f64; 2], SpeakerReference)>,
}

impl WindowReferences {
    /// A reference without windows.
    ///
    /// # Errors
    /// [`SpeakerReferenceError::NotTaken`] if the analyzer's model takes no reference.
    pub fn new(analyzer: &Analyzer) -> Result<Self, SpeakerReferenceError> {
        Ok(Self { all: analyzer.model().empty_reference()?, windows: Vec::new() })
    }

    /// Adds the enrolment of a window, unless it overlaps the previous one, or there are 256.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] if it belongs to another model.
    pub fn add(
        &mut self,
        span_s: [f64; 2],
        enrolment: &SpeakerReference,
    ) -> Result<(), SpeakerReferenceError> {
        let is_free = self.windows.last().is_none_or(|([_, end_s], _)| *end_s <= span_s[0]);
        if is_free && self.windows.len() < MAX_WINDOWS {
            self.all.merge(enrolment)?;
            self.windows.push((span_s, enrolment.clone()));
        }
        Ok(())
    }

    /// Whether two clearly different voices speak in the recording, as [`Model::has_two_voices`] tells.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] when the model cannot tell.
    pub fn has_two_voices(&self, model: &Model) -> Result<bool, SpeakerReferenceError> {
        let windows: Vec<SpeakerReference> = self.windows.iter().map(|(_, window)| window.clone()).collect();
        model.has_two_voices(&windows)
    }

    /// The reference of all windows that do not overlap a span.
    pub fn excluding(&self, [start_s, end_s]: [f64; 2]) -> SpeakerReference {
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
    /// Analyses a window of long audio; `None` if there is too little speech in it.
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
        let prepared = self.prepare_if_speech(recording)?;
        Some(self.read(prepared))
    }

    /// Prepares the clip of a window, mono samples at any rate; `None` if there is too little speech in it.
    ///
    /// # Errors
    /// As [`Analyzer::analyze_samples`].
    pub fn prepare_window(&self, samples: &[f32], rate_hz: u32) -> Result<Option<Prepared>, AudioError> {
        Ok(self.prepare_if_speech(audio::from_samples(samples, rate_hz, &self.read)?))
    }

    fn prepare_if_speech(&self, recording: Recording) -> Option<Prepared> {
        // The start that is skipped in recordings is part of the previous window.
        let speech = speech_segments(&recording.samples);
        let clip = Clip::cut(&recording.samples, &self.model.manifest().clip.with_skip(0.0), &speech);
        let quality = Quality::measure(&recording, &(0..recording.samples.len()), &speech);
        if quality.speech_share < MIN_SPEECH_SHARE {
            return None;
        }
        let Recording { duration_s, source_rate_hz, .. } = recording;
        Some(Prepared { clip, quality, duration_s, source_rate_hz, decode_ms: 0.0, quality_ms: 0.0 })
    }
}
