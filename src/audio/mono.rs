//! Streaming downmix of the channels of a recording to mono.

use symphonia::core::audio::Channels;

use super::dual_channel::DualChannel;
use super::statistics::{ChannelStatistics, Frame};
use super::{AudioError, Channel, QualityNote, downmix};

/// Number of frames per second in the comparison of channels.
const FRAMES_PER_SECOND: usize = 20;
/// Number of frames with sound for the first decision, and maximum number of frames held back for it: 3 s and 10 s.
const ENOUGH_FRAMES: u32 = 60;
const MAX_HELD: usize = 200;
/// Minimum number of frames with sound for a decision before the end: a knock has fewer.
const MIN_SOUND_FRAMES: u32 = 10;
/// Number of frames in a block after the first decision.
const BLOCK: usize = 10;
/// Ratio of amplitudes (8 dB) above which a block is so much louder than the previous ones that these are taken as noise.
const LOUDER_RATIO: f64 = 2.5;

/// Mixes channels to mono.
pub struct MonoMix {
    layout: Channels,
    kind: Kind,
}

enum Kind {
    /// One selected channel.
    One { index: usize, channels: usize },
    /// A mix of all channels.
    All(Box<Downmix>),
}

impl MonoMix {
    /// Mixes channels of this layout and rate, or selects one of them.
    ///
    /// # Errors
    /// [`AudioError::NoSuchChannel`].
    pub fn new(layout: &Channels, rate_hz: u32, chosen: Option<Channel>) -> Result<Self, AudioError> {
        let channels = layout.count();
        let kind = match chosen {
            Some(channel) => Kind::One { index: channel.index(channels)?, channels },
            None if channels == 1 => Kind::One { index: 0, channels },
            None => Kind::All(Box::new(Downmix::new(layout, rate_hz))),
        };
        Ok(Self { layout: layout.clone(), kind })
    }

    /// The channel layout.
    pub fn layout(&self) -> &Channels {
        &self.layout
    }

    /// Mixes interleaved samples, and appends those that are decided to `mono`. The result does not depend on how the input is
    /// divided.
    pub fn push(&mut self, interleaved: &[f32], mono: &mut Vec<f32>) {
        match &mut self.kind {
            Kind::One { index, channels } => mono.extend(interleaved.iter().skip(*index).step_by(*channels)),
            Kind::All(downmix) => downmix.push(interleaved, mono),
        }
    }

    /// Appends the samples that are held back to `mono`.
    pub fn finish(&mut self, mono: &mut Vec<f32>) {
        if let Kind::All(downmix) = &mut self.kind {
            downmix.finish(mono);
        }
    }

    /// Notes on the channels for the user.
    pub fn notes(&self) -> Vec<QualityNote> {
        match &self.kind {
            Kind::One { .. } => Vec::new(),
            Kind::All(downmix) => downmix.notes(),
        }
    }
}

/// Mixes all channels, weighted by their layout and by their correlation.
///
/// Silence at the start is mixed immediately. Then samples are held back until there is enough sound for a decision, or the
/// buffer is full. Later blocks may change the decision, but only once there is as much sound again as it is based on, or
/// louder sound: a decision based on noise is replaced by one based on the voice.
struct Downmix {
    by_layout: Vec<f64>,
    /// Statistics of the mixed samples, without frames that were much quieter than later ones.
    statistics: ChannelStatistics,
    /// Statistics of the held samples, with the amplitudes of their frames.
    recent: ChannelStatistics,
    amplitudes: Vec<f64>,
    dual_channel: DualChannel,
    /// The current weight of each channel.
    weights: Vec<f32>,
    decided_on: f64,
    is_decided: bool,
    cancels: bool,
    /// Number of interleaved samples in a frame, and the samples that are not mixed yet.
    frame: usize,
    held: Vec<f32>,
}

impl Downmix {
    fn new(layout: &Channels, rate_hz: u32) -> Self {
        let by_layout = downmix::weights(layout);
        let sum: f64 = by_layout.iter().sum();
        Self {
            statistics: ChannelStatistics::new(by_layout.len()),
            recent: ChannelStatistics::new(by_layout.len()),
            amplitudes: Vec::new(),
            dual_channel: DualChannel::default(),
            weights: by_layout.iter().map(|weight| (weight / sum) as f32).collect(),
            frame: (rate_hz as usize / FRAMES_PER_SECOND).max(1) * by_layout.len(),
            by_layout,
            decided_on: 0.0,
            is_decided: false,
            cancels: false,
            held: Vec::new(),
        }
    }

    fn push(&mut self, mut interleaved: &[f32], mono: &mut Vec<f32>) {
        while !interleaved.is_empty() {
            let missing = self.frame - self.held.len() % self.frame;
            let (next, rest) = interleaved.split_at(missing.min(interleaved.len()));
            self.held.extend_from_slice(next);
            interleaved = rest;
            if next.len() == missing {
                self.compare(self.held.len() - self.frame);
                if self.is_due() {
                    self.mix(mono, MIN_SOUND_FRAMES);
                }
            }
        }
    }

    fn finish(&mut self, mono: &mut Vec<f32>) {
        let rest = self.held.len() % self.frame;
        if rest > 0 {
            self.compare(self.held.len() - rest);
        }
        self.mix(mono, 1);
    }

    fn notes(&self) -> Vec<QualityNote> {
        let dual = self.dual_channel.is_detected().then_some(QualityNote::DualChannel);
        self.cancels.then_some(QualityNote::ChannelsCancel).into_iter().chain(dual).collect()
    }

    /// Updates the statistics with the held samples from an index on.
    fn compare(&mut self, from: usize) {
        let by_layout = &self.by_layout;
        let frame = Frame::new(&self.held[from..], by_layout.len());
        let amplitude = self.recent.add(&frame, |channel| by_layout[channel] > 0.0);
        self.amplitudes.push(amplitude.unwrap_or(0.0));
        if amplitude.is_some() && by_layout.len() == 2 {
            self.dual_channel.add(frame.power(0), frame.power(1));
        }
    }

    fn is_due(&self) -> bool {
        let held = self.held.len() / self.frame;
        match self.statistics.frames() + self.recent.frames() {
            0 => true,
            _ if self.is_decided => held >= BLOCK,
            frames => frames >= ENOUGH_FRAMES || held >= MAX_HELD,
        }
    }

    /// Mixes the held samples, after a new decision if there are at least `least` frames with sound.
    fn mix(&mut self, mono: &mut Vec<f32>, least: u32) {
        let before = self.is_decided.then(|| self.weights.clone());
        self.take_recent();
        if self.statistics.frames() >= least && self.statistics.amount() >= 2.0 * self.decided_on {
            self.decide();
        }
        let start = mono.len();
        weigh(&self.held, &self.weights, mono);
        if let Some(before) = before.filter(|before| *before != self.weights) {
            self.fade_from(&before, &mut mono[start..]);
        }
        self.held.clear();
    }

    /// Crossfades from the previous decision within a frame: a step would be audible as a click.
    fn fade_from(&self, before: &[f32], mono: &mut [f32]) {
        let channels = before.len();
        let fade = (self.frame / channels) as f32;
        let mut earlier = Vec::new();
        weigh(&self.held[..self.frame.min(self.held.len())], before, &mut earlier);
        for (at, (sample, earlier)) in mono.iter_mut().zip(earlier).enumerate() {
            let share = at as f32 / fade;
            *sample = (1.0 - share) * earlier + share * *sample;
        }
    }

    /// Adds the held samples to the statistics, which are reset if these are much louder. The comparison uses the median, so that
    /// it is robust to knocks.
    fn take_recent(&mut self) {
        let recent = std::mem::replace(&mut self.recent, ChannelStatistics::new(self.by_layout.len()));
        let mut amplitudes = std::mem::take(&mut self.amplitudes);
        amplitudes.sort_by(f64::total_cmp);
        let median = amplitudes.get(amplitudes.len() / 2).copied().unwrap_or(0.0);
        if median * f64::from(self.statistics.frames()) > LOUDER_RATIO * self.statistics.amount() {
            self.statistics = ChannelStatistics::new(self.by_layout.len());
            self.decided_on = 0.0;
        }
        self.statistics.append(&recent);
    }

    fn decide(&mut self) {
        self.is_decided = true;
        self.decided_on = self.statistics.amount();
        let (weights, cancels) = self.decision();
        self.weights = weights.iter().map(|&weight| weight as f32).collect();
        self.cancels = cancels;
    }

    /// A weight for each channel, and whether channels are left out because they cancel.
    fn decision(&self) -> (Vec<f64>, bool) {
        let statistics = &self.statistics;
        let mut weights = self.by_layout.clone();
        let part = |channel: usize| weights[channel].powi(2) * statistics.power(channel);
        let strongest =
            (0..weights.len()).max_by(|&a, &b| part(a).total_cmp(&part(b)).then(b.cmp(&a))).unwrap_or(0);
        let cancelling: Vec<usize> = (0..weights.len())
            .filter(|&channel| part(channel) > 0.0 && statistics.cancels(channel, strongest))
            .collect();
        cancelling.iter().for_each(|&channel| weights[channel] = 0.0);
        let gain = match weights.len() {
            // The mean of both is the common downmix of stereo. Voices in only one channel keep their level.
            2 if cancelling.is_empty()
                && !statistics.is_one_at_a_time()
                && !self.dual_channel.is_detected() =>
            {
                0.5
            }
            2 => 1.0,
            _ => statistics.gain(&weights),
        };
        weights.iter_mut().for_each(|weight| *weight *= gain);
        (weights, !cancelling.is_empty())
    }
}

/// Appends the weighted sum of the channels to `mono`.
fn weigh(interleaved: &[f32], weights: &[f32], mono: &mut Vec<f32>) {
    match weights.len() {
        // Several times as fast with a constant number of channels.
        2 => weigh_some::<2>(interleaved, weights, mono),
        6 => weigh_some::<6>(interleaved, weights, mono),
        8 => weigh_some::<8>(interleaved, weights, mono),
        channels => mono.extend(interleaved.chunks_exact(channels).map(|samples| dot(samples, weights))),
    }
}

fn weigh_some<const CHANNELS: usize>(interleaved: &[f32], weights: &[f32], mono: &mut Vec<f32>) {
    let Some(weights) = weights.first_chunk::<CHANNELS>() else { return };
    mono.extend(interleaved.as_chunks::<CHANNELS>().0.iter().map(|samples| dot(samples, weights)));
}

#[inline(always)]
fn dot(samples: &[f32], weights: &[f32]) -> f32 {
    samples.iter().zip(weights).map(|(sample, weight)| sample * weight).sum()
}
