//! Removal of encoder delay and padding.

use super::mp4::Edit;

/// Maximum padding in seconds: where a file declares more, it is wrong, and all of it is audio.
const MAX_PADDING_S: f64 = 0.1;
/// Maximum edit in seconds: an edit list that leaves out more was not written by an encoder, but cuts a recording, all of which
/// is decoded.
const MAX_EDIT_S: f64 = 1.0;

/// Drops delay and padding at the ends of a track.
#[derive(Default)]
pub struct Ends {
    edit: Edit,
    /// Number of frames so far.
    frames: u64,
    /// Tentative padding, if nothing follows: interleaved samples.
    padding: Vec<f32>,
    /// There is too much of it.
    is_padding_wrong: bool,
}

impl Ends {
    /// For a track with an edit list.
    pub fn new(edit: Edit) -> Self {
        Self { edit, ..Self::default() }
    }

    /// Restricts the edit list to what an encoder may have written, for a track with a declared duration.
    pub fn within(mut self, declared_s: Option<f32>, starts_by_itself: bool) -> Self {
        let Edit { skip_s, length_s } = self.edit;
        let skips = skip_s <= MAX_EDIT_S;
        let rest_s = declared_s.map(|declared_s| f64::from(declared_s) - skip_s);
        let length_s = length_s
            .zip(rest_s)
            .filter(|(length_s, rest_s)| skips && (-0.001..MAX_EDIT_S).contains(&(rest_s - length_s)));
        self.edit = Edit {
            skip_s: if skips && !starts_by_itself { skip_s } else { 0.0 },
            length_s: length_s.map(|(length_s, _)| length_s),
        };
        self
    }

    /// Drops from `interleaved`, the frames of a packet, those that the edit list leaves out, and the declared padding at the end,
    /// which is restored before the next packet if there is one.
    pub fn cut(&mut self, interleaved: &mut Vec<f32>, rate_hz: u32, channels: usize, padding: usize) {
        let count = (interleaved.len() / channels) as u64;
        let frames = |seconds: f64| (seconds * f64::from(rate_hz)).round() as u64;
        let from = frames(self.edit.skip_s);
        let to = self.edit.length_s.map_or(u64::MAX, |length_s| from + frames(length_s));
        let [from, to] = [from, to].map(|frame| frame.saturating_sub(self.frames).min(count) as usize);
        self.frames += count;
        interleaved.truncate(to * channels);
        interleaved.drain(..from.min(to) * channels);

        let padding = if self.is_padding_wrong { 0 } else { padding };
        let kept = interleaved.len().saturating_sub(padding.saturating_mul(channels));
        let longest = frames(MAX_PADDING_S) as usize * channels;
        self.is_padding_wrong |=
            (self.padding.len() * usize::from(kept == 0) + interleaved.len() - kept) > longest;
        let dropped = if self.is_padding_wrong { Vec::new() } else { interleaved.split_off(kept) };
        if !interleaved.is_empty() {
            interleaved.splice(..0, self.padding.drain(..));
        }
        self.padding.extend(dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of frames left of packets, given as pairs of frames and declared padding, at 1 kHz.
    fn left(packets: &[(usize, usize)]) -> usize {
        let mut ends = Ends::default();
        let cut = |&(frames, padding): &(usize, usize)| {
            let mut interleaved = vec![0.5; 2 * frames];
            ends.cut(&mut interleaved, 1_000, 2, padding);
            interleaved.len() / 2
        };
        packets.iter().map(cut).sum()
    }

    #[test]
    fn padding_is_short_and_at_the_end() {
        assert_eq!(left(&[(50, 0), (50, 20)]), 80);
        assert_eq!(left(&[(50, 0), (50, 20), (20, 20)]), 80);
        // Not in the middle.
        assert_eq!(left(&[(50, 20), (50, 50), (50, 20)]), 130);
        // Not if there is much of it.
        assert_eq!(left(&[(50, 0), (50, 50), (50, 50), (50, 50), (50, 50)]), 250);
        assert_eq!(left(&[(500, 500)]), 500);
    }

    #[test]
    fn an_edit_list_removes_encoder_delay() {
        let edit = Edit { skip_s: 0.03, length_s: Some(0.1) };
        let mut ends = Ends::new(edit).within(Some(0.15), false);
        let kept = |ends: &mut Ends| {
            (0..3)
                .map(|_| {
                    let mut interleaved = vec![0.5; 50];
                    ends.cut(&mut interleaved, 1_000, 1, 0);
                    interleaved.len()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(&mut ends), [20, 50, 30]);
        // The Opus decoder drops its pre-skip; a cut recording is decoded completely.
        assert_eq!(kept(&mut Ends::new(edit).within(Some(0.15), true)), [50, 50, 0]);
        assert_eq!(kept(&mut Ends::new(edit).within(Some(100.0), false)), [20, 50, 50]);
        assert_eq!(kept(&mut Ends::new(Edit { skip_s: 30.0, length_s: None }).within(None, false)), [50; 3]);
    }
}
