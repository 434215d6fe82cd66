//! Interleaved samples of any rate to mono at 16 kHz.

use super::{AudioError, Limits, Resampler, SAMPLE_RATE_HZ};

/// Rates that are resampled, in Hz.
const SUPPORTED_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Of samples whose full scale is 1; what is beyond, or no number, was never sound, and resampling it would overflow.
const LOUDEST: f32 = 1e6;

/// Mixes interleaved samples to mono and resamples them as they come, so that two hours at 192 kHz never stand in
/// memory at once.
pub struct Mixer {
    limits: Limits,
    pub interleaved: Vec<f32>,
    mono: Vec<f32>,
    resampler: Option<Resampler>,
    pub rate_hz: u32,
    pub channels: usize,
    frames: u64,
    /// What came of streams at other rates, before this one.
    earlier: Vec<f32>,
    earlier_s: f64,
    /// Seconds of sound that are known to be missing.
    pub lost_s: f64,
}

impl Mixer {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            interleaved: Vec::new(),
            mono: Vec::new(),
            resampler: None,
            rate_hz: 0,
            channels: 0,
            frames: 0,
            earlier: Vec::new(),
            earlier_s: 0.0,
            lost_s: 0.0,
        }
    }

    /// What it refuses to mix.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Mixes and resamples what stands in `interleaved`.
    pub fn mix(&mut self, rate_hz: u32, channels: usize) -> Result<(), AudioError> {
        if self.interleaved.is_empty() || channels == 0 {
            return Ok(());
        }
        if !SUPPORTED_RATES_HZ.contains(&rate_hz) {
            return Err(AudioError::UnsupportedRate { rate_hz });
        }
        let limits = self.limits;
        check_channels(channels, &limits)?;
        if rate_hz != self.rate_hz {
            self.begin_anew();
        }
        self.rate_hz = rate_hz;
        self.channels = channels;
        let scale = 1.0 / channels as f32;
        self.mono.clear();
        self.mono
            .extend(self.interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * scale));
        for sample in &mut self.mono {
            if sample.is_nan() || sample.abs() > LOUDEST {
                *sample = 0.0;
                self.lost_s += 1.0 / f64::from(rate_hz);
            }
        }
        self.frames += self.mono.len() as u64;
        self.resampler.get_or_insert_with(|| Resampler::new(rate_hz, SAMPLE_RATE_HZ)).push(&self.mono);
        Ok(())
    }

    /// Finishes what came at one rate: streams that stand one behind the other may each have their own.
    fn begin_anew(&mut self) {
        self.earlier_s += self.seconds();
        self.frames = 0;
        if let Some(resampler) = self.resampler.take() {
            self.earlier.extend(resampler.finish());
        }
    }

    /// Length of what was mixed, in seconds.
    pub fn duration_s(&self) -> f32 {
        (self.earlier_s + self.seconds()) as f32
    }

    fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate_hz.max(1))
    }

    /// Whether nothing was mixed yet.
    pub fn is_empty(&self) -> bool {
        self.frames == 0 && self.earlier_s == 0.0
    }

    /// Samples that can be taken.
    pub fn ready(&self) -> usize {
        self.earlier.len() + self.resampler.as_ref().map_or(0, Resampler::ready)
    }

    /// Takes what is ready.
    pub fn take(&mut self) -> Vec<f32> {
        let mut samples = std::mem::take(&mut self.earlier);
        samples.extend(self.resampler.as_mut().map_or_else(Vec::new, Resampler::take));
        samples
    }

    /// Takes what is left at the end; nothing after that.
    pub fn take_rest(&mut self) -> Vec<f32> {
        let mut samples = std::mem::take(&mut self.earlier);
        samples.extend(self.resampler.take().map_or_else(Vec::new, Resampler::finish));
        samples
    }
}

/// Refuses more channels than can be mixed.
pub fn check_channels(channels: usize, limits: &Limits) -> Result<(), AudioError> {
    if channels > limits.max_channels {
        return Err(AudioError::TooManyChannels { channels, limit: limits.max_channels });
    }
    Ok(())
}
