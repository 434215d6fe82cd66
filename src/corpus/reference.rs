//! Which other clips of a speaker make up a reference.

use std::collections::BTreeMap;

use rand::Rng;
use rand::seq::{IndexedRandom, index};

use super::{SpeakerId, Utterance};
use crate::model::{Emotion, ReferenceDraw};

/// Clips by their speakers.
pub struct ReferencePool {
    /// Of each clip, in the order in which they came: its speaker's place, and its emotion.
    clips: Vec<(Option<usize>, Emotion)>,
    /// Of each speaker, places of clips.
    speakers: Vec<Vec<usize>>,
}

impl ReferencePool {
    /// Of these clips. Those of unknown speakers have no others.
    pub fn new<'a>(clips: impl IntoIterator<Item = &'a Utterance>) -> Self {
        let mut places: BTreeMap<&SpeakerId, usize> = BTreeMap::new();
        let mut pool = Self { clips: Vec::new(), speakers: Vec::new() };
        for (clip, utterance) in clips.into_iter().enumerate() {
            let speaker = utterance.speaker.is_known().then(|| {
                *places.entry(&utterance.speaker).or_insert_with(|| {
                    pool.speakers.push(Vec::new());
                    pool.speakers.len() - 1
                })
            });
            if let Some(speaker) = speaker {
                pool.speakers[speaker].push(clip);
            }
            pool.clips.push((speaker, utterance.emotion));
        }
        pool
    }

    /// So many other clips of the speaker of clip `of`, or as many as there are, by their places.
    pub fn draw(&self, of: usize, count: usize, draw: ReferenceDraw, rng: &mut impl Rng) -> Vec<usize> {
        let others = |keep: &dyn Fn(Emotion) -> bool| -> Vec<usize> {
            let speaker = self.clips[of].0.map_or(&[][..], |speaker| &self.speakers[speaker]);
            speaker.iter().copied().filter(|&clip| clip != of && keep(self.clips[clip].1)).collect()
        };
        match draw {
            ReferenceDraw::Random => some(&others(&|_| true), count, rng),
            ReferenceDraw::OneSession => {
                let mut drawn =
                    some(&others(&|emotion| emotion == Emotion::Neutral), (4 * count + 2) / 5, rng);
                let rest = others(&|emotion| emotion != Emotion::Neutral);
                drawn.extend(some(&rest, count - drawn.len(), rng));
                drawn
            }
            ReferenceDraw::OneSided => {
                let of_emotion = |chosen: Emotion| others(&|emotion| emotion == chosen);
                let mut present = Emotion::ALL.to_vec();
                present.retain(|&emotion| emotion != Emotion::Neutral && !of_emotion(emotion).is_empty());
                present.choose(rng).map_or_else(Vec::new, |&chosen| some(&of_emotion(chosen), count, rng))
            }
        }
    }
}

/// So many of the clips, or all.
fn some(clips: &[usize], count: usize, rng: &mut impl Rng) -> Vec<usize> {
    index::sample(rng, clips.len(), count.min(clips.len())).into_iter().map(|i| clips[i]).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::corpus::parse;

    #[test]
    fn references_are_of_the_same_speaker_and_never_the_clip_itself() {
        let mut names: Vec<String> = Vec::new();
        for speaker in 1..=3 {
            for take in 1..=2 {
                let name = |emotion| format!("03-01-0{emotion}-01-01-0{take}-0{speaker}.wav");
                names.extend((1..=8).map(name));
            }
        }
        names.push("ordinary-picovoice/0704c731-9895-4eb1-b93c-427c95ce8316.wav".to_owned());
        names.push("ordinary-picovoice/1704c731-9895-4eb1-b93c-427c95ce8316.wav".to_owned());
        let clips: Vec<Utterance> = names.iter().filter_map(|name| parse(Path::new(name))).collect();
        assert_eq!(clips.len(), 50);
        let pool = ReferencePool::new(&clips);
        let mut rng = StdRng::seed_from_u64(1);
        let draws = [ReferenceDraw::Random, ReferenceDraw::OneSession, ReferenceDraw::OneSided];
        for (of, draw, count) in (0..48).flat_map(|of| draws.map(|draw| (of, draw, 1 + of % 12))) {
            let drawn = pool.draw(of, count, draw, &mut rng);
            assert!(drawn.iter().all(|&clip| clip != of && clips[clip].speaker == clips[of].speaker));
            let mut unique = drawn.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), drawn.len());
            let emotions: Vec<Emotion> = drawn.iter().map(|&clip| clips[clip].emotion).collect();
            let neutral = emotions.iter().filter(|&&emotion| emotion == Emotion::Neutral).count();
            match draw {
                ReferenceDraw::Random => assert_eq!(drawn.len(), count),
                // Calm counts as neutral: four clips of each speaker, but for the clip itself.
                ReferenceDraw::OneSession => {
                    assert_eq!(drawn.len(), count);
                    assert!(neutral >= 3.min((4 * count + 2) / 5), "{count}: {emotions:?}");
                }
                ReferenceDraw::OneSided => {
                    assert!(emotions.iter().all(|&emotion| emotion == emotions[0]) && neutral == 0);
                }
            }
        }
        assert!(pool.draw(48, 3, ReferenceDraw::Random, &mut rng).is_empty(), "nobody knows who speaks");
    }
}
