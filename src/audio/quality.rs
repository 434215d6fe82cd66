//! Whether a recording is fit to be read at all, before any model looks at it.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

use super::bandwidth::is_narrowband;
use super::{Recording, SpeechSegments};

/// Something about a recording that makes its reading less reliable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QualityNote {
    /// The loudest speech lies far below full scale.
    TooQuiet,
    /// The loudest parts were cut off when recording.
    Clipped,
    /// There is less than a second of sound.
    TooShort,
    /// Less than a fifth of the recording is speech.
    MostlySilence,
    /// No speech was found.
    NoSpeech,
    /// Part of the file could not be read.
    Damaged,
    /// The sound is limited to the band of a telephone.
    Telephone,
    /// The recording is long, and only a part of it was read.
    Excerpt,
    /// No speech was found in the first five minutes, and no more were looked through.
    SearchedInPart,
    /// The channels cancel one another; those that cancel the strongest were left out.
    ChannelsCancel,
    /// Each of two channels has a voice of its own, as when a telephone call is recorded in dual channel.
    DualChannel,
    /// The first sound track is silent, so the next one with sound was read.
    OtherTrack,
}

impl QualityNote {
    /// What is wrong and what to do about it, for people; `lost_s` are the seconds of sound that are missing.
    pub fn advice(self, lost_s: f32) -> Cow<'static, str> {
        let advice = match self {
            Self::TooQuiet => "The voice is very quiet. Move closer to the microphone or raise its level.",
            Self::Clipped => {
                "The sound is distorted because it was too loud. Move back a little or lower the microphone's level."
            }
            Self::TooShort => "This is less than a second of sound. Speak for two seconds or more.",
            Self::MostlySilence => {
                "Most of this is silence. Start speaking right away, and stop when you are done."
            }
            Self::NoSpeech => "No speech was found in this recording. The reading below means little.",
            Self::Telephone => {
                "This sounds like a telephone: high frequencies are missing. Readings of it are less reliable."
            }
            Self::Excerpt => {
                "This is a long recording. Only the first speech in it was read; follow it to have all of it read."
            }
            Self::SearchedInPart => {
                "Only the first five minutes were looked through. Follow the recording, or cut out the part with the voice."
            }
            Self::ChannelsCancel => {
                "The channels cancel each other, as when a cable is wired the wrong way round. The stronger one was read alone."
            }
            Self::DualChannel => {
                "There are two voices, one on each channel, and both were read together. Choose the left or the right channel to read one alone."
            }
            Self::OtherTrack => {
                "The first sound track of this file is silent. The next one with sound was read."
            }
            Self::Damaged => {
                return format!("About {lost_s:.1} seconds of sound are missing from this file, or could not be read. The reading covers what was left.").into();
            }
        };
        advice.into()
    }
}

/// Measurements of the part of a recording that a model hears, and the notes they give rise to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// Root mean square level of the speech (of everything, if there is none), in dB below full scale.
    pub level_dbfs: f32,
    /// Share of samples that lie in a run of three or more at full scale, 0 to 1.
    pub clipped_share: f32,
    /// Share of what the model hears that is speech, 0 to 1.
    pub speech_share: f32,
    /// Seconds of sound that are missing from the file or could not be read, known or estimated.
    pub lost_s: f32,
    /// What a person should know, most serious first.
    #[serde(skip)]
    pub notes: Vec<QualityNote>,
}

/// Seconds of lost sound that are worth a word: less is a packet or two.
pub const LEAST_LOST_S: f32 = 0.05;

/// Levels and shares at which a note is given. Chosen on the four corpora; see ARCHITECTURE.md for the shares of
/// clips that each one marks.
const QUIET_DBFS: f32 = -48.0;
const CLIPPED_SHARE: f32 = 0.001;
const FULL_SCALE: f32 = 0.999;
const SHORT_S: f32 = 1.0;
const SPARSE_SPEECH_SHARE: f32 = 0.2;

impl Quality {
    /// Measures the part `heard` of a recording that reaches the model, and the `speech` in the recording.
    pub fn measure(recording: &Recording, heard: &Range<usize>, speech: &SpeechSegments) -> Self {
        let speech = speech.within(heard);
        let heard = &recording.samples[heard.clone()];
        let speech_share = speech.samples() as f32 / heard.len().max(1) as f32;
        let level_dbfs = level_dbfs(heard, &speech);
        let clipped_share = clipped_share(heard);

        let mut notes = Vec::new();
        if speech.is_empty() {
            notes.push(QualityNote::NoSpeech);
        } else if speech_share < SPARSE_SPEECH_SHARE {
            notes.push(QualityNote::MostlySilence);
        }
        if recording.lost_s >= LEAST_LOST_S {
            notes.push(QualityNote::Damaged);
        }
        if recording.duration_s < SHORT_S {
            notes.push(QualityNote::TooShort);
        }
        if !speech.is_empty() && is_narrowband(heard, &speech) {
            notes.push(QualityNote::Telephone);
        }
        if level_dbfs < QUIET_DBFS {
            notes.push(QualityNote::TooQuiet);
        }
        if clipped_share > CLIPPED_SHARE {
            notes.push(QualityNote::Clipped);
        }
        notes.extend(&recording.notes);
        Self { level_dbfs, clipped_share, speech_share, lost_s: recording.lost_s, notes }
    }

    /// Whether there is nothing a model could read an emotion from.
    pub fn has_no_speech(&self) -> bool {
        self.notes.contains(&QualityNote::NoSpeech)
    }
}

fn level_dbfs(samples: &[f32], speech: &SpeechSegments) -> f32 {
    let everything = [0..samples.len()];
    let parts = if speech.is_empty() { &everything } else { speech.as_slice() };
    let square = |sample: &f32| f64::from(*sample) * f64::from(*sample);
    let energy: f64 = parts.iter().flat_map(|part| &samples[part.clone()]).map(square).sum();
    let count: usize = parts.iter().map(ExactSizeIterator::len).sum();
    (10.0 * (energy / count.max(1) as f64).max(1e-12).log10()) as f32
}

fn clipped_share(samples: &[f32]) -> f32 {
    let clipped: usize = samples
        .chunk_by(|a, b| (a.abs() >= FULL_SCALE) == (b.abs() >= FULL_SCALE))
        .filter(|run| run[0].abs() >= FULL_SCALE && run.len() >= 3)
        .map(<[f32]>::len)
        .sum();
    clipped as f32 / samples.len().max(1) as f32
}
