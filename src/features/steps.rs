//! The steps from samples to MFCCs for one frame, for teaching.

use super::stft::centred_frame;
use super::{
    FeatureKind, FeatureMap, FrontEnd, FrontEndError, FrontEndSettings, MelFilterBank, PadMode, Stft,
};

/// The result of each step for one frame, and the feature maps of all frames.
#[derive(Debug, Clone)]
pub struct Steps {
    /// The samples of the frame, padded with zeros.
    pub frame: Vec<f32>,
    /// The window function.
    pub window: Vec<f32>,
    /// The power spectrum, from 0 to half of the sample rate.
    pub power: Vec<f32>,
    /// The energy in each mel band.
    pub energies: Vec<f32>,
    /// The energy in each mel band in decibels.
    pub decibels: Vec<f32>,
    /// The cosine transform of the decibels: the MFCCs of the frame.
    pub coefficients: Vec<f32>,
    /// The log-mel spectrogram of all frames.
    pub log_mel: FeatureMap,
    /// The MFCCs of all frames, with their RMS as the last row.
    pub mfcc: FeatureMap,
}

impl Steps {
    /// Computes all steps for mono samples; an index beyond the last frame selects the last.
    ///
    /// # Errors
    /// [`FrontEndError`] if a setting is out of range.
    pub fn of(samples: &[f32], settings: &FrontEndSettings, frame: usize) -> Result<Self, FrontEndError> {
        let with_mfcc = FrontEndSettings { kind: FeatureKind::MfccRms, ..settings.clone() };
        let mfcc = FrontEnd::new(&with_mfcc)?.extract(samples);
        let log_mel = FrontEnd::new(&FrontEndSettings { kind: FeatureKind::LogMel, ..settings.clone() })?
            .extract(samples);
        let frame = frame.min(mfcc.columns() - 1);
        let column = |map: &FeatureMap| (0..map.rows()).map(|row| map.row(row)[frame]).collect::<Vec<f32>>();
        let mut coefficients = column(&mfcc);
        coefficients.truncate(settings.n_mfcc);
        let mut stft = Stft::new(settings.n_fft, settings.hop_length, PadMode::Constant);
        let mut power = vec![0.0; stft.bins()];
        let mut frame_samples = vec![0.0; settings.n_fft];
        centred_frame(samples, frame, settings.hop_length, &mut frame_samples);
        stft.power_of(&frame_samples, &mut power);
        let bank = MelFilterBank::new(settings.sample_rate_hz, settings.n_fft, settings.n_mels);
        Ok(Self {
            energies: bank.apply(&power).collect(),
            frame: frame_samples,
            window: stft.window().to_vec(),
            power,
            decibels: column(&log_mel),
            coefficients,
            log_mel,
            mfcc,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Dct;

    /// The steps of one frame are those of the whole map.
    #[test]
    fn steps_equal_the_columns_of_the_map() {
        let samples: Vec<f32> = (0..16_000).map(|i| 0.4 * (i as f32 * i as f32 * 3e-6).sin()).collect();
        let settings = FrontEndSettings {
            n_fft: 512,
            hop_length: 128,
            n_mels: 40,
            n_mfcc: 13,
            ..FrontEndSettings::mfcc_rms()
        };
        let steps = Steps::of(&samples, &settings, 60).unwrap();
        assert_eq!([steps.frame.len(), steps.window.len(), steps.power.len()], [512, 512, 257]);
        assert_eq!(steps.frame, samples[60 * 128 - 256..][..512]);
        for (energy, decibel) in steps.energies.iter().zip(&steps.decibels) {
            assert!(
                *decibel <= -60.0 || (10.0 * energy.log10() - decibel).abs() < 1e-3,
                "{energy} and {decibel}"
            );
        }
        let mut coefficients = vec![0.0; 13];
        Dct::new(40, 13).columns(&steps.decibels, 1, &mut coefficients);
        for (a, b) in coefficients.iter().zip(&steps.coefficients) {
            assert!((a - b).abs() < 1e-3, "{a} and {b}");
        }
        let last = Steps::of(&samples, &settings, 10_000).unwrap();
        assert_eq!(last.decibels[3], last.log_mel.row(3)[last.log_mel.columns() - 1]);
        assert!(Steps::of(&samples, &FrontEndSettings { n_fft: 3, ..settings }, 0).is_err());
    }
}
