//! Two networks that classify a clip conditioned on a reference of its speaker.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::{MAX_WIDTH, Mlp, MlpConfig};

/// Sizes of a [`SpeakerNetwork`].
#[derive(Config, Debug)]
pub struct SpeakerNetworkConfig {
    /// Number of values in an encoder embedding.
    pub rows: usize,
    /// Units of the hidden layers of both networks.
    #[config(default = "[128, 64]")]
    pub hidden: [usize; 2],
}

impl SpeakerNetworkConfig {
    /// The network on embedding - reference.
    pub fn relative(&self) -> MlpConfig {
        MlpConfig::new([self.rows, 1]).with_hidden(self.hidden)
    }

    /// The network on embedding - reference, then the reference.
    pub fn full(&self) -> MlpConfig {
        MlpConfig::new([2 * self.rows, 1]).with_hidden(self.hidden)
    }

    /// Returns whether the sizes make networks of a classifier's size.
    pub(crate) fn is_valid(&self) -> bool {
        self.hidden.iter().chain([&self.rows]).all(|size| (1..=MAX_WIDTH).contains(size))
    }

    /// Initializes both networks with random weights.
    pub fn init(&self, device: &Device) -> SpeakerNetwork {
        SpeakerNetwork { relative: self.relative().init(device), full: self.full().init(device) }
    }
}

/// The mean of the logits of two networks. The first gets only the difference of a clip from its speaker's reference, which is
/// similar in unseen corpora; the second also gets the reference, which distinguishes the speakers and microphones of the training
/// corpora.
#[derive(Module, Debug)]
pub struct SpeakerNetwork {
    /// On embedding - reference.
    pub relative: Mlp,
    /// On embedding - reference, then the reference.
    pub full: Mlp,
}

impl SpeakerNetwork {
    /// Returns the logits.
    ///
    /// # Shapes
    /// - embeddings, references: `[batch, rows, 1]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, embeddings: Tensor<3>, references: Tensor<3>) -> Tensor<2> {
        let difference = embeddings - references.clone();
        let full = self.full.forward(Tensor::cat(vec![difference.clone(), references], 1));
        (self.relative.forward(difference) + full) * 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Distribution, Tolerance};

    #[test]
    fn every_clip_has_its_own_logits_and_the_reference_counts() {
        let device = Device::flex();
        let network = SpeakerNetworkConfig::new(6).with_hidden([5, 4]).init(&device);
        let draw = || Tensor::<3>::random([3, 6, 1], Distribution::Normal(0.0, 1.0), &device);
        let (embeddings, references) = (draw(), draw());
        let together = network.forward(embeddings.clone(), references.clone());
        assert_eq!(together.dims(), [3, 7]);
        let single = network.forward(embeddings.clone().narrow(0, 1, 1), references.clone().narrow(0, 1, 1));
        let second = together.clone().narrow(0, 1, 1).into_data();
        second.assert_approx_eq::<f32>(&single.into_data(), Tolerance::absolute(1e-5));
        let other: Vec<f32> = network.forward(embeddings, references * 2.0).into_data().try_to_vec().unwrap();
        let together: Vec<f32> = together.into_data().try_to_vec().unwrap();
        assert!(together.iter().zip(&other).any(|(a, b)| (a - b).abs() > 1e-4));
    }
}
