//! Voice activity detectors for comparison.

use std::ops::Range;

use sottovoce::vad::speech_segments;

/// The span of speech that a detector finds.
pub type Detector = fn(&[f32]) -> Option<Range<usize>>;

pub const DETECTORS: [(&str, Detector); 3] = [
    ("Silero VAD, eight bits", |samples| speech_segments(samples).span()),
    ("earshot, gain by the peak", |samples| earshot(samples, peak_gain(samples), 1)),
    ("earshot, gain by a percentile, 0.25 s at least", |samples| {
        earshot(samples, percentile_gain(samples), 16)
    }),
];

const FRAME: usize = 256;

/// The gain that brings the loudest sample to half of full scale, up to 40 dB.
fn peak_gain(samples: &[f32]) -> f32 {
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    (0.5 / peak.max(1e-6)).clamp(1.0, 100.0)
}

/// The gain that brings the 90th percentile of the levels of frames to that of speech, if it is well above the 10th percentile.
fn percentile_gain(samples: &[f32]) -> f32 {
    let mut levels: Vec<f32> = samples.chunks_exact(FRAME).map(super::sounds::rms).collect();
    levels.sort_by(f32::total_cmp);
    let at = |share: f32| levels.get((share * levels.len() as f32) as usize).copied().unwrap_or(0.0);
    if at(0.9) < 2.0 * at(0.1) { 1.0 } else { (0.1 / at(0.9).max(1e-6)).clamp(1.0, 100.0) }
}

/// Frames of 16 ms with a score of at least one half, in runs of at least `least`, across gaps of up to six.
fn earshot(samples: &[f32], gain: f32, least: usize) -> Option<Range<usize>> {
    let mut detector = earshot::Detector::default_boxed();
    let mut louder = [0.0; FRAME];
    let (frames, _) = samples.as_chunks::<FRAME>();
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        louder.iter_mut().zip(frame).for_each(|(out, sample)| *out = sample * gain);
        if detector.predict_f32(&louder) < 0.5 {
            continue;
        }
        match runs.last_mut().filter(|run| number - run.end <= 6) {
            Some(run) => run.end = number + 1,
            None => runs.push(number..number + 1),
        }
    }
    runs.retain(|run| run.len() >= least);
    Some(runs.first()?.start * FRAME..runs.last()?.end * FRAME)
}
