//! How the channels of a recording relate to one another, as far as it was heard.

/// Mean square (relative to full scale) of a frame without sound: -70 dBFS.
pub const SILENT: f64 = 1e-7;

/// Correlation below which two channels cancel rather than add.
const CANCELS: f64 = -0.5;
/// Power ratio of a channel that has no part in the sound: 20 dB below another.
const NO_PART: f64 = 0.01;

/// Power ratio at which one channel of a frame stands out: 10 dB.
const STANDS_OUT: f64 = 10.0;
/// How much quieter a channel must be on average while the other stands out: 10 dB, as a ratio of amplitudes.
const QUIETER: f64 = 3.16;
/// Two voices are within this ratio of amplitudes: 20 dB.
const COMPARABLE: f64 = 10.0;
/// Frames that each voice must have.
const LEAST_FRAMES: u32 = 10;
/// Share of the sound in which no channel may stand out when two voices alternate.
const MOST_BOTH: f64 = 0.5;
/// Correlation up to which two channels have different sounds.
const UNRELATED: f64 = 0.5;

/// What a voice needs that has the lowest weight of a layout to itself, and the most that is given: channels that happen to
/// cancel one another must not be raised without end.
const MOST_GAIN: f64 = 2.0;

/// Covariances of the channels and what else tells how to mix them, summed over the frames that carry sound.
///
/// Each frame counts by its amplitude, not its power: what is loud for a moment, as a knock, must not outweigh a voice.
#[derive(Debug, Clone)]
pub struct ChannelStatistics {
    channels: usize,
    /// Row by row, `channels × channels`.
    covariance: Vec<f64>,
    /// Power of the strongest and of the weakest channel of each frame.
    strongest: f64,
    weakest: f64,
    frames: u32,
    /// Of frames in which one of two channels stands out: first the left one, then the right one.
    alone: [Alone; 2],
    /// Amplitude of the frames in which neither does.
    together: f64,
}

/// Frames in which one channel stands out: how many, and the sum of both channels' amplitudes.
#[derive(Debug, Clone, Copy, Default)]
struct Alone {
    frames: u32,
    own: f64,
    other: f64,
}

impl ChannelStatistics {
    pub fn new(channels: usize) -> Self {
        Self {
            channels,
            covariance: vec![0.0; channels * channels],
            strongest: 0.0,
            weakest: 0.0,
            frames: 0,
            alone: [Alone::default(); 2],
            together: 0.0,
        }
    }

    /// Frames with sound so far.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// How much sound there was so far: a sum of amplitudes.
    pub fn amount(&self) -> f64 {
        self.strongest
    }

    /// Takes a frame of interleaved samples; it counts only if one of the channels that are `heard` has sound.
    pub fn add(&mut self, interleaved: &[f32], heard: impl Fn(usize) -> bool) {
        let covariance = covariance(interleaved, self.channels);
        let powers = |channel: usize| covariance[channel * (self.channels + 1)];
        let (mut strongest, mut weakest) = (0.0_f64, f64::INFINITY);
        for power in (0..self.channels).filter(|&channel| heard(channel)).map(powers) {
            strongest = strongest.max(power);
            weakest = weakest.min(power);
        }
        if strongest < SILENT {
            return;
        }
        self.frames += 1;
        let amplitude = strongest.sqrt();
        self.strongest += amplitude;
        self.weakest += weakest / amplitude;
        self.covariance.iter_mut().zip(&covariance).for_each(|(sum, value)| *sum += value / amplitude);
        if self.channels == 2 {
            self.add_alone(powers(0), powers(1));
        }
    }

    fn add_alone(&mut self, left: f64, right: f64) {
        let (side, own, other) = if left >= right { (0, left, right) } else { (1, right, left) };
        if own < STANDS_OUT * other {
            self.together += own.sqrt();
            return;
        }
        let alone = &mut self.alone[side];
        alone.frames += 1;
        alone.own += own.sqrt();
        alone.other += other.sqrt();
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

    /// Whether each of two channels has a voice of its own, as the two sides of a telephone call: both have sound, hardly ever
    /// at the same time, and each falls silent while the other has it. Noise on one side does not.
    pub fn is_dual_channel(&self) -> bool {
        let [left, right] = self.alone;
        if self.channels != 2 || left.frames.min(right.frames) < LEAST_FRAMES {
            return false;
        }
        let mean = |sum: f64, alone: Alone| sum / f64::from(alone.frames);
        let levels = [mean(left.own, left), mean(right.own, right)];
        levels[0] > QUIETER * mean(right.other, right)
            && levels[1] > QUIETER * mean(left.other, left)
            && levels[0].max(levels[1]) < COMPARABLE * levels[0].min(levels[1])
            && self.together < MOST_BOTH * self.strongest
            && self.correlation(0, 1).abs() < UNRELATED
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

/// Row by row, `channels × channels`; without what does not swing, which is no sound.
fn covariance(interleaved: &[f32], channels: usize) -> Vec<f64> {
    let count = (interleaved.len() / channels).max(1) as f64;
    let mut sums = vec![0.0; channels];
    let mut products = vec![0.0; channels * channels];
    for samples in interleaved.chunks_exact(channels) {
        for (row, &a) in samples.iter().enumerate() {
            sums[row] += f64::from(a);
            for (column, &b) in samples.iter().enumerate().skip(row) {
                products[row * channels + column] += f64::from(a) * f64::from(b);
            }
        }
    }
    for row in 0..channels {
        for column in row..channels {
            let value =
                products[row * channels + column] / count - sums[row] / count * (sums[column] / count);
            products[row * channels + column] = value;
            products[column * channels + row] = value;
        }
    }
    products
}
