//! `model.json`: what a model is, how to feed it, and how well it does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Emotion, ModelError};
use crate::audio::ClipSettings;
use crate::features::FrontEndSettings;
use crate::nn::classifiers::{Architecture, DeepCnnConfig};

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

/// How scores become probabilities that mean what they say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Scores are divided by this before softmax; fitted so that probabilities match how often they are right.
    pub temperature: f32,
}

/// A file of weights and how to know it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WeightsFile {
    /// Name, beside `model.json`.
    pub file: String,
    /// Size.
    pub bytes: usize,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl WeightsFile {
    /// Describes `contents` under the name `file`.
    pub fn describe(file: &str, contents: &[u8]) -> Self {
        let digest = Sha256::digest(contents);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: file.to_owned(), bytes: contents.len(), sha256 }
    }

    /// Checks that `contents` are what was described.
    ///
    /// # Errors
    /// [`ModelError::Weights`] when size or hash differ.
    pub fn check(&self, contents: &[u8]) -> Result<(), ModelError> {
        let found = Self::describe(&self.file, contents);
        if found.bytes != self.bytes {
            return Err(ModelError::Weights(format!("{} bytes instead of {}", found.bytes, self.bytes)));
        }
        if found.sha256 != self.sha256 {
            return Err(ModelError::Weights("another checksum".to_owned()));
        }
        Ok(())
    }
}

/// Scores of the shipped weights on clips they were not trained on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// How the clips were divided, for people.
    pub split: String,
    /// Seed of the split.
    pub seed: u64,
    /// Clips scored.
    pub clips: usize,
    /// Share of clips whose likeliest emotion is the acted one, 0 to 1.
    pub accuracy: f32,
    /// Mean of the seven recalls, 0 to 1.
    pub mean_recall: f32,
    /// Accuracy on each corpus.
    pub accuracy_by_corpus: BTreeMap<String, f32>,
    /// Share of each emotion's clips that are recognised.
    pub recall: BTreeMap<Emotion, f32>,
    /// Mean gap between stated probability and share of right answers over ten bins, 0 to 1.
    pub calibration_error: f32,
}

impl Manifest {
    /// The description of a model by name, before it is trained; `None` if there is no such model.
    pub fn untrained(name: &str) -> Option<Self> {
        let clip = ClipSettings::default();
        let (summary, front_end) = match name {
            "mfcc1" => (
                "The paper's Deep CNN on 40 mel-frequency cepstral coefficients and loudness",
                FrontEndSettings::mfcc_rms(),
            ),
            _ => return None,
        };
        let rows = front_end.rows();
        Some(Self {
            name: name.to_owned(),
            summary: summary.to_owned(),
            labels: Emotion::ALL.to_vec(),
            architecture: Architecture::DeepCnn(DeepCnnConfig::new([rows, front_end.columns(clip.len())])),
            clip,
            front_end,
            normalise: Normalisation { mean: vec![0.0; rows], std: vec![1.0; rows] },
            calibration: Calibration { temperature: 1.0 },
            weights: WeightsFile::default(),
            metrics: Metrics::default(),
        })
    }
}
