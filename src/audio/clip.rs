//! The fixed piece of a recording that a model hears.

use serde::{Deserialize, Serialize};

use super::SAMPLE_RATE_HZ;

/// How a clip is cut from a recording. The defaults are the paper's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClipSettings {
    /// Seconds dropped from the start, where recordings have silence and clicks. Default 0.5.
    pub skip_s: f32,
    /// Seconds kept after that; shorter recordings are padded with zeros. Default 4.
    pub length_s: f32,
    /// Recordings below this many seconds keep their start, which would be most of what they have. Default 0.6.
    pub keep_start_below_s: f32,
}

impl Default for ClipSettings {
    fn default() -> Self {
        Self { skip_s: 0.5, length_s: 4.0, keep_start_below_s: 0.6 }
    }
}

impl ClipSettings {
    /// Samples in every clip cut with these settings.
    pub fn len(&self) -> usize {
        samples(self.length_s)
    }

    /// Whether the clips would have no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Seconds of a recording that a clip can reach; what follows is not heard.
    pub fn reach_s(&self) -> f32 {
        self.skip_s + self.length_s
    }
}

/// Mono samples at 16 kHz, cut or zero-padded to the length the settings ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    samples: Vec<f32>,
    recorded: usize,
    start_s: f32,
}

impl Clip {
    /// Cuts the clip from a mono recording at 16 kHz.
    pub fn cut(recording: &[f32], settings: &ClipSettings) -> Self {
        let skip = if recording.len() < samples(settings.keep_start_below_s) {
            0
        } else {
            samples(settings.skip_s).min(recording.len())
        };
        let kept = &recording[skip..recording.len().min(skip + settings.len())];
        let mut samples = kept.to_vec();
        samples.resize(settings.len(), 0.0);
        Self { samples, recorded: kept.len(), start_s: skip as f32 / SAMPLE_RATE_HZ as f32 }
    }

    /// Takes a whole recording as the clip, without cut or padding.
    pub fn whole(recording: Vec<f32>) -> Self {
        Self { recorded: recording.len(), samples: recording, start_s: 0.0 }
    }

    /// All samples, padding included.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The samples that come from the recording, without the padding.
    pub fn recorded(&self) -> &[f32] {
        &self.samples[..self.recorded]
    }

    /// Where in the recording the clip begins, in seconds.
    pub fn start_s(&self) -> f32 {
        self.start_s
    }
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

    #[test]
    fn long_recordings_lose_half_a_second_and_the_rest() {
        let clip = Clip::cut(&ramp(6.0), &ClipSettings::default());
        assert_eq!(clip.samples().len(), 64_000);
        assert_eq!((clip.samples()[0], clip.samples()[63_999]), (8_000.0, 71_999.0));
        assert_eq!((clip.recorded().len(), clip.start_s()), (64_000, 0.5));
    }

    #[test]
    fn short_recordings_are_padded_with_zeros() {
        let clip = Clip::cut(&ramp(2.0), &ClipSettings::default());
        assert_eq!(clip.recorded().len(), 24_000);
        assert_eq!(clip.samples().len(), 64_000);
        assert!(clip.samples()[24_000..].iter().all(|&s| s == 0.0));
    }

    #[test]
    fn recordings_under_six_tenths_of_a_second_keep_their_start() {
        let just_under = Clip::cut(&ramp(0.599), &ClipSettings::default());
        assert_eq!((just_under.recorded().len(), just_under.start_s()), (samples(0.599), 0.0));
        let just_over = Clip::cut(&ramp(0.6), &ClipSettings::default());
        assert_eq!((just_over.recorded().len(), just_over.start_s()), (1_600, 0.5));
    }
}
