//! Which frames of a student's input are masked.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// How frames are masked, in spans that may overlap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskSettings {
    /// Share of the frames at which a span begins.
    pub starts: f32,
    /// Frames of a span.
    pub length: usize,
}

impl MaskSettings {
    /// Draws which of `frames` frames are masked: at least one span, unless there are to be none.
    pub fn draw(&self, frames: usize, rng: &mut StdRng) -> Vec<bool> {
        let mut mask = vec![false; frames];
        if self.starts == 0.0 {
            return mask;
        }
        let mut places: Vec<usize> = (0..=frames.saturating_sub(self.length)).collect();
        let spans = ((frames as f32 * self.starts).round() as usize).clamp(1, places.len());
        let (drawn, _) = places.partial_shuffle(rng, spans);
        for &mut start in drawn {
            mask[start..frames.min(start + self.length)].fill(true);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn spans_are_whole_and_cover_what_was_asked_for() {
        let settings = MaskSettings { starts: 0.08, length: 10 };
        let mut masked = 0;
        for seed in 0..200 {
            let mask = settings.draw(99, &mut StdRng::seed_from_u64(seed));
            assert_eq!(mask.len(), 99);
            let spans = mask.chunk_by(|a, b| a == b).filter(|span| span[0]);
            spans.for_each(|span| assert!(span.len() >= 10, "{mask:?}"));
            masked += mask.iter().filter(|masked| **masked).count();
        }
        // Eight spans of ten that overlap: 1 - (1 - 10 / 99)^8 of the frames, a little less at the ends.
        let share = masked as f32 / (200.0 * 99.0);
        assert!((0.48..0.62).contains(&share), "{share}");
    }

    #[test]
    fn short_crops_and_no_mask_are_no_special_case() {
        let mut rng = StdRng::seed_from_u64(1);
        assert_eq!(MaskSettings { starts: 0.1, length: 10 }.draw(3, &mut rng), [true; 3]);
        assert_eq!(MaskSettings { starts: 0.0, length: 10 }.draw(3, &mut rng), [false; 3]);
    }
}
