//! The operations that encoders consist of.

use super::weights::{DenseWeights, NormWeights};
use crate::nn::quant::Epilogue;

/// The axis over which a norm computes mean and variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormAxis {
    /// The channels of each frame (layer norm).
    Channels,
    /// The frames of each channel (group norm with one channel per group).
    Time,
}

/// Operations on sequences of frames: eager on the CPU, deferred until values are read on a GPU.
///
/// Outputs are resized as needed, unless the operation accumulates into them.
pub trait Backend {
    /// Floats in its memory; empty by default.
    type Values: Default;
    /// A prepared linear layer or convolution.
    type Dense;
    /// A prepared norm.
    type Norm;

    /// Prepares a layer, or one of equal size for each group of channels.
    fn dense(&self, groups: Vec<DenseWeights>) -> Self::Dense;

    /// Prepares a norm.
    fn norm(&self, weights: NormWeights) -> Self::Norm;

    /// Copies values into the memory of the backend.
    fn load(&mut self, values: &mut Self::Values, from: &[f32]);

    /// Number of values.
    fn len(values: &Self::Values) -> usize;

    /// Copies `x` to `out`.
    fn copy(&mut self, x: &Self::Values, out: &mut Self::Values);

    /// Adds the first values of `y` to `x`, as many as `x` has.
    fn add(&mut self, x: &mut Self::Values, y: &Self::Values);

    /// Splits the channels of `x` into `groups` equal groups, and pads each with `padding[0]` frames of zeros before and
    /// `padding[1]` after.
    ///
    /// # Shapes
    /// - `x`: `[frames, width]`
    /// - `out`: `[groups, padding[0] + frames + padding[1], width / groups]`
    fn pad(
        &mut self,
        x: &Self::Values,
        width: usize,
        groups: usize,
        padding: [usize; 2],
        out: &mut Self::Values,
    );

    /// Applies a layer to every window of `x`, at intervals of `stride` values; `out` has a row per window. With
    /// [`Epilogue::Accumulate`], the result is added to `out`. Each group of channels, in the layout of [`pad`](Self::pad), has a
    /// layer of its own, and their outputs are concatenated.
    fn linear(
        &mut self,
        dense: &Self::Dense,
        x: &Self::Values,
        stride: usize,
        epilogue: Epilogue,
        out: &mut Self::Values,
    );

    /// Adds to `x` the output of the two layers for each frame of `normed`.
    fn feed_forward(
        &mut self,
        layers: [&Self::Dense; 2],
        normed: &Self::Values,
        hidden: &mut Self::Values,
        x: &mut Self::Values,
    );

    /// Applies a norm in place, then the epilogue.
    fn normalise(&mut self, norm: &Self::Norm, axis: NormAxis, epilogue: Epilogue, x: &mut Self::Values);

    /// Computes attention from concatenated queries, keys and values. Writes the attention weights of each head to
    /// `attention_weights`.
    ///
    /// # Shapes
    /// - `projected`: `[frames, 3 * width]`
    /// - `context`: `[frames, width]`
    /// - `attention_weights`: `[heads, frames, frames]`
    fn attention(
        &mut self,
        projected: &Self::Values,
        width: usize,
        heads: usize,
        context: &mut Self::Values,
        attention_weights: Option<&mut Self::Values>,
    );
}
