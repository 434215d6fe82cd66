//! A row of the output, before it has a format.

use super::InputError;
use crate::analyzer::{Analysis, Certainty};
use crate::audio::{Quality, QualityNote};
use crate::model::Emotion;

/// The prediction of a recording or of one of its windows, or why there is none.
pub struct Row {
    /// Start and end of the window in the recording, in seconds.
    pub window_s: Option<[f64; 2]>,
    /// The prediction.
    pub outcome: Result<Reading, InputError>,
}

/// What is known of a recording or a window. Nothing in it depends on the machine or the time.
pub struct Reading {
    /// Length of the whole recording, in seconds.
    pub duration_s: f32,
    /// Seconds of the recording that are missing.
    pub lost_s: f32,
    /// Notes on the recording and the window.
    pub notes: Vec<QualityNote>,
    /// What was measured; none of windows without speech.
    pub clip: Option<ClipFacts>,
    /// The opinion; none without speech.
    pub opinion: Option<Opinion>,
}

/// Measurements of a clip.
pub struct ClipFacts {
    /// Start in the recording, in seconds.
    pub start_s: f32,
    /// Length without padding, in seconds.
    pub length_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// Quality of the clip.
    pub quality: Quality,
}

/// A label with what it comes from.
pub struct Opinion {
    /// The likeliest emotion.
    pub label: Emotion,
    /// How reliable it is.
    pub certainty: Certainty,
    /// Probabilities in the order of [`Emotion::ALL`].
    pub probabilities: [f32; 7],
    /// The embedding of the clip, if it was asked for.
    pub embedding: Option<Vec<f32>>,
}

impl Row {
    /// The row of a recording that cannot be read.
    pub fn failed(error: impl Into<InputError>) -> Self {
        Self { window_s: None, outcome: Err(error.into()) }
    }
}

impl Reading {
    /// What a table keeps of an analysis.
    pub fn new(analysis: Analysis, with_embedding: bool) -> Self {
        let report = analysis.report();
        let opinion = (report.opinion.certainty != Certainty::NoSpeech).then(|| Opinion {
            label: report.opinion.label,
            certainty: report.opinion.certainty,
            probabilities: Emotion::ALL.map(|emotion| report.opinion.probabilities[&emotion]),
            embedding: with_embedding.then_some(analysis.embedding),
        });
        let clip = ClipFacts {
            start_s: report.clip_start_s,
            length_s: report.clip_s,
            source_rate_hz: report.source_rate_hz,
            quality: report.quality,
        };
        Self {
            duration_s: report.duration_s,
            lost_s: clip.quality.lost_s,
            notes: report.notes.iter().map(|note| note.code).collect(),
            clip: Some(clip),
            opinion,
        }
    }

    /// A window with too little speech for an opinion.
    pub fn without_speech() -> Self {
        Self { duration_s: 0.0, lost_s: 0.0, notes: Vec::new(), clip: None, opinion: None }
    }

    /// The same with what is known once the whole recording was read.
    pub fn of_recording(mut self, duration_s: f32, lost_s: f32, notes: &[QualityNote]) -> Self {
        self.notes.extend(notes);
        Self { duration_s, lost_s, ..self }
    }

    /// The certainty of its opinion, or that there is no speech.
    pub fn certainty(&self) -> Certainty {
        self.opinion.as_ref().map_or(Certainty::NoSpeech, |opinion| opinion.certainty)
    }
}
