//! Conversion of interleaved samples at any rate to mono at 16 kHz.

use symphonia::core::audio::Channels;

use super::mono::MonoMix;
use super::{AudioError, Channel, Limits, QualityNote, Resampler, SAMPLE_RATE_HZ};

/// Supported sample rates in Hz.
const SUPPORTED_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Maximum amplitude, relative to a full scale of 1: larger samples are invalid, and resampling would overflow.
const MAX_AMPLITUDE: f32 = 1e6;

/// A track without a sample above this (-60 dBFS) is silent.
const SILENT_PEAK: f32 = 1e-3;

/// Mixes interleaved samples to mono and resamples them as a stream, so that two hours at 192 kHz are never in memory at
/// once.
pub struct Mixer {
    limits: Limits,
    /// The selected channel, if there is one.
    pub channel: Option<Channel>,
    pub interleaved: Vec<f32>,
    mono: Vec<f32>,
    mix: Option<MonoMix>,
    notes: Vec<QualityNote>,
    has_sound: bool,
    resampler: Option<Resampler>,
    pub rate_hz: u32,
    pub channels: usize,
    frames: u64,
    /// Output of previous streams at other rates.
    earlier: Vec<f32>,
    earlier_s: f64,
    /// Seconds of audio that are known to be missing.
    pub lost_s: f64,
}

impl Mixer {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            channel: None,
            interleaved: Vec::new(),
            mono: Vec::new(),
            mix: None,
            notes: Vec::new(),
            has_sound: false,
            resampler: None,
            rate_hz: 0,
            channels: 0,
            frames: 0,
            earlier: Vec::new(),
            earlier_s: 0.0,
            lost_s: 0.0,
        }
    }

    /// The limits of the input.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Mixes and resamples the samples in `interleaved`.
    pub fn mix(&mut self, rate_hz: u32, layout: &Channels) -> Result<(), AudioError> {
        let channels = layout.count();
        if self.interleaved.is_empty() || channels == 0 {
            return Ok(());
        }
        if !SUPPORTED_RATES_HZ.contains(&rate_hz) {
            return Err(AudioError::UnsupportedRate { rate_hz });
        }
        let limits = self.limits;
        check_channels(channels, &limits)?;
        if rate_hz != self.rate_hz {
            self.restart();
        }
        self.rate_hz = rate_hz;
        self.channels = channels;
        if !self.interleaved.iter().fold(true, |valid, sample| valid & (sample.abs() <= MAX_AMPLITUDE)) {
            self.zero_invalid_samples();
        }
        self.frames += (self.interleaved.len() / channels) as u64;
        self.has_sound = self.has_sound || peak(&self.interleaved) > SILENT_PEAK;
        if self.mix.as_ref().is_some_and(|mix| mix.layout() != layout) {
            self.finish_mix();
        }
        let mix = match &mut self.mix {
            Some(mix) => mix,
            none => none.insert(MonoMix::new(layout, rate_hz, self.channel)?),
        };
        self.mono.clear();
        mix.push(&self.interleaved, &mut self.mono);
        self.resampler.get_or_insert_with(|| Resampler::new(rate_hz, SAMPLE_RATE_HZ)).push(&self.mono);
        Ok(())
    }

    fn zero_invalid_samples(&mut self) {
        for sample in &mut self.interleaved {
            if sample.is_nan() || sample.abs() > MAX_AMPLITUDE {
                *sample = 0.0;
                self.lost_s += 1.0 / (f64::from(self.rate_hz) * self.channels as f64);
            }
        }
    }

    /// Mixes samples that are held back, before a change of layout or rate and at the end.
    fn finish_mix(&mut self) {
        let Some(mut mix) = self.mix.take() else { return };
        self.mono.clear();
        mix.finish(&mut self.mono);
        if let Some(resampler) = &mut self.resampler {
            resampler.push(&self.mono);
        }
        self.notes = joined(&self.notes, mix.notes());
    }

    /// Whether the input was not silent so far.
    pub fn has_sound(&self) -> bool {
        self.has_sound
    }

    /// Notes on the channels for the user, so far.
    pub fn notes(&self) -> Vec<QualityNote> {
        joined(&self.notes, self.mix.as_ref().map_or_else(Vec::new, MonoMix::notes))
    }

    /// Finishes the stream at one rate: concatenated streams may have different ones.
    fn restart(&mut self) {
        self.finish_mix();
        self.earlier_s += self.seconds();
        self.frames = 0;
        if let Some(resampler) = self.resampler.take() {
            self.earlier.extend(resampler.finish());
        }
    }

    /// Duration of the mixed samples in seconds.
    pub fn duration_s(&self) -> f32 {
        (self.earlier_s + self.seconds()) as f32
    }

    fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate_hz.max(1))
    }

    /// Whether nothing is mixed yet.
    pub fn is_empty(&self) -> bool {
        self.frames == 0 && self.earlier_s == 0.0
    }

    /// Number of samples that are ready.
    pub fn ready(&self) -> usize {
        self.earlier.len() + self.resampler.as_ref().map_or(0, Resampler::ready)
    }

    /// Takes the samples that are ready.
    pub fn take(&mut self) -> Vec<f32> {
        let mut samples = std::mem::take(&mut self.earlier);
        samples.extend(self.resampler.as_mut().map_or_else(Vec::new, Resampler::take));
        samples
    }

    /// Takes the remaining samples at the end; nothing can be mixed after that.
    pub fn take_rest(&mut self) -> Vec<f32> {
        self.finish_mix();
        let mut samples = std::mem::take(&mut self.earlier);
        samples.extend(self.resampler.take().map_or_else(Vec::new, Resampler::finish));
        samples
    }
}

/// Appends notes that are not present yet.
fn joined(notes: &[QualityNote], more: Vec<QualityNote>) -> Vec<QualityNote> {
    let new = more.into_iter().filter(|note| !notes.contains(note));
    notes.iter().copied().chain(new).collect()
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| sample.abs().max(peak))
}

/// Checks the number of channels.
pub fn check_channels(channels: usize, limits: &Limits) -> Result<(), AudioError> {
    if channels > limits.max_channels {
        return Err(AudioError::TooManyChannels { channels, limit: limits.max_channels });
    }
    Ok(())
}
