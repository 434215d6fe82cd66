//! Augmented copies of a recording: start, tempo, pitch, speed, room, noise, microphone, codecs.

use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::between;
use super::equalizer::{BANDS, equalize};
use super::noise::{NoiseColor, add_colored_noise, add_noise};
use super::opus::through_opus;
use super::phase_vocoder::{shift_pitch, stretch};
use super::reverberation::reverberate;
use super::spec_augment::SpecAugment;
use super::speed::change_speed;
use super::telephone::through_telephone;
use crate::audio::ClipSettings;
use crate::rules::first_broken;

/// Bit rates of voice messages.
const OPUS_BITS_PER_SECOND: [f32; 2] = [8_000.0, 24_000.0];

/// Ranges of the augmentation; each copy draws its own parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveformSettings {
    /// Augmented copies of each clip, besides the clip itself.
    pub copies: usize,
    /// Least and most seconds that are dropped from the start.
    pub skip_s: [f32; 2],
    /// Least and most ratio of signal to added Gaussian noise, in dB; every other copy gets noise.
    pub noise_snr_db: [f32; 2],
    /// Whether noise is white, pink or brown, a third each, instead of white.
    #[serde(default, skip_serializing_if = "is_default")]
    pub colored_noise: bool,
    /// Semitones by which the pitch moves at most, either way.
    pub pitch_semitones: f32,
    /// Least and most tempo; above 1 is faster.
    pub stretch: [f32; 2],
    /// Least and most playback speed, pitch with it; above 1 is faster.
    #[serde(default, skip_serializing_if = "is_default")]
    pub speed: Option<[f32; 2]>,
    /// Echoes of synthetic rooms.
    #[serde(default, skip_serializing_if = "is_default")]
    pub room: Option<RoomSettings>,
    /// Standard deviation, in dB, of the random frequency response of a microphone; every other copy has one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub response_db: f32,
    /// Share of copies that go through a telephone, 0 to 1.
    #[serde(default, skip_serializing_if = "is_default")]
    pub telephone_share: f32,
    /// Share of the others that go through Opus at 8 to 24 kbit/s, 0 to 1.
    #[serde(default, skip_serializing_if = "is_default")]
    pub opus_share: f32,
    /// SpecAugment masks on the input of a speech encoder.
    #[serde(default, skip_serializing_if = "is_default")]
    pub masks: Option<SpecAugment>,
}

/// Echoes of synthetic rooms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomSettings {
    /// Share of copies with an echo, 0 to 1.
    pub share: f32,
    /// Least and most seconds until it has decayed by 60 dB.
    pub decay_s: [f32; 2],
    /// Least and most energy, as a multiple of the direct sound's.
    pub energy: [f32; 2],
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl WaveformSettings {
    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let unit = 0.0..=1.0;
        let shares =
            [self.telephone_share, self.opus_share, self.room.as_ref().map_or(0.0, |room| room.share)];
        first_broken(&[
            (self.stretch[0] > 0.0, "stretch must be above 0"),
            (self.skip_s[0] >= 0.0, "skip_s must not be negative"),
            // Slower or faster than this is no voice.
            (self.speed.is_none_or(|[low, high]| low >= 0.5 && high <= 2.0), "speed must be from 0.5 to 2"),
            (shares.iter().all(|share| unit.contains(share)), "shares must be from 0 to 1"),
            (self.response_db >= 0.0, "response_db must not be negative"),
            (
                self.room.as_ref().is_none_or(|room| room.decay_s[0] > 0.0 && room.energy[0] >= 0.0),
                "a room's decay_s must be above 0 and its energy not negative",
            ),
        ])
    }

    /// Seconds of a recording that an augmented clip can reach.
    pub fn reach_s(&self, clip: &ClipSettings) -> f32 {
        let fastest = self.stretch[1].max(1.0) * self.speed.map_or(1.0, |[_, high]| high.max(1.0));
        clip.with_skip(self.skip_s[1]).reach_s() * fastest
    }

    /// Draws parameters and applies them; returns the samples and the clip to cut from them.
    pub fn change(&self, samples: &[f32], clip: &ClipSettings, rng: &mut StdRng) -> (Vec<f32>, ClipSettings) {
        let tempo = between(self.stretch, rng);
        let semitones = between([-self.pitch_semitones, self.pitch_semitones], rng);
        let clip = clip.with_skip(between(self.skip_s, rng));
        let snr_db = between(self.noise_snr_db, rng);
        let mut changed = shift_pitch(&stretch(samples, tempo), semitones);
        // Absent settings draw nothing, so that older recipes reproduce their copies.
        if let Some(speed) = self.speed {
            changed = change_speed(&changed, between(speed, rng));
        }
        if let Some(room) = &self.room
            && rng.random::<f32>() < room.share
        {
            let (decay_s, energy) = (between(room.decay_s, rng), between(room.energy, rng));
            changed = reverberate(&changed, decay_s, energy, rng);
        }
        if rng.random::<bool>() {
            if self.colored_noise {
                let color = NoiseColor::ALL[rng.random_range(0..NoiseColor::ALL.len())];
                add_colored_noise(&mut changed, color, snr_db, rng);
            } else {
                add_noise(&mut changed, snr_db, rng);
            }
        }
        if self.response_db > 0.0 && rng.random::<bool>() {
            let gains_db: [f32; BANDS] =
                std::array::from_fn(|_| self.response_db * rng.sample::<f32, _>(StandardNormal));
            changed = equalize(&changed, &gains_db);
        }
        if self.telephone_share > 0.0 && rng.random::<f32>() < self.telephone_share {
            changed = through_telephone(&changed);
        } else if self.opus_share > 0.0 && rng.random::<f32>() < self.opus_share {
            changed = through_opus(&changed, between(OPUS_BITS_PER_SECOND, rng) as u32);
        }
        (changed, clip)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::tone;
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn changes_follow_the_seed_and_survive_short_and_silent_recordings() {
        let settings = WaveformSettings {
            copies: 1,
            skip_s: [0.3, 0.7],
            noise_snr_db: [15.0, 30.0],
            pitch_semitones: 2.0,
            stretch: [0.9, 1.1],
            telephone_share: 0.3,
            colored_noise: true,
            speed: Some([0.85, 1.15]),
            room: Some(RoomSettings { share: 0.5, decay_s: [0.1, 0.7], energy: [0.01, 0.2] }),
            response_db: 2.5,
            opus_share: 0.5,
            masks: None,
        };
        assert_eq!(settings.check(), Ok(()));
        let change = |samples: &[f32], seed| {
            settings.change(samples, &ClipSettings::default(), &mut StdRng::seed_from_u64(seed))
        };
        let tone = tone(220.0, 8_000);
        assert_eq!(change(&tone, 1), change(&tone, 1));
        assert_ne!(change(&tone, 1).0, change(&tone, 2).0);
        for samples in [vec![], vec![0.1], vec![0.0; 5_000]] {
            for seed in 0..8 {
                assert!(change(&samples, seed).0.iter().all(|sample| sample.is_finite()));
            }
        }
    }
}
