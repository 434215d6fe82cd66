//! Detection of narrowband (telephone) recordings.

use rustfft::FftPlannerScalar;
use rustfft::num_complex::Complex32;

use super::{SAMPLE_RATE_HZ, SpeechSegments};

/// Length of a frame in samples: 32 ms, 31 Hz per bin.
const FRAME: usize = 512;
/// The band of a telephone, 300 to 3,400 Hz (ITU-T G.712), and a band above it, in Hz.
const CARRIED_HZ: [f32; 2] = [300.0, 3_400.0];
const MISSING_HZ: [f32; 2] = [4_300.0, 7_500.0];
/// Power of the upper band relative to the lower, in dB, below which a recording is narrowband.
const NARROW_BELOW_DB: f32 = -45.0;

/// Returns whether speech in mono samples at 16 kHz has almost no power above 4 kHz.
pub fn is_narrowband(samples: &[f32], speech: &SpeechSegments) -> bool {
    upper_band_db(samples, speech) < NARROW_BELOW_DB
}

/// Power of the upper band relative to the lower, in dB.
fn upper_band_db(samples: &[f32], speech: &SpeechSegments) -> f32 {
    // Without vector instructions, whose results differ in the last digits between processors.
    let fft = FftPlannerScalar::new().plan_fft_forward(FRAME);
    let hann = |n: usize| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / FRAME as f32).cos();
    let window: Vec<f32> = (0..FRAME).map(hann).collect();
    let bins = |[from, to]: [f32; 2]| {
        let bin = |hz: f32| (hz * FRAME as f32 / SAMPLE_RATE_HZ as f32) as usize;
        bin(from)..bin(to)
    };
    let (mut lower, mut upper) = (0.0_f64, 0.0_f64);
    for frame in speech.as_slice().iter().flat_map(|segment| samples[segment.clone()].chunks_exact(FRAME)) {
        let mut spectrum: Vec<Complex32> =
            frame.iter().zip(&window).map(|(sample, weight)| Complex32::new(sample * weight, 0.0)).collect();
        fft.process(&mut spectrum);
        let power = |band| spectrum[bins(band)].iter().map(|bin| f64::from(bin.norm_sqr())).sum::<f64>();
        lower += power(CARRIED_HZ);
        upper += power(MISSING_HZ);
    }
    // Silence is not narrowband.
    if lower == 0.0 { 0.0 } else { (10.0 * (upper.max(1e-30) / lower).log10()) as f32 }
}

#[cfg(test)]
mod tests {
    use super::super::{ReadOptions, Resampler, decode};
    use super::*;

    #[test]
    fn a_voice_at_the_rate_of_a_telephone_is_narrowband() {
        let sample = include_bytes!("../../www/samples/1053_IEO_ANG_HI.opus");
        let wide = decode(sample, &ReadOptions::default()).expect("readable").samples;
        let speech = SpeechSegments::new(vec![6_000..30_000]);
        assert!(!is_narrowband(&wide, &speech), "{} dB", upper_band_db(&wide, &speech));
        let mut down = Resampler::new(SAMPLE_RATE_HZ, 8_000);
        down.push(&wide);
        let mut up = Resampler::new(8_000, SAMPLE_RATE_HZ);
        up.push(&down.finish());
        let narrow = up.finish();
        assert!(is_narrowband(&narrow, &speech), "{} dB", upper_band_db(&narrow, &speech));
        assert!(!is_narrowband(&vec![0.0; 40_000], &speech));
    }
}
