//! The paper's networks that turn a feature map into one score a class.

mod baseline;
mod cnn_lstm;
mod deep_cnn;

pub use baseline::{Baseline, BaselineConfig};
pub use cnn_lstm::{CnnLstm, CnnLstmConfig};
pub use deep_cnn::{DeepCnn, DeepCnnConfig};

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// Which network a model uses, with its sizes: the `architecture` of a `model.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Architecture {
    /// Convolutions along the means of the rows.
    Baseline(BaselineConfig),
    /// Three convolution blocks, a bidirectional LSTM, attention and two dense layers.
    CnnLstm(CnnLstmConfig),
    /// Four convolution blocks and two dense layers.
    DeepCnn(DeepCnnConfig),
}

impl Architecture {
    /// Rows and columns of the feature map that the network takes.
    pub fn input(&self) -> [usize; 2] {
        match self {
            Self::Baseline(config) => config.input,
            Self::CnnLstm(config) => config.input,
            Self::DeepCnn(config) => config.input,
        }
    }

    /// Number of scores it gives.
    pub fn classes(&self) -> usize {
        match self {
            Self::Baseline(config) => config.classes,
            Self::CnnLstm(config) => config.classes,
            Self::DeepCnn(config) => config.classes,
        }
    }

    /// Makes the network with fresh random weights.
    pub fn init(&self, device: &Device) -> Classifier {
        match self {
            Self::Baseline(config) => Classifier::Baseline(config.init(device)),
            Self::CnnLstm(config) => Classifier::CnnLstm(config.init(device)),
            Self::DeepCnn(config) => Classifier::DeepCnn(config.init(device)),
        }
    }
}

/// A network of any of the architectures.
#[derive(burn::module::Module, Debug)]
pub enum Classifier {
    /// See [`Baseline`].
    Baseline(Baseline),
    /// See [`CnnLstm`].
    CnnLstm(CnnLstm),
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
            Self::Baseline(net) => net.forward(maps),
            Self::CnnLstm(net) => net.forward(maps),
            Self::DeepCnn(net) => net.forward(maps),
        }
    }

    /// The penalty on large weights that training adds to the loss, of networks that have one.
    pub fn weight_penalty(&self) -> Option<Tensor<1>> {
        match self {
            Self::Baseline(_) | Self::CnnLstm(_) => None,
            Self::DeepCnn(net) => Some(net.weight_penalty()),
        }
    }
}
