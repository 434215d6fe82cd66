//! Shared parts of networks that begin with convolution blocks.

use burn::tensor::Tensor;

use crate::nn::conv_block::ConvBlock;

/// A network that begins with convolution blocks.
pub trait Convolutional {
    /// The convolution blocks, at least one.
    fn blocks(&self) -> &[ConvBlock];

    /// Returns the embedding for the output of the last block.
    ///
    /// # Shapes
    /// - input: `[batch, channels, rows, columns]`, after pooling
    /// - output: `[batch, embedding]`
    fn embed_activation(&self, maps: Tensor<4>) -> Tensor<2>;

    /// Adds the channel dimension that the blocks expect.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, 1, rows, columns]`
    fn to_channels(&self, maps: Tensor<3>) -> Tensor<4> {
        maps.unsqueeze_dim(1)
    }

    /// Returns the embedding, the input of [`classify`](super::Classifier::classify).
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, embedding]`
    fn embed(&self, maps: Tensor<3>) -> Tensor<2> {
        self.embed_activation(self.blocks().iter().fold(self.to_channels(maps), |x, block| block.forward(x)))
    }

    /// Returns the activation of the last convolution, after ReLU.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, channels, rows, columns]`, reduced by the pooling of the blocks before
    fn last_activation(&self, maps: Tensor<3>) -> Tensor<4> {
        let (last, first) = self.blocks().split_last().expect("at least one block");
        last.activation(first.iter().fold(self.to_channels(maps), |x, block| block.forward(x)))
    }

    /// Returns the embedding for the activation of the last convolution.
    ///
    /// # Shapes
    /// - input: as returned by [`last_activation`](Self::last_activation)
    /// - output: `[batch, embedding]`
    fn embed_last_activation(&self, activation: Tensor<4>) -> Tensor<2> {
        self.embed_activation(self.blocks()[self.blocks().len() - 1].normalise_and_pool(activation))
    }
}
