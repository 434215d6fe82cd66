//! From speech probabilities of windows to speech segments, as `get_speech_timestamps` in the package silero-vad.

use std::ops::Range;

use super::silero::WINDOW;
use crate::audio::{SAMPLE_RATE_HZ, SpeechSegments};

/// Thresholds with hysteresis: speech begins at the first probability and ends below the second, the package's defaults.
const ONSET_THRESHOLD: f32 = 0.5;
const OFFSET_THRESHOLD: f32 = 0.35;
/// Minimum duration of speech: shorter segments are knocks or clicks that resemble a consonant.
const MIN_SPEECH: usize = milliseconds(250);
/// Minimum duration of a pause: shorter ones are part of the speech.
const MIN_SILENCE: usize = milliseconds(100);
/// Padding before and after each segment.
const PADDING: usize = milliseconds(30);

const fn milliseconds(count: usize) -> usize {
    count * SAMPLE_RATE_HZ as usize / 1000
}

/// Speech segments of a recording of `length` samples from the probabilities of its windows; the last may be incomplete.
pub fn segments(probabilities: &[f32], length: usize) -> SpeechSegments {
    let mut found = Vec::new();
    let mut close = |start: usize, end: usize| {
        if end - start > MIN_SPEECH {
            found.push(start.saturating_sub(PADDING)..(end + PADDING).min(length));
        }
    };
    // Start of the current segment, and its tentative end.
    let (mut onset, mut offset) = (None, None);
    for (here, &probability) in (0..).step_by(WINDOW).zip(probabilities) {
        if probability >= ONSET_THRESHOLD {
            onset.get_or_insert(here);
            offset = None;
        }
        if let Some(start) = onset.filter(|_| probability < OFFSET_THRESHOLD) {
            let end = *offset.get_or_insert(here);
            if here - end >= MIN_SILENCE {
                close(start, end);
                (onset, offset) = (None, None);
            }
        }
    }
    if let Some(start) = onset {
        close(start, offset.unwrap_or(length).clamp(start, length));
    }
    SpeechSegments::new(merged(found))
}

/// Merges segments that touch.
fn merged(segments: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut merged: Vec<Range<usize>> = Vec::new();
    for segment in segments {
        match merged.last_mut() {
            Some(before) if segment.start <= before.end => before.end = segment.end,
            _ => merged.push(segment),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: usize = MIN_SPEECH / WINDOW + 1;

    fn of(probabilities: &[f32]) -> SpeechSegments {
        segments(probabilities, probabilities.len() * WINDOW)
    }

    #[test]
    fn short_segments_are_no_speech() {
        assert!(of(&[0.9; STEP - 1]).is_empty());
        assert_eq!(of(&[0.9; STEP]).as_slice(), [0..STEP * WINDOW]);
        // Between the two thresholds, speech continues, but does not begin.
        assert!(of(&[0.4; 4 * STEP]).is_empty());
        assert_eq!(of(&[&[0.9][..], &[0.4; 2 * STEP]].concat()).samples(), (2 * STEP + 1) * WINDOW);
    }

    #[test]
    fn short_pauses_are_part_of_the_speech() {
        let speech = [0.9; 2 * STEP];
        let around = |pause: usize| of(&[&speech[..], &vec![0.1; pause], &speech].concat());
        assert_eq!(around(3).as_slice().len(), 1);
        let apart = around(20);
        assert_eq!(apart.as_slice()[0], 0..2 * STEP * WINDOW + PADDING);
        assert_eq!(apart.as_slice()[1].start, (2 * STEP + 20) * WINDOW - PADDING);
    }

    #[test]
    fn segments_end_with_the_recording() {
        let length = STEP * WINDOW + 100;
        assert_eq!(segments(&[0.9; STEP + 1], length).as_slice(), [0..length]);
        assert_eq!(segments(&[], 0), SpeechSegments::default());
    }
}
