//! Detection of dual-channel recordings: two channels with a voice each, as the two sides of a telephone call.

/// Power ratio above which one channel dominates a frame: 10 dB.
const DOMINATES: f64 = 10.0;
/// How much quieter a voice's channel must be on average while the other dominates: 10 dB, as a ratio of amplitudes.
const QUIETER: f64 = 3.16;
/// Maximum ratio of the amplitudes of two voices: 20 dB.
const COMPARABLE: f64 = 10.0;
/// Minimum number of frames of each voice.
const MIN_FRAMES: u32 = 10;
/// Maximum share of the sound without a dominating channel if two voices alternate.
const MAX_SIMULTANEOUS: f64 = 0.5;

/// Statistics that distinguish a call from stereo, summed over frames with sound.
#[derive(Default)]
pub struct DualChannel {
    /// Statistics of the frames dominated by the left channel, and of those dominated by the right.
    one_channel: [OneChannel; 2],
    /// Sum of the amplitudes of frames dominated by neither.
    simultaneous: f64,
}

/// Frames dominated by one channel: their number, and the sums of the amplitudes of this channel and of the other.
#[derive(Clone, Copy, Default)]
struct OneChannel {
    frames: u32,
    own: f64,
    other: f64,
}

impl DualChannel {
    /// Adds a frame with the power of its channels.
    pub fn add(&mut self, left: f64, right: f64) {
        let (side, own, other) = if left >= right { (0, left, right) } else { (1, right, left) };
        if own < DOMINATES * other {
            self.simultaneous += own.sqrt();
            return;
        }
        let one_channel = &mut self.one_channel[side];
        one_channel.frames += 1;
        one_channel.own += own.sqrt();
        one_channel.other += other.sqrt();
    }

    /// Returns whether both channels have sound, rarely at the same time, and each becomes quiet while the other has sound, unlike
    /// noise on one side.
    pub fn is_detected(&self) -> bool {
        let [left, right] = self.one_channel;
        if left.frames.min(right.frames) < MIN_FRAMES {
            return false;
        }
        let mean = |sum: f64, one_channel: OneChannel| sum / f64::from(one_channel.frames);
        let levels = [mean(left.own, left), mean(right.own, right)];
        levels[0] > QUIETER * mean(right.other, right)
            && levels[1] > QUIETER * mean(left.other, left)
            && levels[0].max(levels[1]) < COMPARABLE * levels[0].min(levels[1])
            && self.simultaneous < MAX_SIMULTANEOUS * (self.simultaneous + left.own + right.own)
    }
}
