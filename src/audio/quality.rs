//! The quality of a recording, measured before classification.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use serde::Serialize;

use super::bandwidth::is_narrowband;
use super::{Recording, SpeechSegments};

/// Something about a recording that makes predictions less reliable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QualityNote {
    /// The speech is far below full scale.
    TooQuiet,
    /// The loudest parts are clipped.
    Clipped,
    /// The recording is shorter than a second.
    TooShort,
    /// Less than a fifth of the recording is speech.
    MostlySilence,
    /// No speech was detected.
    NoSpeech,
    /// Part of the file could not be decoded.
    Damaged,
    /// The recording is narrowband, as from a telephone.
    Telephone,
    /// The recording is long, and only a part of it was analysed.
    Excerpt,
    /// No speech was detected in the first five minutes, and the rest was not searched.
    SearchedInPart,
    /// The channels cancel one another; those that cancel the strongest are left out.
    ChannelsCancel,
    /// Each of two channels has its own voice, as in a dual-channel recording of a telephone call.
    DualChannel,
    /// The first audio track is silent, so the next one with sound was decoded.
    OtherTrack,
}

/// Its name in JSON.
impl Display for QualityNote {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl QualityNote {
    /// The text for users: the problem and what to do about it; `lost_s` are the seconds of audio that are missing.
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

/// Measurements of the clip of a recording, and the resulting notes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Quality {
    /// RMS level of the speech (of everything, if there is none), in dBFS.
    pub level_dbfs: f32,
    /// Share of samples in runs of three or more at full scale, 0 to 1.
    pub clipped_share: f32,
    /// Share of the clip that is speech, 0 to 1.
    pub speech_share: f32,
    /// Seconds of audio that are missing from the file or could not be decoded, known or estimated.
    pub lost_s: f32,
    /// Notes for the user, most serious first.
    #[serde(skip)]
    pub notes: Vec<QualityNote>,
}

/// Minimum seconds of lost audio for a note: less is a packet or two.
pub const MIN_LOST_S: f32 = 0.05;

/// Thresholds of the notes. Chosen on the four corpora; see ARCHITECTURE.md for the shares of clips that each one marks.
const QUIET_DBFS: f32 = -48.0;
const CLIPPED_SHARE: f32 = 0.001;
const FULL_SCALE: f32 = 0.999;
const SHORT_S: f32 = 1.0;
const SPARSE_SPEECH_SHARE: f32 = 0.2;

impl Quality {
    /// Measures the part `range` of a recording with the given speech segments.
    pub fn measure(recording: &Recording, range: &Range<usize>, speech: &SpeechSegments) -> Self {
        let speech = speech.within(range);
        let samples = &recording.samples[range.clone()];
        let speech_share = speech.samples() as f32 / samples.len().max(1) as f32;
        let level_dbfs = level_dbfs(samples, &speech);
        let clipped_share = clipped_share(samples);

        let mut notes = Vec::new();
        if speech.is_empty() {
            notes.push(QualityNote::NoSpeech);
        } else if speech_share < SPARSE_SPEECH_SHARE {
            notes.push(QualityNote::MostlySilence);
        }
        if recording.lost_s >= MIN_LOST_S {
            notes.push(QualityNote::Damaged);
        }
        if recording.duration_s < SHORT_S {
            notes.push(QualityNote::TooShort);
        }
        if !speech.is_empty() && is_narrowband(samples, &speech) {
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

    /// Whether there is no speech.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_notes_are_those_in_json() {
        use QualityNote::*;
        for note in [
            TooQuiet,
            Clipped,
            TooShort,
            MostlySilence,
            NoSpeech,
            Damaged,
            Telephone,
            Excerpt,
            SearchedInPart,
            ChannelsCancel,
            DualChannel,
            OtherTrack,
        ] {
            assert_eq!(serde_json::to_value(note).expect("a word"), note.to_string());
        }
    }
}
