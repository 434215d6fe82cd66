//! From the speech probabilities of windows to speech segments, as `get_speech_timestamps` of the package silero-vad does.

use std::ops::Range;

use super::silero::WINDOW;
use crate::audio::{SAMPLE_RATE_HZ, SpeechSegments};

/// Speech begins at a window with this probability, and ends when it falls below the other: the package's defaults.
const BEGINS_FROM: f32 = 0.5;
const ENDS_BELOW: f32 = 0.35;
/// Less continuous speech than this is none: a knock or a click that sounds like a consonant.
const MIN_SPEECH: usize = milliseconds(250);
/// Pauses shorter than this are part of the speech.
const MIN_SILENCE: usize = milliseconds(100);
/// Kept before and after each segment.
const PADDING: usize = milliseconds(30);

const fn milliseconds(count: usize) -> usize {
    count * SAMPLE_RATE_HZ as usize / 1000
}

/// Speech segments of a recording of `length` samples by the probabilities of its windows; the last may reach beyond its end.
pub fn segments(probabilities: &[f32], length: usize) -> SpeechSegments {
    let mut found = Vec::new();
    let mut close = |start: usize, end: usize| {
        if end - start > MIN_SPEECH {
            found.push(start.saturating_sub(PADDING)..(end + PADDING).min(length));
        }
    };
    // Where speech began that goes on, and where it may have ended.
    let (mut begun, mut fell) = (None, None);
    for (here, &probability) in (0..).step_by(WINDOW).zip(probabilities) {
        if probability >= BEGINS_FROM {
            begun.get_or_insert(here);
            fell = None;
        }
        if let Some(start) = begun.filter(|_| probability < ENDS_BELOW) {
            let end = *fell.get_or_insert(here);
            if here - end >= MIN_SILENCE {
                close(start, end);
                (begun, fell) = (None, None);
            }
        }
    }
    if let Some(start) = begun {
        close(start, fell.unwrap_or(length).clamp(start, length));
    }
    SpeechSegments::new(joined(found))
}

/// Segments that touch are one.
fn joined(segments: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for segment in segments {
        match joined.last_mut() {
            Some(before) if segment.start <= before.end => before.end = segment.end,
            _ => joined.push(segment),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: usize = MIN_SPEECH / WINDOW + 1;

    fn of(probabilities: &[f32]) -> SpeechSegments {
        segments(probabilities, probabilities.len() * WINDOW)
    }

    #[test]
    fn what_is_too_short_is_no_speech() {
        assert!(of(&[0.9; STEP - 1]).is_empty());
        assert_eq!(of(&[0.9; STEP]).as_slice(), [0..STEP * WINDOW]);
        // What is between the two thresholds goes on, and does not begin.
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
    fn nothing_reaches_beyond_the_end() {
        let length = STEP * WINDOW + 100;
        assert_eq!(segments(&[0.9; STEP + 1], length).as_slice(), [0..length]);
        assert_eq!(segments(&[], 0), SpeechSegments::default());
    }
}
