//! Root mean square of each centred frame, as `librosa.feature.rms(pad_mode="constant")`.

use super::stft::frame_count;

/// Computes the root mean square of each frame of `frame_length` samples, at intervals of `hop_length`, into `out`.
///
/// `out` has [`frame_count`] values.
pub fn frame_rms(samples: &[f32], frame_length: usize, hop_length: usize, out: &mut [f32]) {
    debug_assert_eq!(out.len(), frame_count(samples.len(), hop_length));
    let half = frame_length / 2;
    for (frame, value) in out.iter_mut().enumerate() {
        let centre = frame * hop_length;
        let from = centre.saturating_sub(half).min(samples.len());
        let to = (centre + frame_length - half).min(samples.len()).max(from);
        *value = (energy(&samples[from..to]) / frame_length as f32).sqrt();
    }
}

/// The sum of squares, in eight partial sums: faster and more accurate than one.
fn energy(samples: &[f32]) -> f32 {
    let (chunks, rest) = samples.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for chunk in chunks {
        for (lane, sample) in lanes.iter_mut().zip(chunk) {
            *lane += sample * sample;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|s| s * s).sum::<f32>()
}
