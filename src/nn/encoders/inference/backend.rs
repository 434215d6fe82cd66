//! What encoders are computed with: the few operations that they consist of.

use super::weights::{DenseWeights, NormWeights};
use crate::nn::quant::Then;

/// What a norm brings to mean 0 and variance 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Every frame, over its channels (layer norm).
    Channels,
    /// Every channel, over time (group norm with one channel a group).
    Time,
}

/// Computes on sequences of frames: on the CPU at once, on a GPU when they are read.
///
/// What an operation writes to is brought to the size that it needs, unless it is added to.
pub trait Backend {
    /// Floats in its memory; empty at first.
    type Values: Default;
    /// A dense layer or a convolution, ready to use.
    type Dense;
    /// A norm, ready to use.
    type Norm;

    /// Prepares a layer, or one of the same size for each group of channels.
    fn dense(&self, groups: Vec<DenseWeights>) -> Self::Dense;

    /// Prepares a norm.
    fn norm(&self, weights: NormWeights) -> Self::Norm;

    /// Brings in values from outside.
    fn load(&mut self, values: &mut Self::Values, from: &[f32]);

    /// How many values there are.
    fn len(values: &Self::Values) -> usize;

    /// `out` holds a copy of `x`.
    fn copy(&mut self, x: &Self::Values, out: &mut Self::Values);

    /// Adds to `x` as many of the values of `y` as it has.
    fn add(&mut self, x: &mut Self::Values, y: &Self::Values);

    /// For each of `groups` equal parts of the channels, `out` holds all frames of `x`, with `around[0]` frames of zeros
    /// before and `around[1]` after them.
    ///
    /// # Shapes
    /// - `x`: `[frames, width]`
    /// - `out`: `[groups, around[0] + frames + around[1], width / groups]`
    fn pad(
        &mut self,
        x: &Self::Values,
        width: usize,
        groups: usize,
        around: [usize; 2],
        out: &mut Self::Values,
    );

    /// Sends every window of `x`, `stride` values after the one before, through a layer; `out` has a row for each. With
    /// [`Then::Add`] it is added to. Groups of channels, as [`pad`](Self::pad) lays them out, go through layers of their
    /// own, and what these say of a window stands side by side.
    fn product(
        &mut self,
        dense: &Self::Dense,
        x: &Self::Values,
        stride: usize,
        then: Then,
        out: &mut Self::Values,
    );

    /// Adds to `x` what the two layers make of each of the frames of `normed`.
    fn feed_forward(
        &mut self,
        layers: [&Self::Dense; 2],
        normed: &Self::Values,
        hidden: &mut Self::Values,
        x: &mut Self::Values,
    );

    /// A norm in place, and GELU after it if that is asked for.
    fn normalise(&mut self, norm: &Self::Norm, over: Over, then: Then, x: &mut Self::Values);

    /// What each frame hears of the others, of queries, keys and values side by side. How much it looks at each is kept
    /// in `looks`, head by head.
    ///
    /// # Shapes
    /// - `projected`: `[frames, 3 * width]`
    /// - `heard`: `[frames, width]`
    /// - `looks`: `[heads, frames, frames]`
    fn attend(
        &mut self,
        projected: &Self::Values,
        width: usize,
        heads: usize,
        heard: &mut Self::Values,
        looks: Option<&mut Self::Values>,
    );
}
