//! The clip of a recording: the input of a model.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{SAMPLE_RATE_HZ, SpeechSegments};
use crate::rules::first_broken;

/// How a clip is cut from a recording. The defaults are those of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClipSettings {
    /// A clip of fixed length.
    Fixed(FixedClip),
    /// The part with speech, of variable length.
    Speech(SpeechClip),
}

/// A clip of fixed length, from a fixed start. The defaults are those of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedClip {
    /// Seconds skipped at the start, where recordings have silence and clicks: 0 to 600, default 0.5.
    pub skip_s: f32,
    /// Length in seconds, 0.1 to 60, default 4; shorter recordings are padded with zeros.
    pub length_s: f32,
    /// Recordings shorter than this many seconds keep their start, which would be most of them: 0 to 600, default 0.6.
    pub keep_start_below_s: f32,
    /// RMS level that the speech in the clip is normalised to, in dBFS, -60 to 0; `None` leaves it unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_dbfs: Option<f32>,
}

/// The part of a recording from the first speech in it to the last; all of it if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeechClip {
    /// Seconds kept before the first speech and after the last: 0 to 60, default 0.2.
    pub margin_s: f32,
    /// Maximum length in seconds, from the first speech on: 0.1 to 60, default 8.
    pub longest_s: f32,
    /// Seconds of a recording in which speech is detected: 0.1 to 600, default 30.
    pub within_s: f32,
    /// RMS level that the speech in the clip is normalised to, in dBFS, -60 to 0; `None` leaves it unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_dbfs: Option<f32>,
}

impl Default for ClipSettings {
    fn default() -> Self {
        Self::Fixed(FixedClip { skip_s: 0.5, length_s: 4.0, keep_start_below_s: 0.6, level_dbfs: None })
    }
}

impl Default for SpeechClip {
    fn default() -> Self {
        Self { margin_s: 0.2, longest_s: 8.0, within_s: 30.0, level_dbfs: None }
    }
}

impl ClipSettings {
    /// Number of samples in a clip, if the length is fixed.
    pub fn fixed_len(&self) -> Option<usize> {
        match self {
            Self::Fixed(fixed) => Some(samples(fixed.length_s)),
            Self::Speech(_) => None,
        }
    }

    /// Seconds of a recording that a clip may use; the rest is ignored.
    pub fn reach_s(&self) -> f32 {
        match self {
            Self::Fixed(fixed) => fixed.skip_s + fixed.length_s,
            Self::Speech(speech) => speech.within_s,
        }
    }

    /// RMS level that the speech in a clip is normalised to, in dBFS.
    pub fn level_dbfs(&self) -> Option<f32> {
        match self {
            Self::Fixed(fixed) => fixed.level_dbfs,
            Self::Speech(speech) => speech.level_dbfs,
        }
    }

    /// Checks that every number is within its range.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let minutes = |seconds: f32, most: f32| (0.0..=60.0 * most).contains(&seconds);
        let level = (
            self.level_dbfs().is_none_or(|level| (-60.0..=0.0).contains(&level)),
            "level_dbfs must be from -60 to 0",
        );
        match self {
            Self::Fixed(clip) => first_broken(&[
                level,
                (minutes(clip.skip_s, 10.0), "skip_s must be from 0 to 600"),
                (clip.length_s >= 0.1 && minutes(clip.length_s, 1.0), "length_s must be from 0.1 to 60"),
                (minutes(clip.keep_start_below_s, 10.0), "keep_start_below_s must be from 0 to 600"),
            ]),
            Self::Speech(clip) => first_broken(&[
                level,
                (minutes(clip.margin_s, 1.0), "margin_s must be from 0 to 60"),
                (clip.longest_s >= 0.1 && minutes(clip.longest_s, 1.0), "longest_s must be from 0.1 to 60"),
                (clip.within_s >= 0.1 && minutes(clip.within_s, 10.0), "within_s must be from 0.1 to 600"),
            ]),
        }
    }

    /// The same settings with another start, if the start is fixed.
    pub fn with_skip(self, skip_s: f32) -> Self {
        match self {
            Self::Fixed(fixed) => Self::Fixed(FixedClip { skip_s, ..fixed }),
            Self::Speech(_) => self,
        }
    }
}

/// Mono samples at 16 kHz, cut and zero-padded according to the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    samples: Vec<f32>,
    recorded: usize,
    start: usize,
}

impl Clip {
    /// Cuts the clip from a mono recording at 16 kHz with the given speech segments.
    pub fn cut(recording: &[f32], settings: &ClipSettings, speech: &SpeechSegments) -> Self {
        let mut clip = match settings {
            ClipSettings::Fixed(fixed) => Self::cut_fixed(recording, fixed, speech),
            ClipSettings::Speech(settings) => Self::cut_speech(recording, settings, speech),
        };
        if let Some(level_dbfs) = settings.level_dbfs() {
            let gain = gain(level_dbfs, clip.recorded(), &speech.within(&clip.range()));
            clip.samples.iter_mut().for_each(|sample| *sample *= gain);
        }
        clip
    }

    fn cut_fixed(recording: &[f32], settings: &FixedClip, speech: &SpeechSegments) -> Self {
        let length = samples(settings.length_s);
        let usual = if recording.len() < samples(settings.keep_start_below_s) {
            0
        } else {
            samples(settings.skip_s).min(recording.len())
        };
        let skip = match speech.span() {
            // If there is no speech at the usual position, the clip begins shortly before the first speech.
            Some(span) if speech.within(&(usual..usual + length)).is_empty() => {
                span.start.saturating_sub(samples(LEAD_S))
            }
            _ => usual,
        };
        let kept = &recording[skip..recording.len().min(skip + length)];
        let mut padded = kept.to_vec();
        padded.resize(length, 0.0);
        Self { samples: padded, recorded: kept.len(), start: skip }
    }

    fn cut_speech(recording: &[f32], settings: &SpeechClip, speech: &SpeechSegments) -> Self {
        let searched = &recording[..recording.len().min(samples(settings.within_s))];
        let speech = speech.within(&(0..searched.len()));
        let Range { start, end } = speech.span().unwrap_or(0..searched.len());
        let margin = samples(settings.margin_s);
        let start = start.saturating_sub(margin);
        let end = (end + margin).min(searched.len()).min(start + samples(settings.longest_s));
        Self { start, ..Self::whole(searched[start..end].to_vec()) }
    }

    /// Uses a whole recording as the clip, without cut or padding.
    pub fn whole(recording: Vec<f32>) -> Self {
        Self { recorded: recording.len(), samples: recording, start: 0 }
    }

    /// All samples, padding included.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The samples without padding.
    pub fn recorded(&self) -> &[f32] {
        &self.samples[..self.recorded]
    }

    /// The range of the clip in the recording, in samples.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.recorded
    }

    /// Start of the clip in the recording, in seconds.
    pub fn start_s(&self) -> f32 {
        self.start as f32 / SAMPLE_RATE_HZ as f32
    }

    /// The same clip, relative to a longer recording in which this one begins at sample `start`.
    pub(crate) fn of_part(mut self, start: usize) -> Self {
        self.start += start;
        self
    }
}

/// Seconds before the first speech at which a clip of fixed length begins, if there is none at its usual position.
const LEAD_S: f32 = 0.2;

/// Range of gains: amplification and attenuation of at most 60 dB.
const GAINS: Range<f32> = 1e-3..1e3;

/// The gain that normalises the speech in a clip to a level; 1 if there is none. Computed in 64 bits, so that the result is the
/// same on all processors.
fn gain(level_dbfs: f32, clip: &[f32], speech: &SpeechSegments) -> f32 {
    let square = |sample: &f32| f64::from(*sample) * f64::from(*sample);
    let energy: f64 = speech.as_slice().iter().flat_map(|segment| &clip[segment.clone()]).map(square).sum();
    if energy == 0.0 {
        return 1.0;
    }
    let level = (energy / speech.samples() as f64).sqrt();
    ((10.0_f64.powf(f64::from(level_dbfs) / 20.0) / level) as f32).clamp(GAINS.start, GAINS.end)
}

fn samples(seconds: f32) -> usize {
    (seconds * SAMPLE_RATE_HZ as f32).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(seconds: f32) -> Vec<f32> {
        (0..samples(seconds)).map(|i| i as f32).collect()
    }

    fn none() -> SpeechSegments {
        SpeechSegments::default()
    }

    #[test]
    fn a_clip_of_fixed_length_begins_with_the_speech_if_its_usual_position_has_none() {
        let recording = ramp(20.0);
        let at = |first: f32| {
            let speech = SpeechSegments::new(vec![samples(first)..samples(first + 1.0)]);
            Clip::cut(&recording, &ClipSettings::default(), &speech).start_s()
        };
        assert_eq!((at(0.2), at(4.4), at(10.0)), (0.5, 0.5, 9.8));
    }

    #[test]
    fn speech_is_normalised_to_its_level() {
        let settings = ClipSettings::Speech(SpeechClip { level_dbfs: Some(-26.0), ..SpeechClip::default() });
        let speech = SpeechSegments::new(vec![samples(1.0)..samples(2.0)]);
        let clip = |gain: f32| {
            let tone = |n: usize| gain * (n as f32 * 0.3).sin();
            let recording: Vec<f32> = (0..samples(3.0)).map(tone).collect();
            Clip::cut(&recording, &settings, &speech)
        };
        for gain in [1e-3, 0.1, 1.0] {
            let samples = clip(gain);
            let power = samples.samples().iter().map(|x| x * x).sum::<f32>() / samples.samples().len() as f32;
            assert!((10.0 * power.log10() + 26.0).abs() < 0.05, "{gain}: {} dB", 10.0 * power.log10());
            assert!(samples.samples().iter().zip(clip(0.2).samples()).all(|(a, b)| (a - b).abs() < 1e-6));
        }
        assert_eq!(Clip::cut(&[0.0; 100], &settings, &none()).samples(), [0.0; 100]);
    }

    #[test]
    fn long_recordings_are_cut_after_half_a_second() {
        let clip = Clip::cut(&ramp(6.0), &ClipSettings::default(), &none());
        assert_eq!(clip.samples().len(), 64_000);
        assert_eq!((clip.samples()[0], clip.samples()[63_999]), (8_000.0, 71_999.0));
        assert_eq!((clip.recorded().len(), clip.start_s()), (64_000, 0.5));
    }

    #[test]
    fn short_recordings_are_padded_with_zeros() {
        let clip = Clip::cut(&ramp(2.0), &ClipSettings::default(), &none());
        assert_eq!(clip.recorded().len(), 24_000);
        assert_eq!(clip.samples().len(), 64_000);
        assert!(clip.samples()[24_000..].iter().all(|&s| s == 0.0));
    }

    #[test]
    fn recordings_under_six_tenths_of_a_second_keep_their_start() {
        let just_under = Clip::cut(&ramp(0.599), &ClipSettings::default(), &none());
        assert_eq!((just_under.recorded().len(), just_under.start_s()), (samples(0.599), 0.0));
        let just_over = Clip::cut(&ramp(0.6), &ClipSettings::default(), &none());
        assert_eq!((just_over.recorded().len(), just_over.start_s()), (1_600, 0.5));
    }

    #[test]
    fn without_speech_the_clip_is_the_recording_up_to_the_maximum_length() {
        let settings = ClipSettings::Speech(SpeechClip::default());
        let silence = vec![0.0; samples(3.0)];
        let clip = Clip::cut(&silence, &settings, &none());
        assert_eq!((clip.samples().len(), clip.recorded().len(), clip.start_s()), (48_000, 48_000, 0.0));
        assert_eq!(Clip::cut(&vec![0.0; samples(20.0)], &settings, &none()).samples().len(), samples(8.0));
        assert_eq!(Clip::cut(&[], &settings, &none()).samples().len(), 0);
    }
}
