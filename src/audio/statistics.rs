//! Covariance statistics of the channels of a recording.

/// Mean square (relative to full scale) of a frame without sound: -70 dBFS.
const SILENT: f64 = 1e-7;

/// Correlation below which two channels cancel rather than add.
const CANCELS: f64 = -0.5;
/// Power ratio below which a channel is negligible: 20 dB below another.
const NEGLIGIBLE: f64 = 0.01;
/// Maximum gain, which is that of a voice only in a channel with the lowest weight of a layout: channels that happen to cancel
/// one another must not be amplified without limit.
const MAX_GAIN: f64 = 2.0;

/// Minimum number of samples, of all channels, that the covariance of a frame is estimated from, by regular subsampling.
const MIN_SAMPLES: usize = 320;

/// The covariance matrix of the channels in a short frame.
pub struct Frame {
    channels: usize,
    /// Row-major, `channels × channels`.
    covariance: Vec<f64>,
}

impl Frame {
    /// Computes the covariance of interleaved samples, without their DC offset.
    pub fn new(interleaved: &[f32], channels: usize) -> Self {
        let step = (interleaved.len() / MIN_SAMPLES).max(1);
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

/// Statistics for the downmix, summed over frames with sound.
///
/// Frames are weighted by amplitude, not by power: a short loud sound, as a knock, must not outweigh a voice.
#[derive(Default)]
pub struct ChannelStatistics {
    channels: usize,
    /// Row-major, `channels × channels`.
    covariance: Vec<f64>,
    /// Sums over frames for the strongest and for the weakest channel.
    strongest: f64,
    weakest: f64,
    frames: u32,
}

impl ChannelStatistics {
    pub fn new(channels: usize) -> Self {
        Self { channels, covariance: vec![0.0; channels * channels], ..Self::default() }
    }

    /// Number of frames with sound.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The amount of sound: a sum of amplitudes.
    pub fn amount(&self) -> f64 {
        self.strongest
    }

    /// Adds a frame if any channel with `is_counted` has sound. Returns the amplitude of the strongest such channel then.
    pub fn add(&mut self, frame: &Frame, is_counted: impl Fn(usize) -> bool) -> Option<f64> {
        let (mut strongest, mut weakest) = (0.0_f64, f64::INFINITY);
        for channel in (0..self.channels).filter(|&channel| is_counted(channel)) {
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

    /// Adds other statistics.
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

    /// Whether a channel cancels another when both are summed.
    pub fn cancels(&self, channel: usize, other: usize) -> bool {
        self.power(channel) > NEGLIGIBLE * self.power(other) && self.correlation(channel, other) < CANCELS
    }

    /// Whether only one channel has sound at any time.
    pub fn is_one_at_a_time(&self) -> bool {
        self.weakest < NEGLIGIBLE * self.strongest
    }

    /// The gain that brings channels mixed with `weights` to the level of the strongest channel of each frame.
    pub fn gain(&self, weights: &[f64]) -> f64 {
        let rows = self.covariance.chunks_exact(self.channels);
        let mixed: f64 = rows
            .zip(weights)
            .map(|(row, weight)| {
                weight * row.iter().zip(weights).map(|(value, other)| value * other).sum::<f64>()
            })
            .sum();
        if mixed > 0.0 { (self.strongest / mixed).sqrt().min(MAX_GAIN) } else { 1.0 }
    }
}
