//! Classifiers: networks from features to one logit per class.

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

/// Largest width of a layer of a classifier.
const MAX_WIDTH: usize = 4096;
/// Largest number of values in a feature map: a minute of audio in 170 bands.
const MAX_INPUT: usize = 1 << 20;

/// The network of a model, with its sizes: the `architecture` of a `model.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Architecture {
    /// Dense layers, one of them residual, and self-attention.
    AttentiveMlp(AttentiveMlpConfig),
    /// One-dimensional convolutions over the means of the rows.
    Baseline(BaselineConfig),
    /// Three convolution blocks, a bidirectional LSTM, attention and two dense layers.
    CnnLstm(CnnLstmConfig),
    /// Four convolution blocks and two dense layers.
    DeepCnn(DeepCnnConfig),
    /// Three dense layers.
    Mlp(MlpConfig),
}

impl Architecture {
    /// Rows and columns of the feature map that the network expects.
    pub fn input(&self) -> [usize; 2] {
        match self {
            Self::AttentiveMlp(config) => config.input,
            Self::Baseline(config) => config.input,
            Self::CnnLstm(config) => config.input,
            Self::DeepCnn(config) => config.input,
            Self::Mlp(config) => config.input,
        }
    }

    /// Number of classes, which is the number of logits.
    pub fn classes(&self) -> usize {
        match self {
            Self::AttentiveMlp(config) => config.classes,
            Self::Baseline(config) => config.classes,
            Self::CnnLstm(config) => config.classes,
            Self::DeepCnn(config) => config.classes,
            Self::Mlp(config) => config.classes,
        }
    }

    /// Checks that the sizes make a network, and one of a classifier's size. Every description from outside passes this
    /// check; [`init`](Self::init) relies on it.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        // Sizes, dropout probabilities, and the factors by which pooling reduces rows and columns.
        let (sizes, dropout, [row_factor, column_factor]): (Vec<usize>, Vec<f64>, [usize; 2]) = match self {
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
                sizes.iter().chain([&self.classes()]).all(|size| (1..=MAX_WIDTH).contains(size)),
                "the sizes of the network must be from 1 to 4096",
            ),
            (
                rows >= row_factor
                    && columns >= column_factor
                    && rows.checked_mul(columns).is_some_and(|values| values <= MAX_INPUT),
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

    /// Initializes the network with random weights.
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
    /// Returns the logits.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, maps: Tensor<3>) -> Tensor<2> {
        self.classify(self.embed(maps))
    }

    /// Returns the embedding: the output of self-attention in an [`AttentiveMlp`], elsewhere the input of the output layer.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, embedding]`
    pub fn embed(&self, maps: Tensor<3>) -> Tensor<2> {
        match self {
            Self::AttentiveMlp(net) => net.embed(maps),
            Self::Baseline(net) => net.embed(maps),
            Self::CnnLstm(net) => net.embed(maps),
            Self::DeepCnn(net) => net.embed(maps),
            Self::Mlp(net) => net.embed(maps),
        }
    }

    /// Returns the logits for an embedding.
    ///
    /// # Shapes
    /// - input: `[batch, embedding]`
    /// - output: `[batch, classes]`
    pub fn classify(&self, embedding: Tensor<2>) -> Tensor<2> {
        match self {
            Self::AttentiveMlp(net) => net.classify(embedding),
            Self::Baseline(net) => net.classify(embedding),
            Self::CnnLstm(net) => net.classify(embedding),
            Self::DeepCnn(net) => net.classify(embedding),
            Self::Mlp(net) => net.classify(embedding),
        }
    }

    /// Returns the activation of the last convolution, after ReLU; `None` for networks without convolutions.
    ///
    /// # Shapes
    /// - input: `[batch, rows, columns]`
    /// - output: `[batch, channels, rows, columns]`, reduced by the pooling of the blocks before
    pub fn last_activation(&self, maps: Tensor<3>) -> Option<Tensor<4>> {
        Some(self.convolutional()?.last_activation(maps))
    }

    /// Returns the logits for the activation of the last convolution.
    ///
    /// # Shapes
    /// - input: `[batch, channels, rows, columns]`
    /// - output: `[batch, classes]`
    ///
    /// # Panics
    /// If the network has no convolutions.
    pub fn classify_activation(&self, activation: Tensor<4>) -> Tensor<2> {
        let network = self.convolutional().expect("a network with convolutions");
        self.classify(network.embed_last_activation(activation))
    }

    fn convolutional(&self) -> Option<&dyn Convolutional> {
        match self {
            Self::Baseline(net) => Some(net),
            Self::CnnLstm(net) => Some(net),
            Self::DeepCnn(net) => Some(net),
            Self::AttentiveMlp(_) | Self::Mlp(_) => None,
        }
    }

    /// Returns the L2 penalty that training adds to the loss, for networks that have one.
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
    fn every_network_gives_each_clip_its_own_logits() {
        let device = Device::flex();
        for architecture in small() {
            let network = architecture.init(&device);
            let [rows, columns] = architecture.input();
            let maps = Tensor::<3>::random([3, rows, columns], Distribution::Normal(0.0, 1.0), &device);
            let together = network.forward(maps.clone());
            assert_eq!(together.dims(), [3, architecture.classes()]);
            let single = network.forward(maps.narrow(0, 1, 1)).into_data();
            let together = together.narrow(0, 1, 1).into_data();
            together.assert_approx_eq::<f32>(&single, burn::tensor::Tolerance::absolute(1e-5));
        }
    }

    /// In two halves and with gradients, networks give the same logits as in one pass without gradients.
    #[test]
    fn the_last_activation_gives_the_same_logits_in_evaluation_mode() {
        let (plain, device) = (Device::flex(), Device::flex().autodiff());
        for architecture in small() {
            let network = architecture.init(&plain);
            let [rows, columns] = architecture.input();
            let maps = Tensor::<3>::random([2, rows, columns], Distribution::Normal(0.0, 1.0), &plain);
            let logits = network.forward(maps.clone()).into_data();
            let Some(activation) = network.last_activation(maps) else { continue };
            let evaluated = crate::nn::mode::in_eval_mode(|| {
                network.clone().fork(&device).classify_activation(activation.autodiff())
            });
            logits.assert_approx_eq::<f32>(&evaluated.into_data(), burn::tensor::Tolerance::absolute(1e-5));
        }
    }

    #[test]
    fn every_parameter_gets_a_gradient() {
        let device = Device::flex().autodiff();
        for architecture in small() {
            let network = architecture.init(&device);
            let [rows, columns] = architecture.input();
            let maps = Tensor::<3>::random([4, rows, columns], Distribution::Normal(0.0, 1.0), &device);
            let logits = network.forward(maps);
            let gradients = (logits.clone() * logits).sum().backward();
            let gradients = burn::optim::GradientsParams::from_grads(gradients, &network);
            assert_eq!(count_without_gradient(&network, &gradients), 0, "{architecture:?}");
        }
    }

    /// Number of trainable parameters without a gradient.
    fn count_without_gradient(network: &Classifier, gradients: &burn::optim::GradientsParams) -> usize {
        struct Count<'a>(&'a burn::optim::GradientsParams, usize);
        impl burn::module::ModuleVisitor for Count<'_> {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                let requires_gradient = param.is_require_grad();
                self.1 += usize::from(requires_gradient && self.0.get::<D>(param.id).is_none());
            }
        }
        let mut count = Count(gradients, 0);
        network.visit(&mut count);
        count.1
    }
}
