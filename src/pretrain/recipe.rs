//! How an encoder is pretrained: the contents of a recipe file.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{CropAugmentation, MaskSettings, PretrainError};
use crate::nn::encoders::{FeatureNorm, Wav2Vec2Config};
use crate::rules::first_broken;

/// The published encoder whose objectives are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncoderKind {
    /// Predicts units.
    HuBert,
    /// Contrastive learning, or distillation.
    Wav2Vec2,
}

impl EncoderKind {
    /// As in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::HuBert => "hubert",
            Self::Wav2Vec2 => "wav2vec2",
        }
    }
}

impl FromStr for EncoderKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = [Self::HuBert, Self::Wav2Vec2].into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("'{name}' is neither hubert nor wav2vec2"))
    }
}

/// All settings of a run, besides the recordings, the teacher and the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PretrainRecipe {
    /// Steps of the optimizer.
    pub steps: usize,
    /// Crops per step, divided among `shards`.
    pub batch: usize,
    /// Parts of a batch that are computed in parallel, each on its own thread.
    #[serde(default = "two")]
    pub shards: usize,
    /// Seconds of a crop.
    pub crop_s: f32,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Share of the run that is warm-up; then the learning rate decays to 0 along a cosine.
    #[serde(rename = "rising")]
    pub warmup: f64,
    /// Weight decay of AdamW.
    pub weight_decay: f32,
    /// Sizes of the encoder.
    pub network: StudentConfig,
    /// Which frames are masked.
    pub mask: MaskSettings,
    /// Augmentation of its input.
    #[serde(rename = "changes")]
    pub augmentation: CropAugmentation,
    /// What it is trained for.
    pub objective: ObjectiveSettings,
}

/// Sizes of the encoder. Its norms are those of the large wav2vec 2.0 models, which train more stably.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudentConfig {
    /// Channels of each convolution over the samples.
    pub conv_channels: Vec<usize>,
    /// Their kernels, in frames of the one before.
    #[serde(default = "kernels")]
    pub conv_kernels: Vec<usize>,
    /// Their strides.
    #[serde(default = "strides")]
    pub conv_strides: Vec<usize>,
    /// Whether the first convolution is initialized as a mel filter bank, four phases a band, instead of at random.
    #[serde(default, rename = "begins_with_bands")]
    pub init_mel_bands: bool,
    /// Whether each crop is scaled to unit variance; otherwise its level is kept.
    #[serde(default = "yes", rename = "normalise")]
    pub normalize: bool,
    /// Values per frame.
    pub width: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Heads of each layer's attention.
    pub heads: usize,
    /// Values between the two dense layers.
    pub hidden: usize,
    /// Frames that the convolution for positional embeddings sees.
    pub position_kernel: usize,
    /// Groups of its channels.
    pub position_groups: usize,
}

impl StudentConfig {
    /// As the encoder's own configuration.
    pub fn config(&self) -> Wav2Vec2Config {
        Wav2Vec2Config::new()
            .with_conv_channels(self.conv_channels.clone())
            .with_conv_kernels(self.conv_kernels.clone())
            .with_conv_strides(self.conv_strides.clone())
            .with_conv_bias(true)
            .with_feature_norm(FeatureNorm::Layer)
            .with_width(self.width)
            .with_layers(self.layers)
            .with_heads(self.heads)
            .with_hidden(self.hidden)
            .with_position_kernel(self.position_kernel)
            .with_position_groups(self.position_groups)
            .with_norm_first(true)
    }
}

/// What an encoder is trained for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ObjectiveSettings {
    /// Predict the cluster of each masked frame: HuBERT.
    Units {
        /// Which hidden state of the teacher is clustered; without one, cepstral coefficients are.
        #[serde(default)]
        state: Option<usize>,
        /// Number of clusters.
        clusters: usize,
        /// Weight of the frames that are not masked, against 1 for those that are.
        unmasked: f32,
    },
    /// Identify each masked frame among those of its crop: wav2vec 2.0.
    Contrast {
        /// Codebooks.
        groups: usize,
        /// Entries of each.
        entries: usize,
        /// Dimensions in which frames are compared.
        width: usize,
        /// Weight of the diversity loss, which keeps all entries in use.
        diversity: f32,
    },
    /// Predict the input of the teacher's first layer. Only the convolutions are trained; layers that were taken over
    /// from another encoder would only forget while their input is not what they know.
    FirstState {},
    /// Predict the teacher's hidden states: distillation.
    States {
        /// Which ones; they are the targets of the student's last states, in this order.
        states: Vec<usize>,
    },
}

fn kernels() -> Vec<usize> {
    Wav2Vec2Config::new().conv_kernels
}

fn strides() -> Vec<usize> {
    Wav2Vec2Config::new().conv_strides
}

fn two() -> usize {
    2
}

fn yes() -> bool {
    true
}

impl PretrainRecipe {
    /// Reads the text of a recipe for an encoder of the given kind.
    ///
    /// # Errors
    /// [`PretrainError::Recipe`] with the line or the setting at fault.
    pub fn parse(text: &str, kind: EncoderKind) -> Result<Self, PretrainError> {
        let recipe: Self = toml::from_str(text).map_err(|error| PretrainError::Recipe(error.to_string()))?;
        recipe.check(kind)?;
        Ok(recipe)
    }

    /// Whether a stronger encoder is needed.
    pub fn needs_teacher(&self) -> bool {
        !matches!(
            self.objective,
            ObjectiveSettings::Units { state: None, .. } | ObjectiveSettings::Contrast { .. }
        )
    }

    /// The learning rate of a step; steps count from 0.
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        let done = (step + 1) as f64 / self.steps as f64;
        if done < self.warmup {
            return self.learning_rate * done / self.warmup;
        }
        let decayed = (done - self.warmup) / (1.0 - self.warmup);
        self.learning_rate * (0.5 + 0.5 * (std::f64::consts::PI * decayed).cos())
    }

    /// Checks that an encoder of the given kind can be trained with the settings; also after some were changed.
    ///
    /// # Errors
    /// [`PretrainError::Recipe`] with the first setting at fault.
    pub fn check(&self, kind: EncoderKind) -> Result<(), PretrainError> {
        let network = &self.network;
        let sizes = [
            network.width,
            network.layers,
            network.heads,
            network.hidden,
            network.position_kernel,
            network.position_groups,
        ];
        let convs = [&network.conv_channels, &network.conv_kernels, &network.conv_strides];
        let divides = |part: usize| part > 0 && network.width.is_multiple_of(part);
        let frames = network.config().frames((self.crop_s * crate::audio::SAMPLE_RATE_HZ as f32) as usize);
        let is_units = matches!(self.objective, ObjectiveSettings::Units { .. });
        let of_objective = match &self.objective {
            ObjectiveSettings::Units { clusters, unmasked, .. } => {
                (*clusters >= 2 && *unmasked >= 0.0, "clusters must be at least 2, and unmasked not negative")
            }
            ObjectiveSettings::Contrast { groups, entries, width, diversity } => (
                *groups > 0
                    && *entries >= 2
                    && width.is_multiple_of(*groups)
                    && *width > 0
                    && *diversity >= 0.0,
                "groups must divide width, entries must be at least 2 and diversity not negative",
            ),
            ObjectiveSettings::FirstState {} => (true, ""),
            ObjectiveSettings::States { states } => (
                !states.is_empty() && states.len() <= network.layers + 1,
                "states must name at least one state, and no more than the network has",
            ),
        };
        let is_distillation =
            matches!(self.objective, ObjectiveSettings::FirstState {} | ObjectiveSettings::States { .. });
        let speed = self.augmentation.speed;
        let rules = [
            (self.steps > 0, "steps must be at least 1"),
            (self.shards > 0 && self.batch >= self.shards, "batch must hold at least one crop a shard"),
            (self.learning_rate > 0.0, "learning_rate must be above 0"),
            ((0.0..1.0).contains(&self.warmup), "rising must be from 0 to below 1"),
            (
                sizes.iter().chain(convs.into_iter().flatten()).all(|&size| size > 0),
                "the sizes of the network must be above 0",
            ),
            (
                convs.iter().all(|convs| !convs.is_empty() && convs.len() == network.conv_channels.len()),
                "conv_channels, conv_kernels and conv_strides must be of one length",
            ),
            (
                divides(network.heads) && divides(network.position_groups),
                "heads and position_groups must divide width",
            ),
            (frames > self.mask.length, "a crop must have more frames (50 a second) than a masked span"),
            ((0.0..=0.5).contains(&self.mask.starts), "mask.starts must be from 0 to 0.5"),
            (self.mask.starts == 0.0 || self.mask.length > 0, "mask.length must be above 0"),
            (speed[0] >= 0.5 && speed[1] <= 2.0, "changes.speed must be from 0.5 to 2"),
            (
                is_units == (kind == EncoderKind::HuBert),
                "hubert learns from units, wav2vec2 from contrast, first_state or states",
            ),
            (
                is_distillation || self.mask.starts > 0.0,
                "without masked frames there is nothing to predict; mask.starts must be above 0",
            ),
            of_objective,
        ];
        first_broken(&rules).map_err(|rule| PretrainError::Recipe(rule.to_owned()))
    }
}
