//! How the channels of a recording relate to one another, as far as it was heard.

/// Mean square (relative to full scale) of a frame without sound: -70 dBFS.
const SILENT: f64 = 1e-7;

/// Correlation below which two channels cancel rather than add.
const CANCELS: f64 = -0.5;
/// Power ratio of a channel that has no part in the sound: 20 dB below another.
const NO_PART: f64 = 0.01;
/// What a voice needs that has the lowest weight of a layout to itself, and the most that is given: channels that happen to
/// cancel one another must not be raised without end.
const MOST_GAIN: f64 = 2.0;

/// Samples of a frame, of all channels, that are looked at, at least: at regular times, they have the covariances of all.
const LOOKED_AT: usize = 320;

/// The covariances of the channels in a short piece of sound.
pub struct Frame {
    channels: usize,
    /// Row by row, `channels × channels`.
    covariance: Vec<f64>,
}

impl Frame {
    /// Of interleaved samples. What does not swing is no sound, and is left out.
    pub fn new(interleaved: &[f32], channels: usize) -> Self {
        let step = (interleaved.len() / LOOKED_AT).max(1);
        let count = (interleaved.len() / channels).div_ceil(step).max(1) as f64;
        let mut sums = vec![0.0; channels];
        let mut covariance = vec![0.0; channels * channels];
        for samples in interleaved.chunks_exact(channels).step_by(step) {
            for (row, &a) in samples.iter().enumerate() {
                let a = f64::from(a);
                sums[row] += a;
                let products = &mut covariance[row * channels + row..(row + 1) * channels];
                products.iter_mut().zip(&samples[row..]).for_each(|(sum, &b)| *sum += a * f64::from(b));
            }
        }
        for row in 0..channels {
            for column in row..channels {
                let product = covariance[row * channels + column] / count;
                let value = product - sums[row] / count * (sums[column] / count);
                covariance[row * channels + column] = value;
                covariance[column * channels + row] = value;
            }
        }
        Self { channels, covariance }
    }

    /// Power of a channel.
    pub fn power(&self, channel: usize) -> f64 {
        self.covariance[channel * (self.channels + 1)]
    }
}

/// Covariances and what else tells how to mix channels, summed over frames with sound.
///
/// Each frame counts by its amplitude, not its power: what is loud for a moment, as a knock, must not outweigh a voice.
#[derive(Default)]
pub struct ChannelStatistics {
    channels: usize,
    /// Row by row, `channels × channels`.
    covariance: Vec<f64>,
    /// Power of the strongest and of the weakest channel of each frame.
    strongest: f64,
    weakest: f64,
    frames: u32,
}

impl ChannelStatistics {
    pub fn new(channels: usize) -> Self {
        Self { channels, covariance: vec![0.0; channels * channels], ..Self::default() }
    }

    /// Frames with sound.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// How much sound there was: a sum of amplitudes.
    pub fn amount(&self) -> f64 {
        self.strongest
    }

    /// Takes a frame; it counts only if one of the channels that are `heard` has sound. Returns the amplitude of the strongest
    /// of these then.
    pub fn add(&mut self, frame: &Frame, heard: impl Fn(usize) -> bool) -> Option<f64> {
        let (mut strongest, mut weakest) = (0.0_f64, f64::INFINITY);
        for channel in (0..self.channels).filter(|&channel| heard(channel)) {
            strongest = strongest.max(frame.power(channel));
            weakest = weakest.min(frame.power(channel));
        }
        if strongest < SILENT {
            return None;
        }
        let amplitude = strongest.sqrt();
        self.frames += 1;
        self.strongest += amplitude;
        self.weakest += weakest / amplitude;
        self.covariance.iter_mut().zip(&frame.covariance).for_each(|(sum, value)| *sum += value / amplitude);
        Some(amplitude)
    }

    /// Takes over what was summed elsewhere.
    pub fn append(&mut self, other: &Self) {
        self.frames += other.frames;
        self.strongest += other.strongest;
        self.weakest += other.weakest;
        self.covariance.iter_mut().zip(&other.covariance).for_each(|(sum, value)| *sum += value);
    }

    /// Power of a channel.
    pub fn power(&self, channel: usize) -> f64 {
        self.covariance[channel * (self.channels + 1)]
    }

    fn correlation(&self, a: usize, b: usize) -> f64 {
        let scale = (self.power(a) * self.power(b)).sqrt();
        if scale > 0.0 { self.covariance[a * self.channels + b] / scale } else { 0.0 }
    }

    /// Whether a channel takes away from another when both are summed.
    pub fn cancels(&self, channel: usize, other: usize) -> bool {
        self.power(channel) > NO_PART * self.power(other) && self.correlation(channel, other) < CANCELS
    }

    /// Whether at each time only one channel has sound.
    pub fn is_one_at_a_time(&self) -> bool {
        self.weakest < NO_PART * self.strongest
    }

    /// What brings channels mixed with such `weights` to the level that the strongest channel of each frame has.
    pub fn gain(&self, weights: &[f64]) -> f64 {
        let rows = self.covariance.chunks_exact(self.channels);
        let mixed: f64 = rows
            .zip(weights)
            .map(|(row, weight)| {
                weight * row.iter().zip(weights).map(|(value, other)| value * other).sum::<f64>()
            })
            .sum();
        if mixed > 0.0 { (self.strongest / mixed).sqrt().min(MOST_GAIN) } else { 1.0 }
    }
}
