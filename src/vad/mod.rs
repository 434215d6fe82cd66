//! Voice activity detection: where in a recording somebody speaks.
//!
//! ```text
//! samples (16 kHz) ── level ──▶ ── silero ──▶ speech probability of each 32 ms ── segments ──▶ SpeechSegments
//! ```
//!
//! One decision for every place that needs it: the clip that a model gets, the notes on a recording, windows of long audio.

mod level;
mod segments;
mod silero;

use crate::audio::SpeechSegments;
use segments::segments;
use silero::WINDOW;

/// Windows with a lower root mean square, after the gain, are silence: 64 dB below loud speech. The network does not see them, and
/// goes on behind them with the state that it had before: recorders put digital silence around a voice, which it was not trained on.
const SILENCE: f32 = 3e-5;

/// Windows of silence before the first, for recordings that begin in the middle of speech. Without them the network may stay below
/// its threshold for seconds.
const LEAD_IN: usize = 8;
/// Samples of speech that a lead-in must add to be trusted, half a second. With it, noise that sets in after silence counts as the
/// start of speech now and then.
const ADDED: usize = 8_000;
/// Least range of levels within speech that is found with a lead-in, in dB: hum and tones sound like the onset of a vowel then, but are
/// steady.
const RANGE_DB: f32 = 3.0;

/// Speech segments of a recording or of a part of it, mono samples at 16 kHz of any level.
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
    let mut behind_silence = vec![[0.0; WINDOW]; LEAD_IN];
    behind_silence.extend(windows.iter().flatten());
    let encoded = silero::encode(&behind_silence);
    let found = |lead_in: usize| {
        let probabilities = silero::probabilities(&encoded[LEAD_IN - lead_in..]);
        let mut of_sound = probabilities.into_iter().skip(lead_in);
        let of_window = |window: &Option<_>| window.as_ref().and_then(|_| of_sound.next()).unwrap_or(0.0);
        segments(&windows.iter().map(of_window).collect::<Vec<f32>>(), samples.len())
    };
    let plain = found(0);
    let led_in = found(LEAD_IN).retain(|segment| level::range_db(&samples[segment.clone()]) >= RANGE_DB);
    if led_in.samples() >= plain.samples() + ADDED { led_in } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_found_from_its_middle_on() {
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
