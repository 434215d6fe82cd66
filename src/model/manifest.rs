//! `model.json`: what a model is, how to feed it, and how well it does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Emotion, ModelError};
use crate::audio::ClipSettings;
use crate::features::FrontEndSettings;
use crate::nn::classifiers::{Architecture, BaselineConfig, CnnLstmConfig, DeepCnnConfig};
use crate::nn::weights::WeightsFile;

/// The contents of a `model.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Short name, as in commands and addresses.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// What each output means.
    pub labels: Vec<Emotion>,
    /// How a clip is cut from a recording.
    pub clip: ClipSettings,
    /// How a feature map is made from a clip.
    pub front_end: FrontEndSettings,
    /// How each row of the map is shifted and scaled.
    pub normalise: Normalisation,
    /// The network.
    pub architecture: Architecture,
    /// How scores become probabilities.
    pub calibration: Calibration,
    /// The file with the weights.
    pub weights: WeightsFile,
    /// How the weights came to be.
    pub training: Training,
    /// How well the shipped weights do.
    pub metrics: Metrics,
}

impl Manifest {
    /// Reads and checks the text of a `model.json`.
    ///
    /// # Errors
    /// [`ModelError::Manifest`] with the field at fault.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let manifest: Self =
            serde_json::from_str(text).map_err(|error| ModelError::Manifest(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ModelError> {
        let map = [self.front_end.rows(), self.front_end.columns(self.clip.len())];
        let rows = self.front_end.rows();
        let rules = [
            (self.labels == Emotion::ALL, "labels must be the seven emotions in their order"),
            (self.architecture.classes() == self.labels.len(), "the network must have one output a label"),
            (self.architecture.input() == map, "the front end must make the map the network takes"),
            (
                self.normalise.mean.len() == rows && self.normalise.std.len() == rows,
                "normalise must have one mean and one std a row",
            ),
            (self.normalise.std.iter().all(|&std| std > 0.0), "every std must be above 0"),
            (self.calibration.temperature > 0.0, "the temperature must be above 0"),
            (
                (0.0..=1.0).contains(&self.calibration.unsure_below)
                    && (self.calibration.unsure_below..=1.0).contains(&self.calibration.likely_from),
                "unsure_below and likely_from must be from 0 to 1, in this order",
            ),
            (!self.weights.file.contains(['/', '\\']), "the weights must lie beside model.json"),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(ModelError::Manifest((*rule).to_owned())),
            None => Ok(()),
        }
    }
}

/// Shift and scale of each row of a feature map, from the training clips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Subtracted from each row.
    pub mean: Vec<f32>,
    /// Divides each row.
    pub std: Vec<f32>,
}

impl Normalisation {
    /// Shifts and scales a map of `columns` columns, row by row, in place.
    pub fn apply(&self, map: &mut [f32], columns: usize) {
        for (row, (mean, std)) in map.chunks_exact_mut(columns).zip(self.mean.iter().zip(&self.std)) {
            let scale = 1.0 / std;
            for value in row {
                *value = (*value - mean) * scale;
            }
        }
    }
}

/// How scores become probabilities that mean what they say, and when these bear a statement. Fitted on clips that
/// neither trained nor judge the model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Scores are divided by this before softmax; fitted so that probabilities match how often they are right.
    pub temperature: f32,
    /// With less than this for the likeliest emotion, the model is wrong more often than right.
    pub unsure_below: f32,
    /// With at least this, it is right at least two times in three.
    pub likely_from: f32,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { temperature: 1.0, unsure_below: 0.4, likely_from: 0.6 }
    }
}

/// How weights came to be, so that they can be made again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Name of the recipe in `recipes/<model>.toml`.
    pub recipe: String,
    /// How the clips were divided: `random`, `speaker` or `corpus-NAME`.
    pub split: String,
    /// Seed of the split, the weights, the order and the changes to clips.
    pub seed: u64,
    /// Whether recordings with known defects were used.
    pub keep_defects: bool,
    /// Epochs of training after which these weights were taken.
    pub epochs: usize,
    /// Clips that were trained on.
    pub clips: usize,
}

/// Scores of the shipped weights on clips that were neither trained on nor used to choose or calibrate anything.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Clips scored.
    pub clips: usize,
    /// Share of clips whose likeliest emotion is the acted one, 0 to 1.
    pub accuracy: f32,
    /// Where the accuracy would lie in 95 of 100 draws of as many clips (bootstrap).
    pub accuracy_interval: [f32; 2],
    /// Unweighted accuracy: the mean of the emotions' recalls, 0 to 1.
    pub mean_recall: f32,
    /// See `accuracy_interval`.
    pub mean_recall_interval: [f32; 2],
    /// Accuracy on each corpus.
    pub accuracy_by_corpus: BTreeMap<String, f32>,
    /// Share of each emotion's clips that are recognised.
    pub recall: BTreeMap<Emotion, f32>,
    /// Mean gap between stated probability and share of right answers over ten bins, 0 to 1.
    pub calibration_error: f32,
    /// Clips of each acted emotion (rows) by what the model said (columns), in the order of the labels.
    pub confusion: [[usize; 7]; 7],
}

impl Manifest {
    /// The models that can be trained here.
    pub const NAMES: [&str; 4] = ["baseline", "mfcc1", "mfcc2", "ms"];

    /// The description of a model by name, before it is trained; `None` if there is no such model.
    pub fn untrained(name: &str) -> Option<Self> {
        let clip = ClipSettings::default();
        let front_end = if name == "ms" { FrontEndSettings::log_mel() } else { FrontEndSettings::mfcc_rms() };
        let rows = front_end.rows();
        let input = [rows, front_end.columns(clip.len())];
        let (summary, architecture) = match name {
            "baseline" => (
                "The paper's baseline: a one-dimensional CNN on the means over time of 40 mel-frequency cepstral coefficients and loudness",
                Architecture::Baseline(BaselineConfig::new(input)),
            ),
            "mfcc1" => (
                "The paper's Deep CNN on 40 mel-frequency cepstral coefficients and loudness",
                Architecture::DeepCnn(DeepCnnConfig::new(input)),
            ),
            "mfcc2" => (
                "The paper's CNN with a bidirectional LSTM and attention on 40 mel-frequency cepstral coefficients and loudness",
                Architecture::CnnLstm(CnnLstmConfig::new(input)),
            ),
            "ms" => (
                "The paper's Deep CNN on a mel spectrogram of 128 bands",
                // Half the paper's hidden units: with all of them the model would not fit 2.5 MB.
                Architecture::DeepCnn(DeepCnnConfig::new(input).with_hidden(128)),
            ),
            _ => return None,
        };
        Some(Self {
            name: name.to_owned(),
            summary: summary.to_owned(),
            labels: Emotion::ALL.to_vec(),
            architecture,
            clip,
            front_end,
            normalise: Normalisation { mean: vec![0.0; rows], std: vec![1.0; rows] },
            calibration: Calibration::default(),
            weights: WeightsFile::default(),
            training: Training::default(),
            metrics: Metrics::default(),
        })
    }
}
