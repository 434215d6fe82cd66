//! Speech segments of a recording.

use std::ops::Range;

/// Speech segments of a recording: disjoint ranges of samples at [`SAMPLE_RATE_HZ`](super::SAMPLE_RATE_HZ), in ascending
/// order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpeechSegments(Vec<Range<usize>>);

impl SpeechSegments {
    /// Wraps segments that are in order, not empty and do not touch.
    pub fn new(segments: Vec<Range<usize>>) -> Self {
        debug_assert!(segments.iter().all(|segment| segment.start < segment.end));
        debug_assert!(segments.is_sorted_by(|before, after| before.end < after.start));
        Self(segments)
    }

    /// The segments.
    pub fn as_slice(&self) -> &[Range<usize>] {
        &self.0
    }

    /// Whether there is no speech.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From the start of the first segment to the end of the last; `None` if there is no speech.
    pub fn span(&self) -> Option<Range<usize>> {
        Some(self.0.first()?.start..self.0.last()?.end)
    }

    /// Number of samples of speech.
    pub fn samples(&self) -> usize {
        self.0.iter().map(ExactSizeIterator::len).sum()
    }

    /// Keeps the segments for which `predicate` holds.
    pub(crate) fn retain(mut self, predicate: impl FnMut(&Range<usize>) -> bool) -> Self {
        self.0.retain(predicate);
        self
    }

    /// The parts of the segments within `range`, relative to its start.
    pub fn within(&self, range: &Range<usize>) -> Self {
        let cut = |segment: &Range<usize>| segment.start.max(range.start)..segment.end.min(range.end);
        let kept = self.0.iter().map(cut).filter(|segment| segment.start < segment.end);
        Self(kept.map(|segment| segment.start - range.start..segment.end - range.start).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_the_segments_within_it() {
        let speech = SpeechSegments::new(vec![10..20, 30..50, 60..61]);
        assert_eq!((speech.span(), speech.samples()), (Some(10..61), 31));
        assert_eq!(speech.within(&(15..40)), SpeechSegments::new(vec![0..5, 15..25]));
        assert_eq!(speech.within(&(0..100)), speech);
        assert!(speech.within(&(20..30)).is_empty());
        assert_eq!(SpeechSegments::default().span(), None);
    }
}
