//! Voice activity detection.
//!
//! ```text
//! samples (16 kHz) ── level ──▶ ── silero ──▶ speech probability of each 32 ms ── segments ──▶ SpeechSegments
//! ```
//!
//! The same detector is used for clips, for the notes on a recording, and for windows of long audio.

mod level;
mod segments;
mod silero;

use crate::audio::SpeechSegments;
use segments::segments;
use silero::WINDOW;

/// Windows with a lower RMS, after the gain, are silence: 64 dB below loud speech. They are not input to the network, which keeps
/// its state across them: recorders surround a voice with digital silence, which it was not trained on.
const SILENCE: f32 = 3e-5;

/// Number of windows of silence prepended, for recordings that begin in the middle of speech. Without them the network may stay
/// below its threshold for seconds.
const LEAD_IN: usize = 8;
/// Number of samples of speech that a lead-in must add to be used, half a second. With a lead-in, the onset of noise is sometimes
/// detected as the start of speech.
const MIN_ADDED: usize = 8_000;
/// Minimum range of levels within speech detected with a lead-in, in dB: the onsets of hum and tones are similar to that of a vowel,
/// but they are steady.
const MIN_RANGE_DB: f32 = 3.0;

/// Detects the speech segments of a recording or of a part of it, mono samples at 16 kHz of any level.
///
/// ```
/// assert!(sottovoce::vad::speech_segments(&[0.0; 16_000]).is_empty());
/// ```
pub fn speech_segments(samples: &[f32]) -> SpeechSegments {
    let gain = level::gain(samples);
    let windows: Vec<Option<[f32; WINDOW]>> = samples
        .chunks(WINDOW)
        .map(|chunk| {
            let mut window = [0.0; WINDOW];
            window.iter_mut().zip(chunk).for_each(|(out, sample)| *out = gain * sample);
            (level::power(&window) > SILENCE * SILENCE).then_some(window)
        })
        .collect();
    let mut led_in_windows = vec![[0.0; WINDOW]; LEAD_IN];
    led_in_windows.extend(windows.iter().flatten());
    let encoded = silero::encode(&led_in_windows);
    let detect = |lead_in: usize| {
        let probabilities = silero::probabilities(&encoded[LEAD_IN - lead_in..]);
        let mut probabilities = probabilities.into_iter().skip(lead_in);
        let of_window =
            |window: &Option<_>| window.as_ref().and_then(|_| probabilities.next()).unwrap_or(0.0);
        segments(&windows.iter().map(of_window).collect::<Vec<f32>>(), samples.len())
    };
    let plain = detect(0);
    let led_in = detect(LEAD_IN).retain(|segment| level::range_db(&samples[segment.clone()]) >= MIN_RANGE_DB);
    if led_in.samples() >= plain.samples() + MIN_ADDED { led_in } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_detected_from_its_middle_on() {
        let sample = include_bytes!("../../www/samples/1049_ITS_HAP_XX.opus");
        let clip = crate::audio::decode(sample, &Default::default()).expect("readable").samples;
        let twice = [&clip[..], &clip].concat();
        let whole = speech_segments(&twice);
        for start in (0..whole.span().expect("speech").end - 32_000).step_by(4_000) {
            let of_part = speech_segments(&twice[start..]).samples();
            let of_whole = whole.within(&(start..twice.len())).samples();
            assert!(2 * of_part >= of_whole, "from {start} on: {of_part} of {of_whole} samples of speech");
        }
    }
}
