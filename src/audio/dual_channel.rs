//! Whether each of two channels has a voice of its own, as the two sides of a telephone call.

/// Power ratio at which one channel of a frame stands out: 10 dB.
const STANDS_OUT: f64 = 10.0;
/// How much quieter a voice's channel must be on average while the other stands out: 10 dB, as a ratio of amplitudes.
const QUIETER: f64 = 3.16;
/// Two voices are within this ratio of amplitudes: 20 dB.
const COMPARABLE: f64 = 10.0;
/// Frames that each voice must have.
const LEAST_FRAMES: u32 = 10;
/// Share of the sound in which no channel may stand out when two voices alternate.
const MOST_TOGETHER: f64 = 0.5;

/// What tells a call from stereo, summed over frames with sound.
#[derive(Default)]
pub struct DualChannel {
    /// Of frames in which the left channel stands out, and those in which the right one does.
    alone: [Alone; 2],
    /// Sum of the amplitudes of frames in which neither does.
    together: f64,
}

/// Frames in which one channel stands out: how many, and the sums of its amplitudes and of the other's.
#[derive(Clone, Copy, Default)]
struct Alone {
    frames: u32,
    own: f64,
    other: f64,
}

impl DualChannel {
    /// Takes a frame by the power of its channels.
    pub fn add(&mut self, left: f64, right: f64) {
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

    /// Whether both channels have sound, hardly ever at the same time, and each falls quiet while the other has it. Noise on
    /// one side does not.
    pub fn is_heard(&self) -> bool {
        let [left, right] = self.alone;
        if left.frames.min(right.frames) < LEAST_FRAMES {
            return false;
        }
        let mean = |sum: f64, alone: Alone| sum / f64::from(alone.frames);
        let levels = [mean(left.own, left), mean(right.own, right)];
        levels[0] > QUIETER * mean(right.other, right)
            && levels[1] > QUIETER * mean(left.other, left)
            && levels[0].max(levels[1]) < COMPARABLE * levels[0].min(levels[1])
            && self.together < MOST_TOGETHER * (self.together + left.own + right.own)
    }
}
