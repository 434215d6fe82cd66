//! The way from samples to coefficients, step by step, for one frame: for those who want to see how it is done.

use super::stft::centred_frame;
use super::{
    FeatureKind, FeatureMap, FrontEnd, FrontEndError, FrontEndSettings, MelFilterBank, PadMode, Stft,
};

/// What each step makes of one frame, and the pictures that all frames make.
#[derive(Debug, Clone)]
pub struct Steps {
    /// The frame's samples, zeros beyond the ends of the sound.
    pub frame: Vec<f32>,
    /// What each is multiplied with.
    pub window: Vec<f32>,
    /// The power of each frequency, from 0 to half of the sample rate.
    pub power: Vec<f32>,
    /// The energy in each mel band.
    pub energies: Vec<f32>,
    /// The same in decibels.
    pub decibels: Vec<f32>,
    /// The cosine transform of those: the frame's MFCC.
    pub coefficients: Vec<f32>,
    /// Decibels of all bands and frames.
    pub log_mel: FeatureMap,
    /// MFCC of all frames, with their loudness as the last row.
    pub mfcc: FeatureMap,
}

impl Steps {
    /// Of mono samples; a `frame` beyond the last is the last.
    ///
    /// # Errors
    /// [`FrontEndError`] when a setting is out of its range.
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
        let mut at_frame = vec![0.0; settings.n_fft];
        centred_frame(samples, frame, settings.hop_length, &mut at_frame);
        stft.power_of(&at_frame, &mut power);
        let bank = MelFilterBank::new(settings.sample_rate_hz, settings.n_fft, settings.n_mels);
        Ok(Self {
            energies: bank.apply(&power).collect(),
            frame: at_frame,
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

    /// The steps of one frame are those that the whole map was made by.
    #[test]
    fn steps_lead_to_the_map() {
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
