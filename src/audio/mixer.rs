//! Interleaved samples of any rate to mono at 16 kHz.

use symphonia::core::audio::Channels;

use super::mono::MonoMix;
use super::{AudioError, Channel, Limits, QualityNote, Resampler, SAMPLE_RATE_HZ};

/// Rates that are resampled, in Hz.
const SUPPORTED_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Of samples whose full scale is 1; what is beyond, or no number, was never sound, and resampling it would overflow.
const LOUDEST: f32 = 1e6;

/// A track without a sample beyond this (-60 dBFS) has no sound.
const SILENT_PEAK: f32 = 1e-3;

/// Mixes interleaved samples to mono and resamples them as they come, so that two hours at 192 kHz never stand in
/// memory at once.
pub struct Mixer {
    limits: Limits,
    /// The channel that is taken alone, if one is.
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

    /// What it refuses to mix.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Mixes and resamples what stands in `interleaved`.
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
            self.begin_anew();
        }
        self.rate_hz = rate_hz;
        self.channels = channels;
        if !self.interleaved.iter().fold(true, |fine, sample| fine & (sample.abs() <= LOUDEST)) {
            self.silence_what_is_no_sound();
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

    fn silence_what_is_no_sound(&mut self) {
        for sample in &mut self.interleaved {
            if sample.is_nan() || sample.abs() > LOUDEST {
                *sample = 0.0;
                self.lost_s += 1.0 / (f64::from(self.rate_hz) * self.channels as f64);
            }
        }
    }

    /// Mixes what is held back, before channels of another layout or rate and at the end.
    fn finish_mix(&mut self) {
        let Some(mut mix) = self.mix.take() else { return };
        self.mono.clear();
        mix.finish(&mut self.mono);
        if let Some(resampler) = &mut self.resampler {
            resampler.push(&self.mono);
        }
        self.notes = joined(&self.notes, mix.notes());
    }

    /// Whether there was more than silence.
    pub fn has_sound(&self) -> bool {
        self.has_sound
    }

    /// What a person should know of the channels, as far as they were heard.
    pub fn notes(&self) -> Vec<QualityNote> {
        joined(&self.notes, self.mix.as_ref().map_or_else(Vec::new, MonoMix::notes))
    }

    /// Finishes what came at one rate: streams that stand one behind the other may each have their own.
    fn begin_anew(&mut self) {
        self.finish_mix();
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
        self.finish_mix();
        let mut samples = std::mem::take(&mut self.earlier);
        samples.extend(self.resampler.take().map_or_else(Vec::new, Resampler::finish));
        samples
    }
}

/// Notes and those that are not among them.
fn joined(notes: &[QualityNote], more: Vec<QualityNote>) -> Vec<QualityNote> {
    let new = more.into_iter().filter(|note| !notes.contains(note));
    notes.iter().copied().chain(new).collect()
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| sample.abs().max(peak))
}

/// Refuses more channels than can be mixed.
pub fn check_channels(channels: usize, limits: &Limits) -> Result<(), AudioError> {
    if channels > limits.max_channels {
        return Err(AudioError::TooManyChannels { channels, limit: limits.max_channels });
    }
    Ok(())
}
