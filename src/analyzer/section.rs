//! Search for the section of a recording with the first speech.

use crate::audio::{AudioError, SAMPLE_RATE_HZ, SpeechSegments};
use crate::vad::speech_segments;

/// Number of samples without speech after which the search ends: five minutes.
const SEARCHED: usize = 300 * SAMPLE_RATE_HZ as usize;
/// Number of samples kept before speech that begins late: one second.
const LEAD: usize = SAMPLE_RATE_HZ as usize;

/// A part of a recording.
pub struct Section {
    /// Mono samples at 16 kHz.
    pub samples: Vec<f32>,
    /// Start in the recording, in samples.
    pub start: usize,
    /// The speech in the section, if there is any.
    pub speech: SpeechSegments,
    /// Whether the search ended before the recording did.
    pub is_given_up: bool,
}

impl Section {
    /// Reads blocks from `next` until there is speech and `reach` samples from shortly before it, or none are left.
    ///
    /// The section of a recording with speech in the first half of its first `reach` samples begins at the start.
    ///
    /// # Errors
    /// Those of `next`.
    pub fn find(
        reach: usize,
        mut next: impl FnMut() -> Result<Option<Vec<f32>>, AudioError>,
    ) -> Result<Self, AudioError> {
        let (mut samples, mut start, mut is_ended) = (Vec::new(), 0, false);
        loop {
            while samples.len() < reach && !is_ended {
                match next()? {
                    Some(block) => samples.extend(block),
                    None => is_ended = true,
                }
            }
            let searched = samples.len().min(reach);
            let speech = speech_segments(&samples[..searched]);
            // Samples before this are dropped, and the search continues after them.
            let passed = match speech.span() {
                Some(span) if span.start > reach / 2 => span.start.saturating_sub(LEAD),
                None => searched.saturating_sub(LEAD),
                _ => 0,
            };
            let is_last = is_ended && samples.len() == searched;
            let is_given_up = speech.is_empty() && start + searched >= SEARCHED && !is_last;
            if passed == 0 || is_last || is_given_up {
                samples.truncate(searched);
                return Ok(Self { samples, start, speech, is_given_up });
            }
            samples.drain(..passed);
            start += passed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds the section in half-second blocks of silence followed by a voice; also returns the number of blocks read.
    fn found(silence_s: usize, voice: &[f32], reach_s: f32) -> (Section, usize) {
        let recording = [&vec![0.0; silence_s * SAMPLE_RATE_HZ as usize], voice].concat();
        let mut blocks = recording.chunks(8_000);
        let total = blocks.len();
        let section = Section::find((reach_s * SAMPLE_RATE_HZ as f32) as usize, || {
            Ok(blocks.next().map(<[f32]>::to_vec))
        });
        (section.expect("no block fails"), total - blocks.len())
    }

    fn voice() -> Vec<f32> {
        let sample = include_bytes!("../../www/samples/1053_IEO_ANG_HI.opus");
        crate::audio::decode(sample, &Default::default()).expect("readable").samples
    }

    #[test]
    fn late_speech_is_found() {
        let voice = voice();
        for (silence_s, reach_s) in
            [(0, 4.5), (0, 30.0), (4, 4.5), (35, 4.5), (29, 30.0), (35, 30.0), (95, 30.0)]
        {
            let (section, _) = found(silence_s, &voice, reach_s);
            let span =
                section.speech.span().unwrap_or_else(|| panic!("speech after {silence_s} s in {reach_s} s"));
            let at = (section.start + span.start) as f32 / SAMPLE_RATE_HZ as f32 - silence_s as f32;
            assert!((at - 0.35).abs() < 0.2, "speech after {silence_s} s is found {at} s after its start");
            assert!(span.len() > 16_000, "{silence_s} s, {reach_s} s: all of it is there");
            assert!(section.samples.len() as f32 <= reach_s * SAMPLE_RATE_HZ as f32);
        }
    }

    #[test]
    fn a_recording_that_begins_with_speech_is_not_read_to_its_end() {
        let (section, taken) = found(0, &voice().repeat(20), 4.5);
        assert_eq!((section.start, section.samples.len(), taken), (0, 72_000, 9));
    }

    #[test]
    fn the_search_ends_after_five_minutes_of_silence() {
        let (section, taken) = found(400, &[], 30.0);
        assert!(section.speech.is_empty() && section.is_given_up);
        assert!((600..680).contains(&taken), "{taken} blocks");
        let (section, _) = found(100, &[], 30.0);
        assert!(section.speech.is_empty() && !section.is_given_up);
    }
}
