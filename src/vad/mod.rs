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
use crate::nn::activation::sum;
use silero::{Silero, WINDOW};

/// Windows whose root mean square is below this, after the gain, are silence: 70 dB below loud speech. The network does not see
/// them, and goes on behind them with the state that it had before: recorders put digital silence around a voice, which it was not
/// trained on.
const SILENCE: f32 = 3e-5;

/// Windows that warm the network up: one second.
const WARM_UP: usize = 31;

/// Speech segments of a recording, mono samples at 16 kHz of any level.
///
/// ```
/// assert!(sottovoce::vad::speech_segments(&[0.0; 16_000]).is_empty());
/// ```
pub fn speech_segments(samples: &[f32]) -> SpeechSegments {
    detect(samples, 0)
}

/// The same of a part of a longer recording, which may begin in the middle of speech. The network, which finds little there without
/// what came before, sees the first second twice.
pub fn speech_segments_of_part(samples: &[f32]) -> SpeechSegments {
    detect(samples, WARM_UP)
}

fn detect(samples: &[f32], warm_up: usize) -> SpeechSegments {
    let gain = level::gain(samples);
    let windows: Vec<Option<[f32; WINDOW]>> = samples
        .chunks(WINDOW)
        .map(|chunk| {
            let mut window = [0.0; WINDOW];
            window.iter_mut().zip(chunk).for_each(|(out, sample)| *out = gain * sample);
            let power = sum(&window, |sample| sample * sample) / WINDOW as f32;
            (power > SILENCE * SILENCE).then_some(window)
        })
        .collect();
    let sound: Vec<[f32; WINDOW]> = windows.iter().flatten().copied().collect();
    let mut silero = Silero::default();
    silero.probabilities(&sound[..warm_up.min(sound.len())]);
    let mut found = silero.probabilities(&sound).into_iter();
    let probabilities: Vec<f32> = windows
        .iter()
        .map(|window| if window.is_some() { found.next().unwrap_or(0.0) } else { 0.0 })
        .collect();
    segments::segments(&probabilities, samples.len())
}
