//! The front end, from samples to a feature map, with the settings stored in a model.

use serde::{Deserialize, Serialize};

use super::stft::frame_count;
use super::{Dct, FeatureMap, MelFilterBank, PadMode, Reference, Stft, frame_rms, power_to_db};
use crate::rules::first_broken;

/// The type of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[cfg_attr(feature = "cli", value(rename_all = "snake_case"))]
pub enum FeatureKind {
    /// Mel-frequency cepstral coefficients with the RMS of the frame as the last row.
    MfccRms,
    /// Log-mel spectrogram in decibels.
    LogMel,
    /// Log-mel spectrogram as in Whisper: decibels / 40 + 1.
    WhisperLogMel,
}

/// The settings of feature extraction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEndSettings {
    /// The type of features.
    pub kind: FeatureKind,
    /// Sample rate in Hz, 4,000 to 192,000.
    pub sample_rate_hz: u32,
    /// Length of a frame in samples: even, 16 to 65,536.
    pub n_fft: usize,
    /// Distance between consecutive frames in samples, 1 to `n_fft`.
    pub hop_length: usize,
    /// Number of mel bands, 1 to 1,024.
    pub n_mels: usize,
    /// Number of cepstral coefficients, 1 to `n_mels`, for [`FeatureKind::MfccRms`]; 0 otherwise.
    pub n_mfcc: usize,
    /// Dynamic range in decibels, above 0: values further below the maximum are clipped.
    pub top_db: f32,
}

/// Why settings are invalid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the front-end settings cannot be used: {0}")]
pub struct FrontEndError(&'static str);

impl FrontEndSettings {
    /// The paper's 41 × 216 features: 40 MFCCs and RMS, `n_fft` 2048, `hop_length` 297.
    pub fn mfcc_rms() -> Self {
        Self {
            kind: FeatureKind::MfccRms,
            sample_rate_hz: crate::audio::SAMPLE_RATE_HZ,
            n_fft: 2048,
            hop_length: 297,
            n_mels: 128,
            n_mfcc: 40,
            top_db: 80.0,
        }
    }

    /// The paper's 128 × 126 features: 128 mel bands, `n_fft` 2048, `hop_length` 512.
    pub fn log_mel() -> Self {
        Self { kind: FeatureKind::LogMel, hop_length: 512, n_mfcc: 0, ..Self::mfcc_rms() }
    }

    /// Whisper's features: 80 mel bands, `n_fft` 400, `hop_length` 160.
    pub fn whisper_log_mel() -> Self {
        Self {
            kind: FeatureKind::WhisperLogMel,
            n_fft: 400,
            hop_length: 160,
            n_mels: 80,
            n_mfcc: 0,
            ..Self::mfcc_rms()
        }
    }

    /// The settings of the paper, or of Whisper, for a type of features.
    pub fn of(kind: FeatureKind) -> Self {
        match kind {
            FeatureKind::MfccRms => Self::mfcc_rms(),
            FeatureKind::LogMel => Self::log_mel(),
            FeatureKind::WhisperLogMel => Self::whisper_log_mel(),
        }
    }

    /// Rows of the feature map.
    pub fn rows(&self) -> usize {
        match self.kind {
            FeatureKind::MfccRms => self.n_mfcc + 1,
            FeatureKind::LogMel | FeatureKind::WhisperLogMel => self.n_mels,
        }
    }

    /// Columns of the feature map for `samples` samples.
    pub fn columns(&self, samples: usize) -> usize {
        match self.kind {
            FeatureKind::MfccRms | FeatureKind::LogMel => frame_count(samples, self.hop_length),
            // Whisper drops the last frame.
            FeatureKind::WhisperLogMel => samples / self.hop_length,
        }
    }

    /// Checks that every setting is within its range.
    ///
    /// # Errors
    /// [`FrontEndError`] with the setting that is not.
    pub fn check(&self) -> Result<(), FrontEndError> {
        let known_rate = (4_000..=192_000).contains(&self.sample_rate_hz);
        let sane_frame = self.n_fft.is_multiple_of(2) && (16..=65_536).contains(&self.n_fft);
        let rules = [
            (known_rate, "sample_rate_hz must be 4000 to 192000"),
            (sane_frame, "n_fft must be even and from 16 to 65536"),
            ((1..=self.n_fft).contains(&self.hop_length), "hop_length must be 1 to n_fft"),
            ((1..=1024).contains(&self.n_mels), "n_mels must be 1 to 1024"),
            (self.n_mfcc <= self.n_mels, "n_mfcc must be at most n_mels"),
            (self.top_db > 0.0, "top_db must be above 0"),
        ];
        first_broken(&rules).map_err(FrontEndError)
    }
}

/// Extracts features with fixed settings. FFT plans, filters and buffers are reused from clip to clip.
#[derive(Clone)]
pub struct FrontEnd {
    settings: FrontEndSettings,
    stft: Stft,
    mel: MelFilterBank,
    dct: Dct,
    power: Vec<f32>,
    bands: Vec<f32>,
}

impl FrontEnd {
    /// Plans the transforms.
    ///
    /// # Errors
    /// [`FrontEndError`] if a setting is out of range.
    pub fn new(settings: &FrontEndSettings) -> Result<Self, FrontEndError> {
        settings.check()?;
        let pad_mode = match settings.kind {
            FeatureKind::MfccRms | FeatureKind::LogMel => PadMode::Constant,
            FeatureKind::WhisperLogMel => PadMode::Reflect,
        };
        let stft = Stft::new(settings.n_fft, settings.hop_length, pad_mode);
        Ok(Self {
            power: vec![0.0; stft.bins()],
            bands: Vec::new(),
            stft,
            mel: MelFilterBank::new(settings.sample_rate_hz, settings.n_fft, settings.n_mels),
            dct: Dct::new(settings.n_mels, settings.n_mfcc),
            settings: settings.clone(),
        })
    }

    /// The settings.
    pub fn settings(&self) -> &FrontEndSettings {
        &self.settings
    }

    /// Extracts the features of mono samples at the sample rate of the settings.
    pub fn extract(&mut self, samples: &[f32]) -> FeatureMap {
        let columns = self.settings.columns(samples.len());
        self.mel_bands_db(samples, columns);
        match self.settings.kind {
            FeatureKind::LogMel => FeatureMap::new(self.bands.clone(), self.settings.n_mels),
            FeatureKind::WhisperLogMel => {
                let values = self.bands.iter().map(|db| db / 40.0 + 1.0).collect();
                FeatureMap::new(values, self.settings.n_mels)
            }
            FeatureKind::MfccRms => {
                let mut values = vec![0.0; self.settings.rows() * columns];
                let (mfcc, rms) = values.split_at_mut(self.settings.n_mfcc * columns);
                self.dct.columns(&self.bands, columns, mfcc);
                frame_rms(samples, self.settings.n_fft, self.settings.hop_length, rms);
                FeatureMap::new(values, self.settings.rows())
            }
        }
    }

    /// Computes the log-mel spectrogram in decibels into `bands`: `n_mels` rows of `columns` frames.
    fn mel_bands_db(&mut self, samples: &[f32], columns: usize) {
        let Self { stft, mel, power, bands, settings, .. } = self;
        bands.clear();
        bands.resize(settings.n_mels * columns, 0.0);
        stft.power_frames(samples, power, |frame, power| {
            if frame == columns {
                return;
            }
            for (band, energy) in mel.apply(power).enumerate() {
                bands[band * columns + frame] = energy;
            }
        });
        power_to_db(bands, Reference::Power(1.0), settings.top_db);
    }
}
