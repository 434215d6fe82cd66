//! Where in a recording there is speech.

use std::ops::Range;

use super::SAMPLE_RATE_HZ;

/// Samples that the voice detector hears at once: 16 ms.
pub const VOICE_FRAME: usize = 256;
/// Scores of the voice detector from here up count as speech; its authors' threshold.
const VOICE_SCORE: f32 = 0.5;

/// One flag for each full 16 ms frame: speech or not.
///
/// The detector hears everything raised to a usual level, up to 40 dB: a quiet voice is a voice.
pub fn speech_frames(samples: &[f32]) -> Vec<bool> {
    debug_assert_eq!(SAMPLE_RATE_HZ, 16_000, "the voice detector works at 16 kHz");
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let gain = (0.5 / peak.max(1e-6)).clamp(1.0, 100.0);
    let mut detector = earshot::Detector::default_boxed();
    let mut louder = [0.0; VOICE_FRAME];
    let (frames, _) = samples.as_chunks::<VOICE_FRAME>();
    frames
        .iter()
        .map(|frame| {
            louder.iter_mut().zip(frame).for_each(|(out, sample)| *out = sample * gain);
            detector.predict_f32(&louder) >= VOICE_SCORE
        })
        .collect()
}

/// The samples from the first speech to the last; none if there is no speech.
pub fn spoken(samples: &[f32]) -> Option<Range<usize>> {
    let frames = speech_frames(samples);
    let first = frames.iter().position(|&is_speech| is_speech)?;
    let last = frames.iter().rposition(|&is_speech| is_speech)?;
    Some(first * VOICE_FRAME..(last + 1) * VOICE_FRAME)
}
