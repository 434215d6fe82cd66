//! The networks that turn a feature map, or what an encoder makes of a clip, into one score a class.

mod attentive_mlp;
mod baseline;
mod cnn_lstm;
mod convolutional;
mod deep_cnn;
mod mlp;
mod speaker;

pub use attentive_mlp::{AttentiveMlp, AttentiveMlpConfig};
pub use baseline::{Baseline, BaselineConfig};
pub use cnn_lstm::{CnnLstm, CnnLstmConfig};
pub use convolutional::Convolutional;
pub use deep_cnn::{DeepCnn, DeepCnnConfig};
pub use mlp::{Mlp, MlpConfig};
pub use speaker::{SpeakerNetwork, SpeakerNetworkConfig};

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::rules::first_broken;

/// Most values that stand side by side in a classifier.
const WIDEST: usize = 4096;
/// Most values of a feature map: a minute of sound in 170 bands.
const LARGEST_INPUT: usize = 1 << 20;

/// Which network a model uses, with its sizes: the `architecture` of a `model.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Architecture {
    /// Dense layers, one of them residual, and self-attention.
    AttentiveMlp(AttentiveMlpConfig),
    /// Convolutions along the means of the rows.
    Baseline(BaselineConfig),
    /// Three convolution blocks, a bidirectional LSTM, attention and two dense layers.
    CnnLstm(CnnLstmConfig),
    /// Four convolution blocks and two dense layers.
    DeepCnn(DeepCnnConfig),
    /// Three dense layers.
    Mlp(MlpConfig),
}

impl Architecture {
    /// Rows and columns of the feature map that the network takes.
    pub fn input(&self) -> [usize; 2] {
        match self {
            Self::AttentiveMlp(config) => config.input,
            Self::Baseline(config) => config.input,
            Self::CnnLstm(config) => config.input,
            Self::DeepCnn(config) => config.input,
            Self::Mlp(config) => config.input,
        }
    }

    /// Number of scores it gives.
    pub fn classes(&self) -> usize {
        match self {
            Self::AttentiveMlp(config) => config.classes,
            Self::Baseline(config) => config.classes,
            Self::CnnLstm(config) => config.classes,
            Self::DeepCnn(config) => config.classes,
            Self::Mlp(config) => config.classes,
        }
    }

    /// Checks that the sizes make a network, and one of a classifier's size. What holds is true of every description that
    /// comes from outside; [`init`](Self::init) relies on it.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        // Sizes, dropout probabilities, and by how much rows and columns are made fewer.
        let (sizes, dropout, [fewer_rows, fewer_columns]): (Vec<usize>, Vec<f64>, [usize; 2]) = match self {
            Self::AttentiveMlp(config) => (
                [&[config.width, config.groups], &config.hidden[..]].concat(),
                config.dropout.to_vec(),
                [1, 1],
            ),
            Self::Baseline(config) => {
                ([&[config.kernel], &config.channels[..]].concat(), vec![config.dropout], [8, 1])
            }
            Self::CnnLstm(config) => (
                [&[config.units, config.hidden], &config.channels[..]].concat(),
                vec![config.conv_dropout, config.hidden_dropout],
                [8, 8],
            ),
            Self::DeepCnn(config) => (
                [&[config.hidden], &config.channels[..]].concat(),
                [&config.dropout[..], &[config.hidden_dropout]].concat(),
                [16, 16],
            ),
            Self::Mlp(config) => {
                (config.hidden.to_vec(), [&[config.input_dropout], &config.dropout[..]].concat(), [1, 1])
            }
        };
        let [rows, columns] = self.input();
        first_broken(&[
            (
                sizes.iter().chain([&self.classes()]).all(|size| (1..=WIDEST).contains(size)),
                "the sizes of the network must be from 1 to 4096",
            ),
            (
                rows >= fewer_rows
                    && columns >= fewer_columns
                    && rows.checked_mul(columns).is_some_and(|values| values <= LARGEST_INPUT),
                "the network's input is too small to be halved as often as it is, or too large",
            ),
            (
                dropout.iter().all(|probability| (0.0..1.0).contains(probability)),
                "a dropout probability must be from 0 to below 1",
            ),
            (
                !matches!(self, Self::AttentiveMlp(config) if !config.width.is_multiple_of(config.groups)),
                "the groups must divide the width",
            ),
            (
                !matches!(self, Self::Baseline(config) if config.kernel.is_multiple_of(2)),
                "the length of a kernel must be odd",
            ),
        ])
    }

    /// Makes the network with fresh random weights.
    pub fn init(&self, device: &Device) -> Classifier {
        match self {
            Self::AttentiveMlp(config) => Classifier::AttentiveMlp(config.init(device)),
            Self::Baseline(config) => Classifier::Baseline(config.init(device)),
            Self::CnnLstm(config) => Classifier::CnnLstm(config.init(device)),
            Self::DeepCnn(config) => Classifier::DeepCnn(config.init(device)),
            Self::Mlp(config) => Classifier::Mlp(config.init(device)),
        }
    }
}

/// A network of any of the architectures.
#[derive(burn::module::Module, Debug)]
#[allow(clippy::large_enum_variant)] // A program holds one or two.
pub enum Classifier {
    /// See [`AttentiveMlp`].
    AttentiveMlp(AttentiveMlp),
    /// See [`Baseline`].
    Baseline(Baseline),
    /// See [`CnnLstm`].
    CnnLstm(CnnLstm),
    /// See [`DeepCnn`].
    DeepCnn(DeepCnn),
    /// See [`Mlp`].
    Mlp(Mlp),
}

impl Classifier {
    /// Scores before softmax.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, maps: Tensor<3>) -> Tensor<2> {
        self.decide(self.represent(maps))
    }

    /// The features that the last layers decide by: what attention says in an [`AttentiveMlp`], elsewhere what goes into
    /// the output layer.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, features]`
    pub fn represent(&self, maps: Tensor<3>) -> Tensor<2> {
        match self {
            Self::AttentiveMlp(net) => net.represent(maps),
            Self::Baseline(net) => net.represent(maps),
            Self::CnnLstm(net) => net.represent(maps),
            Self::DeepCnn(net) => net.represent(maps),
            Self::Mlp(net) => net.represent(maps),
        }
    }

    /// Scores before softmax, of such features.
    ///
    /// # Shapes
    /// - input: `[batch, features]`
    /// - output: `[batch, classes]`
    pub fn decide(&self, features: Tensor<2>) -> Tensor<2> {
        match self {
            Self::AttentiveMlp(net) => net.decide(features),
            Self::Baseline(net) => net.decide(features),
            Self::CnnLstm(net) => net.decide(features),
            Self::DeepCnn(net) => net.decide(features),
            Self::Mlp(net) => net.decide(features),
        }
    }

    /// What the last convolution finds, after ReLU; nothing from networks without one.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, channels, rows, columns]`, smaller by what was pooled
    pub fn convolved(&self, maps: Tensor<3>) -> Option<Tensor<4>> {
        Some(self.convolutional()?.convolved(maps))
    }

    /// Scores before softmax, of what the last convolution finds.
    ///
    /// # Shapes
    /// - input: `[batch, channels, rows, columns]`
    /// - output: `[batch, classes]`
    ///
    /// # Panics
    /// If the network has no convolutions.
    pub fn conclude(&self, activation: Tensor<4>) -> Tensor<2> {
        let network = self.convolutional().expect("a network with convolutions");
        self.decide(network.after_convolutions(activation))
    }

    fn convolutional(&self) -> Option<&dyn Convolutional> {
        match self {
            Self::Baseline(net) => Some(net),
            Self::CnnLstm(net) => Some(net),
            Self::DeepCnn(net) => Some(net),
            Self::AttentiveMlp(_) | Self::Mlp(_) => None,
        }
    }

    /// The penalty on large weights that training adds to the loss, of networks that have one.
    pub fn weight_penalty(&self) -> Option<Tensor<1>> {
        match self {
            Self::Baseline(_) | Self::CnnLstm(_) | Self::Mlp(_) => None,
            Self::AttentiveMlp(net) => Some(net.weight_penalty()),
            Self::DeepCnn(net) => Some(net.weight_penalty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Module;
    use burn::tensor::Distribution;

    fn small() -> [Architecture; 5] {
        [
            Architecture::AttentiveMlp(AttentiveMlpConfig::new([12, 1]).with_width(8).with_groups(2)),
            Architecture::Baseline(BaselineConfig::new([16, 20]).with_channels([4, 3, 2])),
            Architecture::CnnLstm(CnnLstmConfig::new([16, 24]).with_channels([2, 3, 4]).with_units(5)),
            Architecture::DeepCnn(DeepCnnConfig::new([16, 32]).with_channels([2, 2, 3, 4]).with_hidden(5)),
            Architecture::Mlp(MlpConfig::new([12, 1]).with_hidden([6, 5])),
        ]
    }

    #[test]
    fn every_network_gives_each_clip_its_own_scores() {
        let device = Device::flex();
        for architecture in small() {
            let network = architecture.init(&device);
            let [rows, columns] = architecture.input();
            let maps = Tensor::<3>::random([3, rows, columns], Distribution::Normal(0.0, 1.0), &device);
            let together = network.forward(maps.clone());
            assert_eq!(together.dims(), [3, architecture.classes()]);
            let alone = network.forward(maps.narrow(0, 1, 1)).into_data();
            let together = together.narrow(0, 1, 1).into_data();
            together.assert_approx_eq::<f32>(&alone, burn::tensor::Tolerance::absolute(1e-5));
        }
    }

    /// In halves and with gradients, networks say what they say at once and without.
    #[test]
    fn a_network_that_is_held_says_the_same_from_its_last_convolution_on() {
        let (plain, device) = (Device::flex(), Device::flex().autodiff());
        for architecture in small() {
            let network = architecture.init(&plain);
            let [rows, columns] = architecture.input();
            let maps = Tensor::<3>::random([2, rows, columns], Distribution::Normal(0.0, 1.0), &plain);
            let scores = network.forward(maps.clone()).into_data();
            let Some(activation) = network.convolved(maps) else { continue };
            let held =
                crate::nn::learning::held(|| network.clone().fork(&device).conclude(activation.autodiff()));
            scores.assert_approx_eq::<f32>(&held.into_data(), burn::tensor::Tolerance::absolute(1e-5));
        }
    }

    #[test]
    fn a_step_of_training_reaches_every_parameter() {
        let device = Device::flex().autodiff();
        for architecture in small() {
            let network = architecture.init(&device);
            let [rows, columns] = architecture.input();
            let maps = Tensor::<3>::random([4, rows, columns], Distribution::Normal(0.0, 1.0), &device);
            let scores = network.forward(maps);
            let gradients = (scores.clone() * scores).sum().backward();
            let gradients = burn::optim::GradientsParams::from_grads(gradients, &network);
            assert_eq!(count_without_gradient(&network, &gradients), 0, "{architecture:?}");
        }
    }

    /// Parameters that learn and have no gradient.
    fn count_without_gradient(network: &Classifier, gradients: &burn::optim::GradientsParams) -> usize {
        struct Count<'a>(&'a burn::optim::GradientsParams, usize);
        impl burn::module::ModuleVisitor for Count<'_> {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                let learns = param.is_require_grad();
                self.1 += usize::from(learns && self.0.get::<D>(param.id).is_none());
            }
        }
        let mut count = Count(gradients, 0);
        network.visit(&mut count);
        count.1
    }
}
