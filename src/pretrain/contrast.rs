//! The objective of wav2vec 2.0: of the masked frames of a sound, tell which one this is by its quantised description.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngExt;
use rand::rngs::StdRng;

use super::clusters::{largest, one_hot};
use super::student::{Figures, Outcome, to_unit_length};

/// Cosines are divided by this before softmax, as in the paper.
const TEMPERATURE: f32 = 0.1;
/// How much a frame's choice of entries is left to chance, at the start and at the end of a run.
const GUMBEL: [f32; 2] = [2.0, 0.5];
/// Added to the score of what must not be chosen.
const FORBIDDEN: f32 = -1e4;

/// Describes frames by entries of codebooks, and compares them with what the layers say.
#[derive(Module, Debug)]
pub struct ContrastHead {
    /// Scores of the entries.
    choice: Linear,
    /// `[groups, entries, width / groups]`.
    entries: Param<Tensor<3>>,
    described: Linear,
    said: Linear,
}

impl ContrastHead {
    pub fn new(
        channels: usize,
        layers: usize,
        [groups, entries, width]: [usize; 3],
        device: &Device,
    ) -> Self {
        let small = Initializer::Uniform { min: 0.0, max: 1.0 };
        Self {
            // Far apart from the start, so that choices are not all left to chance.
            choice: LinearConfig::new(channels, groups * entries)
                .with_initializer(Initializer::Normal { mean: 0.0, std: 1.0 })
                .init(device),
            entries: small.init([groups, entries, width / groups], device),
            described: LinearConfig::new(width, width).init(device),
            said: LinearConfig::new(layers, width).init(device),
        }
    }

    /// Cross-entropy of the right frame among those masked in the same sound, and `diversity` times the share of the
    /// entries that are not used.
    ///
    /// # Shapes
    /// - features: `[batch, frames, channels]`
    /// - last: `[batch, frames, width]`
    /// - mask: `batch * frames`
    /// - progress: 0 to 1
    pub fn loss(
        &self,
        features: Tensor<3>,
        last: Tensor<3>,
        mask: &[bool],
        diversity: f32,
        progress: f32,
        rng: &mut StdRng,
    ) -> Outcome {
        let device = last.device();
        let [batch, frames, width] = last.dims();
        let [_, _, channels] = features.dims();
        let masked: Vec<usize> = (0..mask.len()).filter(|&frame| mask[frame]).collect();
        let places: Vec<i64> = masked.iter().map(|&frame| frame as i64).collect();
        let places = Tensor::<1, Int>::from_data(TensorData::new(places, [masked.len()]), &device);
        let features = features.reshape([batch * frames, channels]).select(0, places.clone());
        let last = last.reshape([batch * frames, width]).select(0, places);

        let Quantised { vectors, chosen, spread, used } = self.quantise(features, progress, rng);
        let described = to_unit_length(self.described.forward(vectors));
        let cosines = to_unit_length(self.said.forward(last)).matmul(described.swap_dims(0, 1));
        let count = masked.len();
        let mut barred = vec![0.0_f32; count * count];
        let mut open = 0;
        for row in 0..count {
            for column in 0..count {
                let is_other_sound = masked[row] / frames != masked[column] / frames;
                // What is described alike cannot be told apart.
                let is_alike = row != column && chosen[row] == chosen[column];
                let is_barred = is_other_sound || is_alike;
                barred[row * count + column] = if is_barred { FORBIDDEN } else { 0.0 };
                open += usize::from(!is_barred);
            }
        }
        let barred = Tensor::<2>::from_data(TensorData::new(barred, [count, count]), &device);
        let scores = log_softmax(cosines / TEMPERATURE + barred, 1);
        let right: Vec<usize> = (0..count).collect();
        let said: Vec<f32> = scores.clone().into_data().try_to_vec().expect("scores are f32");
        let found =
            said.chunks_exact(count).zip(&right).filter(|(said, right)| largest(said) == **right).count();
        let entropy = (scores * one_hot(&right, count, &device)).sum().neg() / count as f32;
        Outcome {
            loss: entropy + (spread.neg() + 1.0) * diversity,
            figures: Figures {
                found: found as f32 / count.max(1) as f32,
                chance: count as f32 / open.max(1) as f32,
                used,
            },
        }
    }

    /// Chooses an entry of each codebook for each frame (Jang et al., "Categorical Reparameterization with
    /// Gumbel-Softmax", 2017): forward the one with the best score after noise, backward a softmax of them.
    fn quantise(&self, features: Tensor<2>, progress: f32, rng: &mut StdRng) -> Quantised {
        let device = features.device();
        let [count, _] = features.dims();
        let [groups, entries, width] = self.entries.dims();
        let scores = self.choice.forward(features).reshape([count, groups, entries]);
        let noise: Vec<f32> = (0..count * groups * entries)
            .map(|_| -(-(rng.random::<f32>().max(1e-9)).ln()).max(1e-9).ln())
            .collect();
        let noise = Tensor::<3>::from_data(TensorData::new(noise, [count, groups, entries]), &device);
        let temperature = GUMBEL[0] + (GUMBEL[1] - GUMBEL[0]) * progress;
        let soft = softmax((scores.clone() + noise) / temperature, 2);
        let chances: Vec<f32> = soft.clone().into_data().try_to_vec().expect("scores are f32");
        let chosen: Vec<usize> = chances.chunks_exact(entries).map(largest).collect();
        let hard = one_hot(&chosen, entries, &device).reshape([count, groups, entries]);
        let choice = hard + soft.clone() - soft.detach();
        let vectors = choice.swap_dims(0, 1).matmul(self.entries.val());
        let vectors = vectors.swap_dims(0, 1).reshape([count, groups * width]);

        // How many entries the frames would use, chosen without noise: the exponential of the entropy of their mean.
        let mean = softmax(scores, 2).mean_dim(0);
        let entropy = (mean.clone() * (mean + 1e-7).log()).sum_dim(2).neg();
        let spread = entropy.exp().sum() / (groups * entries) as f32;
        let chosen: Vec<Vec<usize>> = chosen.chunks_exact(groups).map(<[usize]>::to_vec).collect();
        let mut seen = vec![false; groups * entries];
        for frame in &chosen {
            frame.iter().enumerate().for_each(|(group, &entry)| seen[group * entries + entry] = true);
        }
        let used = seen.iter().filter(|seen| **seen).count() as f32 / seen.len() as f32;
        Quantised { vectors, chosen, spread, used }
    }
}

struct Quantised {
    /// `[frames, width]`.
    vectors: Tensor<2>,
    /// The entries of each frame, one of each codebook.
    chosen: Vec<Vec<usize>>,
    /// Share of the entries in use, 0 to 1, with a slope.
    spread: Tensor<1>,
    /// Share of the entries that some frame has.
    used: f32,
}
