//! The paper's networks that turn a feature map into one score a class.

mod deep_cnn;

pub use deep_cnn::{DeepCnn, DeepCnnConfig};

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Which network a model uses, with its sizes: the `architecture` of a `model.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Architecture {
    /// Four convolution blocks and two dense layers.
    DeepCnn(DeepCnnConfig),
}

impl Architecture {
    /// Rows and columns of the feature map that the network takes.
    pub fn input(&self) -> [usize; 2] {
        match self {
            Self::DeepCnn(config) => config.input,
        }
    }

    /// Number of scores it gives.
    pub fn classes(&self) -> usize {
        match self {
            Self::DeepCnn(config) => config.classes,
        }
    }

    /// Makes the network with fresh random weights.
    pub fn init(&self, device: &Device) -> Classifier {
        match self {
            Self::DeepCnn(config) => Classifier::DeepCnn(config.init(device)),
        }
    }
}

/// A network of any of the architectures.
#[derive(burn::module::Module, Debug)]
pub enum Classifier {
    /// See [`DeepCnn`].
    DeepCnn(DeepCnn),
}

impl Classifier {
    /// Scores before softmax.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, maps: Tensor<3>) -> Tensor<2> {
        match self {
            Self::DeepCnn(net) => net.forward(maps),
        }
    }

    /// The penalty on large weights that training adds to the loss.
    pub fn weight_penalty(&self) -> Tensor<1> {
        match self {
            Self::DeepCnn(net) => net.weight_penalty(),
        }
    }
}
