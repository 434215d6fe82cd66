//! Reading long audio, window by window.

use super::{Analysis, Analyzer, Prepared};
use crate::audio::{self, AudioError, Clip, Quality, Recording, SAMPLE_RATE_HZ, Window};
use crate::vad::speech_segments;

/// Share of a window that has to be speech for it to be read.
const LEAST_SPEECH: f32 = 0.15;

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
