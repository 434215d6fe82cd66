//! The objective of wav2vec 2.0: identify each masked frame by its quantized features among the masked frames of its
//! crop.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::RngExt;
use rand::rngs::StdRng;

use super::clusters::{argmax, one_hot};
use super::objective::{Batch, LossMetrics, LossOutput, MaskedEncoder, Objective, normalize_rows};

/// Cosines are divided by this before softmax, as in the paper.
const TEMPERATURE: f32 = 0.1;
/// Temperature of the Gumbel softmax, at the start and at the end of a run.
const GUMBEL_TEMPERATURE: [f32; 2] = [2.0, 0.5];
/// Added to the logits of frames that are no candidates.
const EXCLUDED: f32 = -1e4;

/// Sizes and weights of the head.
pub struct ContrastSettings {
    /// Codebooks.
    pub groups: usize,
    /// Entries of each.
    pub entries: usize,
    /// Dimensions in which frames are compared.
    pub width: usize,
    /// Weight of the diversity loss.
    pub diversity: f32,
}

/// Quantizes features with codebooks, and compares them with the encoder's output.
#[derive(Module, Debug)]
pub struct ContrastHead {
    /// Logits of the entries.
    choice: Linear,
    /// `[groups, entries, width / groups]`.
    entries: Param<Tensor<3>>,
    /// Projects quantized features.
    described: Linear,
    /// Projects the encoder's output.
    said: Linear,
    diversity: f32,
}

impl ContrastHead {
    /// A head on `channels` channels of the convolutions and `layers` values a frame of the encoder.
    pub fn new(channels: usize, layers: usize, settings: &ContrastSettings, device: &Device) -> Self {
        let &ContrastSettings { groups, entries, width, diversity } = settings;
        let small = Initializer::Uniform { min: 0.0, max: 1.0 };
        Self {
            // Far apart from the start, so that choices are not all left to chance.
            choice: LinearConfig::new(channels, groups * entries)
                .with_initializer(Initializer::Normal { mean: 0.0, std: 1.0 })
                .init(device),
            entries: small.init([groups, entries, width / groups], device),
            described: LinearConfig::new(width, width).init(device),
            said: LinearConfig::new(layers, width).init(device),
            diversity,
        }
    }

    /// Chooses an entry of each codebook for each frame (Jang et al., "Categorical Reparameterization with
    /// Gumbel-Softmax", 2017): forward the one with the largest logit after noise, backward a softmax of them.
    fn quantize(&self, features: Tensor<2>, progress: f32, rng: &mut StdRng) -> Quantized {
        let device = features.device();
        let [count, _] = features.dims();
        let [groups, entries, width] = self.entries.dims();
        let logits = self.choice.forward(features).reshape([count, groups, entries]);
        let noise: Vec<f32> = (0..count * groups * entries)
            .map(|_| -(-(rng.random::<f32>().max(1e-9)).ln()).max(1e-9).ln())
            .collect();
        let noise = Tensor::<3>::from_data(TensorData::new(noise, [count, groups, entries]), &device);
        let temperature = GUMBEL_TEMPERATURE[0] + (GUMBEL_TEMPERATURE[1] - GUMBEL_TEMPERATURE[0]) * progress;
        let soft = softmax((logits.clone() + noise) / temperature, 2);
        let probabilities: Vec<f32> = soft.clone().into_data().try_to_vec().expect("probabilities are f32");
        let codes: Vec<usize> = probabilities.chunks_exact(entries).map(argmax).collect();
        let hard = one_hot(&codes, entries, &device).reshape([count, groups, entries]);
        let choice = hard + soft.clone() - soft.detach();
        let vectors = choice.swap_dims(0, 1).matmul(self.entries.val());
        let vectors = vectors.swap_dims(0, 1).reshape([count, groups * width]);

        // Perplexity without noise: how many entries the frames would use.
        let mean = softmax(logits, 2).mean_dim(0);
        let entropy = (mean.clone() * (mean + 1e-7).log()).sum_dim(2).neg();
        let perplexity = entropy.exp().sum() / (groups * entries) as f32;
        let codes: Vec<Vec<usize>> = codes.chunks_exact(groups).map(<[usize]>::to_vec).collect();
        let mut seen = vec![false; groups * entries];
        for frame in &codes {
            frame.iter().enumerate().for_each(|(group, &entry)| seen[group * entries + entry] = true);
        }
        let used = seen.iter().filter(|seen| **seen).count() as f32 / seen.len() as f32;
        Quantized { vectors, codes, perplexity, used }
    }
}

/// Features, quantized.
struct Quantized {
    /// `[frames, width]`.
    vectors: Tensor<2>,
    /// The entries of each frame, one of each codebook.
    codes: Vec<Vec<usize>>,
    /// Perplexity of the codes as a share of all entries, 0 to 1; differentiable.
    perplexity: Tensor<1>,
    /// Share of the entries that some frame has.
    used: f32,
}

impl Objective for ContrastHead {
    /// Cross-entropy of the right frame among those masked in the same crop, and `diversity` times the share of the
    /// entries that are not used.
    fn loss(&self, encoder: &MaskedEncoder, batch: &Batch, rng: &mut StdRng) -> LossOutput {
        let (features, frames) = encoder.extract_features(batch);
        let last = encoder.encode(frames).last_hidden_state;
        let device = last.device();
        let [crops, frames, width] = last.dims();
        let [_, _, channels] = features.dims();
        let masked: Vec<usize> = (0..batch.mask.len()).filter(|&frame| batch.mask[frame]).collect();
        let indices: Vec<i64> = masked.iter().map(|&frame| frame as i64).collect();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [masked.len()]), &device);
        let features = features.reshape([crops * frames, channels]).select(0, indices.clone());
        let last = last.reshape([crops * frames, width]).select(0, indices);

        let Quantized { vectors, codes, perplexity, used } = self.quantize(features, batch.progress, rng);
        let quantized = normalize_rows(self.described.forward(vectors));
        let cosines = normalize_rows(self.said.forward(last)).matmul(quantized.swap_dims(0, 1));
        let count = masked.len();
        let mut excluded = vec![0.0_f32; count * count];
        let mut candidates = 0;
        for row in 0..count {
            for column in 0..count {
                let is_other_crop = masked[row] / frames != masked[column] / frames;
                // Frames of the same codes cannot be distinguished.
                let has_same_codes = row != column && codes[row] == codes[column];
                let is_excluded = is_other_crop || has_same_codes;
                excluded[row * count + column] = if is_excluded { EXCLUDED } else { 0.0 };
                candidates += usize::from(!is_excluded);
            }
        }
        let excluded = Tensor::<2>::from_data(TensorData::new(excluded, [count, count]), &device);
        let log_probabilities = log_softmax(cosines / TEMPERATURE + excluded, 1);
        let targets: Vec<usize> = (0..count).collect();
        let predicted: Vec<f32> =
            log_probabilities.clone().into_data().try_to_vec().expect("probabilities are f32");
        let right = predicted
            .chunks_exact(count)
            .zip(&targets)
            .filter(|(predicted, target)| argmax(predicted) == **target)
            .count();
        let cross_entropy =
            (log_probabilities * one_hot(&targets, count, &device)).sum().neg() / count as f32;
        LossOutput {
            loss: cross_entropy + (perplexity.neg() + 1.0) * self.diversity,
            metrics: LossMetrics {
                accuracy: right as f32 / count.max(1) as f32,
                chance: count as f32 / candidates.max(1) as f32,
                used,
            },
        }
    }
}
