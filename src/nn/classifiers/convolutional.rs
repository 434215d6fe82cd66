//! What networks share that begin with convolution blocks.

use burn::tensor::Tensor;

use crate::nn::conv_block::ConvBlock;

/// A network that begins with convolution blocks.
pub trait Convolutional {
    /// At least one.
    fn blocks(&self) -> &[ConvBlock];

    /// What the blocks make of a map, as the features that the last layers decide by.
    ///
    /// # Shapes
    /// - input: `[batch, channels, rows, columns]`, smaller by what was pooled
    /// - output: `[batch, features]`
    fn hear(&self, maps: Tensor<4>) -> Tensor<2>;

    /// The maps as the blocks take them.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, 1, rows, columns]`
    fn enter(&self, maps: Tensor<3>) -> Tensor<4> {
        maps.unsqueeze_dim(1)
    }

    /// The features that the last layers decide by.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, features]`
    fn represent(&self, maps: Tensor<3>) -> Tensor<2> {
        self.hear(self.blocks().iter().fold(self.enter(maps), |x, block| block.forward(x)))
    }

    /// What the last convolution finds, after ReLU.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, channels, rows, columns]`, smaller by what was pooled before
    fn convolved(&self, maps: Tensor<3>) -> Tensor<4> {
        let (last, first) = self.blocks().split_last().expect("at least one block");
        last.activation(first.iter().fold(self.enter(maps), |x, block| block.forward(x)))
    }

    /// The features that the last layers decide by, of what the last convolution finds.
    ///
    /// # Shapes
    /// - input: as [`convolved`](Self::convolved) gives it
    /// - output: `[batch, features]`
    fn after_convolutions(&self, activation: Tensor<4>) -> Tensor<2> {
        self.hear(self.blocks()[self.blocks().len() - 1].pooled(activation))
    }
}
