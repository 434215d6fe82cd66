//! How an encoder is pretrained: the contents of a recipe file.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Changes, MaskSettings, PretrainError};
use crate::nn::encoders::{FeatureNorm, Wav2Vec2Config};
use crate::rules::first_broken;

/// What an encoder is called after: how it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Finds units.
    HuBert,
    /// Tells frames apart, or says what a stronger encoder says.
    Wav2Vec2,
}

impl Kind {
    /// As in commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::HuBert => "hubert",
            Self::Wav2Vec2 => "wav2vec2",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = [Self::HuBert, Self::Wav2Vec2].into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("'{name}' is neither hubert nor wav2vec2"))
    }
}

/// Everything that decides a run, besides the recordings, the teacher and the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Steps of the optimizer.
    pub steps: usize,
    /// Crops a step, divided among `shards`.
    pub batch: usize,
    /// Parts of a batch that are computed side by side, each on its own thread.
    #[serde(default = "two")]
    pub shards: usize,
    /// Seconds of a crop.
    pub crop_s: f32,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Share of the run over which the rate rises; then it falls along a cosine to nothing.
    pub rising: f64,
    /// Weights' share that is taken off them each step, times the learning rate.
    pub weight_decay: f32,
    /// Sizes of the encoder.
    pub network: Network,
    /// Which frames it must do without.
    pub mask: MaskSettings,
    /// What is changed in what it hears.
    pub changes: Changes,
    /// What it learns from.
    pub objective: Objective,
}

/// Sizes of the encoder. It is normed as the large models of wav2vec 2.0 are, which trains more steadily.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Channels of each convolution that hears the samples.
    pub conv_channels: Vec<usize>,
    /// Their kernels, in frames of the one before.
    #[serde(default = "kernels")]
    pub conv_kernels: Vec<usize>,
    /// Their strides.
    #[serde(default = "strides")]
    pub conv_strides: Vec<usize>,
    /// Whether the first convolution begins as a bank of filters in mel bands, four phases each, instead of noise.
    #[serde(default)]
    pub begins_with_bands: bool,
    /// Whether each recording is brought to unit variance; else it is heard as loud as it is.
    #[serde(default = "yes")]
    pub normalise: bool,
    /// Values a frame.
    pub width: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Heads of each layer's attention.
    pub heads: usize,
    /// Values between the two dense layers.
    pub hidden: usize,
    /// Frames that the convolution which tells positions sees.
    pub position_kernel: usize,
    /// Groups of its channels.
    pub position_groups: usize,
}

impl Network {
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

/// What an encoder learns from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Objective {
    /// The cluster that each masked frame belongs to: HuBERT.
    Units {
        /// Which hidden state of the teacher is divided into clusters; without one, cepstral coefficients are.
        #[serde(default)]
        state: Option<usize>,
        /// How many there are.
        clusters: usize,
        /// Weight of the frames that are not masked, beside 1 for those that are.
        unmasked: f32,
    },
    /// Which of the masked frames of a sound this one is: wav2vec 2.0.
    Contrast {
        /// Codebooks that a frame is described by.
        groups: usize,
        /// Entries of each.
        entries: usize,
        /// Values that frames are compared by.
        width: usize,
        /// Weight of the wish that all entries are used.
        diversity: f32,
    },
    /// What the teacher gives to its first layer. The convolutions alone learn; layers that were taken over from another
    /// encoder would only unlearn before they are told what they know.
    FirstState {},
    /// What the teacher's hidden states are: distillation.
    States {
        /// Which ones; the student's last states learn them in this order.
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

impl Recipe {
    /// Reads the text of a recipe for an encoder of the given kind.
    ///
    /// # Errors
    /// [`PretrainError::Recipe`] with the line or the setting at fault.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, PretrainError> {
        let recipe: Self = toml::from_str(text).map_err(|error| PretrainError::Recipe(error.to_string()))?;
        recipe.check(kind)?;
        Ok(recipe)
    }

    /// Whether a stronger encoder is needed.
    pub fn needs_teacher(&self) -> bool {
        !matches!(self.objective, Objective::Units { state: None, .. } | Objective::Contrast { .. })
    }

    /// The learning rate of a step, counted from 0.
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        let done = (step + 1) as f64 / self.steps as f64;
        if done < self.rising {
            return self.learning_rate * done / self.rising;
        }
        let fallen = (done - self.rising) / (1.0 - self.rising);
        self.learning_rate * (0.5 + 0.5 * (std::f64::consts::PI * fallen).cos())
    }

    /// Checks that an encoder of the given kind can be trained with the settings; also after some were changed.
    ///
    /// # Errors
    /// [`PretrainError::Recipe`] with the first setting at fault.
    pub fn check(&self, kind: Kind) -> Result<(), PretrainError> {
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
        let is_units = matches!(self.objective, Objective::Units { .. });
        let of_objective = match &self.objective {
            Objective::Units { clusters, unmasked, .. } => {
                (*clusters >= 2 && *unmasked >= 0.0, "clusters must be at least 2, and unmasked not negative")
            }
            Objective::Contrast { groups, entries, width, diversity } => (
                *groups > 0
                    && *entries >= 2
                    && width.is_multiple_of(*groups)
                    && *width > 0
                    && *diversity >= 0.0,
                "groups must divide width, entries must be at least 2 and diversity not negative",
            ),
            Objective::FirstState {} => (true, ""),
            Objective::States { states } => (
                !states.is_empty() && states.len() <= network.layers + 1,
                "states must name at least one state, and no more than the network has",
            ),
        };
        let is_distillation = matches!(self.objective, Objective::FirstState {} | Objective::States { .. });
        let changes = &self.changes;
        let rules = [
            (self.steps > 0, "steps must be at least 1"),
            (self.shards > 0 && self.batch >= self.shards, "batch must hold at least one crop a shard"),
            (self.learning_rate > 0.0, "learning_rate must be above 0"),
            ((0.0..1.0).contains(&self.rising), "rising must be from 0 to below 1"),
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
            (changes.speed[0] >= 0.5 && changes.speed[1] <= 2.0, "changes.speed must be from 0.5 to 2"),
            (
                is_units == (kind == Kind::HuBert),
                "hubert learns from units, wav2vec2 from contrast, first_state or states",
            ),
            (
                is_distillation || self.mask.starts > 0.0,
                "without masked frames there is nothing to find; mask.starts must be above 0",
            ),
            of_objective,
        ];
        first_broken(&rules).map_err(|rule| PretrainError::Recipe(rule.to_owned()))
    }
}
