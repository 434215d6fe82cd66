//! The settings of a training run, as in `recipes/<model>.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::spectrogram::SpectrogramSettings;
use crate::augment::WaveformSettings;
use crate::corpus::Corpus;
use crate::rules::first_broken;

/// Everything that decides how a model is trained, besides its architecture and the clips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What it is trained on.
    #[serde(default)]
    pub corpora: Corpora,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Number of last layers of the encoder that are fine-tuned.
    #[serde(default)]
    pub unfreeze_last: usize,
    /// Learning rate of the last of them, as a multiple of the classifier's.
    #[serde(default = "one")]
    pub encoder_rate: f64,
    /// Learning rate of each layer, as a multiple of that of the layer after it.
    #[serde(default = "one")]
    pub layer_decay: f64,
    /// Learning rate schedule.
    pub schedule: Schedule,
    /// Weight decay, for AdamW.
    #[serde(default)]
    pub weight_decay: f32,
    /// Passes over the training clips, at most.
    pub epochs: usize,
    /// Epochs without a better validation accuracy after which training ends; 0 never ends it early.
    #[serde(default)]
    pub stop_after: usize,
    /// Clips a step, divided among [`shards`](Self::shards).
    pub batch: usize,
    /// Parts of a batch that are computed side by side, each on its own thread; batch normalisation sees one part.
    #[serde(default = "two")]
    pub shards: usize,
    /// Probability taken from the right label and spread over all.
    #[serde(default)]
    pub label_smoothing: f32,
    /// Whether classes are weighted, so that every emotion has the same weight in the loss.
    #[serde(default)]
    pub class_weights: bool,
    /// Alpha of the beta distribution by which pairs of clips are mixed (Zhang et al., 2018); 0 mixes none.
    #[serde(default)]
    pub mixup: f32,
    /// Decay of the exponential moving average of the weights, which is evaluated and shipped; 0 keeps no average.
    #[serde(default)]
    pub averaging: f32,
    /// Augmented copies of clips.
    #[serde(default)]
    pub waveform: Option<WaveformSettings>,
    /// Probability that a clip itself is drawn instead of one of its copies, 0 to 1; all are drawn alike if it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_share: Option<f32>,
    /// Augmentation of feature maps, drawn anew in each epoch.
    #[serde(default)]
    pub spectrogram: SpectrogramSettings,
}

/// Which corpora train a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Corpora {
    /// The paper's four.
    #[default]
    Paper,
    /// Every one that is known and may train.
    All,
}

impl Corpora {
    /// The corpora to search for: these, and those for evaluation only.
    pub fn list(self) -> &'static [Corpus] {
        match self {
            Self::Paper => &Corpus::PAPER,
            Self::All => &Corpus::ALL,
        }
    }
}

/// How gradients become steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Optimizer {
    Adam,
    AdamW,
}

/// How the learning rate moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Rises to the highest rate over a share of the run, then falls along a cosine to a two-hundredth of it.
    OneCycle {
        /// Share of the run, 0 to 1, over which it rises.
        rising: f64,
    },
    /// Is multiplied by a factor whenever the validation loss has not fallen for some epochs.
    Plateau {
        /// What it is multiplied by.
        factor: f64,
        /// Epochs without a lower loss that are waited for.
        patience: usize,
        /// It never falls below this.
        lowest: f64,
    },
}

fn one() -> f64 {
    1.0
}

fn two() -> usize {
    2
}

/// Why a recipe cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the recipe cannot be used: {0}")]
pub struct RecipeError(String);

impl Recipe {
    /// Reads the recipe called `name` from the text of a recipes file.
    ///
    /// # Errors
    /// [`RecipeError`] with the line or the setting at fault.
    pub fn parse(text: &str, name: &str) -> Result<Self, RecipeError> {
        let mut recipes: BTreeMap<String, Self> =
            toml::from_str(text).map_err(|error| RecipeError(error.to_string()))?;
        let names: Vec<_> = recipes.keys().cloned().collect();
        let recipe = recipes.remove(name).ok_or_else(|| {
            RecipeError(format!("there is no recipe '{name}'; the file has {}", names.join(" and ")))
        })?;
        recipe.check()?;
        Ok(recipe)
    }

    /// Checks that the settings can be trained with; also after some were changed.
    ///
    /// # Errors
    /// [`RecipeError`] with the first setting at fault.
    pub fn check(&self) -> Result<(), RecipeError> {
        let unit = 0.0..1.0;
        let rules = [
            (self.learning_rate > 0.0, "learning_rate must be above 0"),
            (
                self.encoder_rate > 0.0,
                "encoder_rate must be above 0; leave unfreeze_last out to keep an encoder still",
            ),
            (0.0 < self.layer_decay && self.layer_decay <= 1.0, "layer_decay must be above 0 and at most 1"),
            (self.epochs > 0, "epochs must be at least 1"),
            (self.shards > 0, "shards must be at least 1"),
            (self.batch >= 2 * self.shards, "batch must hold at least two clips a shard"),
            (unit.contains(&self.label_smoothing), "label_smoothing must be from 0 to below 1"),
            (unit.contains(&self.averaging), "averaging must be from 0 to below 1"),
            (
                self.original_share.is_none_or(|share| (0.0..=1.0).contains(&share)),
                "original_share must be from 0 to 1",
            ),
            (self.mixup >= 0.0, "mixup must not be negative"),
        ];
        let waveform = self.waveform.as_ref().map_or(Ok(()), WaveformSettings::check);
        first_broken(&rules).and(waveform).map_err(|rule| RecipeError(rule.to_owned()))
    }

    /// The learning rate after `progress` epochs, given the validation losses of the epochs that are done.
    pub fn learning_rate_at(&self, progress: f64, losses: &[f32]) -> f64 {
        match self.schedule {
            Schedule::OneCycle { rising } => {
                let done = progress / self.epochs as f64;
                if done < rising {
                    return self.learning_rate * done / rising;
                }
                let cosine =
                    0.5 + 0.5 * (std::f64::consts::PI * ((done - rising) / (1.0 - rising)).min(1.0)).cos();
                self.learning_rate * (0.005 + 0.995 * cosine)
            }
            Schedule::Plateau { factor, patience, lowest } => {
                let (mut rate, mut best, mut waited) = (self.learning_rate, f32::INFINITY, 0);
                for &loss in losses {
                    if loss < best {
                        (best, waited) = (loss, 0);
                        continue;
                    }
                    waited += 1;
                    if waited > patience {
                        (rate, waited) = ((rate * factor).max(lowest), 0);
                    }
                }
                rate
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(schedule: Schedule) -> Recipe {
        let mut recipe = Recipe::parse(include_str!("../../recipes/mfcc1.toml"), "paper").expect("usable");
        (recipe.epochs, recipe.learning_rate, recipe.schedule) = (10, 1.0, schedule);
        recipe
    }

    #[test]
    fn mistakes_are_named() {
        let text = include_str!("../../recipes/mfcc1.toml");
        let message = |text: &str, name| Recipe::parse(text, name).expect_err("refused").to_string();
        assert!(message(text, "worst").contains("the file has best and paper"));
        assert!(message(&text.replace("batch = ", "bach = "), "best").contains("bach"));
        assert!(message(&text.replace("batch = ", "batch = 1#"), "best").contains("two clips a shard"));
    }

    #[test]
    fn one_cycle_rises_then_falls() {
        let recipe = recipe(Schedule::OneCycle { rising: 0.2 });
        let rate = |progress| recipe.learning_rate_at(progress, &[]);
        assert_eq!(rate(0.0), 0.0);
        assert!((rate(1.0) - 0.5).abs() < 1e-9);
        assert!((rate(2.0) - 1.0).abs() < 1e-9);
        assert!(rate(6.0) < rate(4.0));
        assert!((rate(10.0) - 0.005).abs() < 1e-9);
    }

    #[test]
    fn a_plateau_lowers_the_rate() {
        let recipe = recipe(Schedule::Plateau { factor: 0.5, patience: 1, lowest: 0.3 });
        let rate = |losses: &[f32]| recipe.learning_rate_at(0.0, losses);
        assert_eq!(rate(&[]), 1.0);
        assert_eq!(rate(&[3.0, 2.0, 2.5]), 1.0);
        assert_eq!(rate(&[3.0, 2.0, 2.5, 2.0]), 0.5);
        assert_eq!(rate(&[3.0, 2.0, 2.5, 2.0, 1.9]), 0.5);
        assert_eq!(rate(&[1.0; 9]), 0.3);
    }
}
