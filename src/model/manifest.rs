//! `model.json`: a model's description, its input and its metrics.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use serde::{Deserialize, Serialize};

use super::{Calibration, Emotion, Features, ModelError, VoiceDimensions};
use crate::audio::ClipSettings;
use crate::nn::classifiers::{Architecture, SpeakerNetworkConfig};
use crate::nn::parameters;
use crate::nn::weights::{self, WeightsFile, in_floats};
use crate::rules::first_broken;

/// The contents of a `model.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Short name, as in commands and URLs.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// What each output means.
    pub labels: Vec<Emotion>,
    /// How a clip is cut from a recording.
    pub clip: ClipSettings,
    /// Which features of a clip are the network's input.
    pub front_end: Features,
    /// Mean and standard deviation of each row of them.
    pub normalise: Normalisation,
    /// The network.
    pub architecture: Architecture,
    /// How logits become probabilities.
    pub calibration: Calibration,
    /// The file with the weights.
    pub weights: WeightsFile,
    /// How the weights were trained.
    pub training: Training,
    /// Metrics of the shipped weights.
    pub metrics: Metrics,
    /// Metrics on unseen corpora.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen_corpora: Vec<UnseenCorpus>,
    /// The speaker head, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<SpeakerHead>,
}

/// The part of a model that conditions predictions on a [`SpeakerReference`](super::SpeakerReference).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakerHead {
    /// Its networks.
    pub architecture: SpeakerNetworkConfig,
    /// How logits become probabilities, given a reference.
    pub calibration: Calibration,
    /// The file with its weights.
    pub weights: WeightsFile,
    /// Corpora that it was trained on in addition to the paper's four, by name.
    pub other_corpora: Vec<String>,
    /// What tells voices apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voices: Option<VoiceDimensions>,
    /// Metrics with references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ReferenceScore>,
}

/// How the clips of a reference are drawn among the speaker's others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceDraw {
    /// At random.
    Random,
    /// As a visitor would record them in one session: four in five are neutral, if there are enough.
    #[serde(alias = "sitting")]
    OneSession,
    /// All of one emotion other than neutral: the worst that a visitor could give.
    OneSided,
}

impl fmt::Display for ReferenceDraw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Random => "random",
            Self::OneSession => "one-session",
            Self::OneSided => "one-sided",
        })
    }
}

impl FromStr for ReferenceDraw {
    type Err = String;

    /// `random`, `one-session` or `one-sided`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = [Self::Random, Self::OneSession, Self::OneSided]
            .into_iter()
            .find(|draw| draw.to_string() == name);
        known.ok_or_else(|| format!("'{name}' is none of random, one-session and one-sided"))
    }
}

/// Metrics of a model with speaker references of one kind and size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceScore {
    /// The evaluation set: a split, or a corpus that neither the model nor its speaker head was trained on.
    pub clips_of: String,
    /// How references are drawn.
    pub draw: ReferenceDraw,
    /// Clips of a reference; 0 is no reference.
    pub reference_clips: usize,
    /// Mean duration of a reference, in seconds.
    pub reference_s: f32,
    /// Clips scored.
    pub clips: usize,
    /// Accuracy, 0 to 1; in ordinary speech the label is neutral.
    pub accuracy: f32,
    /// 95 % bootstrap interval of the accuracy.
    pub accuracy_interval: [f32; 2],
    /// Unweighted average recall, 0 to 1.
    pub mean_recall: f32,
    /// Share of clips with a prediction without reserve, 0 to 1.
    #[serde(rename = "said")]
    pub coverage: f32,
    /// Accuracy of these predictions; none if there are none.
    #[serde(rename = "right")]
    pub selective_accuracy: Option<f32>,
    /// Expected calibration error over ten bins, 0 to 1.
    pub calibration_error: f32,
}

/// Loads the parameters of `network` from the file that holds them.
///
/// # Errors
/// The error of `bytes_of`, or [`ModelError`] when the file is damaged or another network's.
pub(super) fn load_network<M: Module>(
    network: M,
    file: &WeightsFile,
    bytes_of: impl FnOnce(&WeightsFile) -> Result<Vec<u8>, ModelError>,
) -> Result<M, ModelError> {
    Ok(parameters::apply(network, in_floats(weights::read(bytes_of(file)?)?))?)
}

impl Manifest {
    /// Reads and checks the text of a `model.json`.
    ///
    /// # Errors
    /// [`ModelError::Manifest`] with the field at fault.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let manifest: Self =
            serde_json::from_str(text).map_err(|error| ModelError::Manifest(error.to_string()))?;
        manifest.check().map_err(ModelError::Manifest)?;
        Ok(manifest)
    }

    /// The text of its `model.json`.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest is plain data") + "\n"
    }

    /// The files next to it: the network's, then the encoder's, if there is one, then the speaker head's, if there is
    /// one.
    pub fn files(&self) -> impl Iterator<Item = &WeightsFile> {
        let shards = self.front_end.encoder().into_iter().flat_map(|encoder| &encoder.shards);
        let speaker = self.speaker.iter().map(|speaker| &speaker.weights);
        std::iter::once(&self.weights).chain(shards).chain(speaker)
    }

    /// Total size of these files, in bytes.
    pub fn bytes(&self) -> usize {
        self.files().map(|file| file.bytes).sum()
    }

    fn check(&self) -> Result<(), String> {
        // From here on, sizes are in their ranges.
        self.clip.check()?;
        self.front_end.check()?;
        self.architecture.check()?;
        let map = self.front_end.size(&self.clip);
        let rows = self.front_end.rows();
        let rules = [
            (self.labels == Emotion::ALL, "labels must be the seven emotions in their order"),
            (self.architecture.classes() == self.labels.len(), "the network must have one output a label"),
            (
                map == Some(self.architecture.input()),
                "the front end must make the map the network takes, and always of one size",
            ),
            (
                self.normalise.mean.len() == rows && self.normalise.std.len() == rows,
                "normalise must have one mean and one std a row",
            ),
            (
                self.normalise.mean.iter().chain(&self.normalise.std).all(|value| value.is_finite()),
                "every mean and std must be a number",
            ),
            (self.normalise.std.iter().all(|&std| std > 0.0), "every std must be above 0"),
            (
                self.speaker.as_ref().is_none_or(|speaker| {
                    speaker.architecture.rows == rows
                        && map == Some([rows, 1])
                        && speaker.architecture.is_valid()
                }),
                "the speaker head must take the embedding that the front end makes",
            ),
            (
                self.speaker
                    .as_ref()
                    .and_then(|speaker| speaker.voices.as_ref())
                    .is_none_or(|voices| voices.is_valid(rows)),
                "voices must be rows of the embedding, each with a scale",
            ),
            (
                self.files().all(|file| !file.file.contains(['/', '\\'])),
                "the weights must lie beside model.json",
            ),
        ];
        let calibrations =
            std::iter::once(&self.calibration).chain(self.speaker.iter().map(|s| &s.calibration));
        first_broken(&rules)?;
        Ok(calibrations.map(Calibration::rules).try_for_each(|rules| first_broken(&rules))?)
    }
}

/// Mean and standard deviation of each row of a feature map, from the training clips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Subtracted from each row.
    pub mean: Vec<f32>,
    /// Divides each row.
    pub std: Vec<f32>,
}

impl Normalisation {
    /// Normalises a map of `columns` columns, row by row, in place.
    pub fn apply(&self, map: &mut [f32], columns: usize) {
        for (row, (mean, std)) in map.chunks_exact_mut(columns).zip(self.mean.iter().zip(&self.std)) {
            let scale = 1.0 / std;
            for value in row {
                *value = (*value - mean) * scale;
            }
        }
    }
}

/// Metrics of the weights on an unseen corpus, by a calibration that was fitted without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnseenCorpus {
    /// Its name.
    pub corpus: String,
    /// Clips scored.
    pub clips: usize,
    /// Accuracy, 0 to 1; in ordinary speech the label is neutral.
    pub accuracy: f32,
    /// Unweighted average recall over the corpus' emotions, 0 to 1.
    pub mean_recall: f32,
    /// Share of clips with a prediction without reserve, 0 to 1.
    #[serde(rename = "said")]
    pub coverage: f32,
    /// Accuracy of these predictions; none if there are none.
    #[serde(rename = "right")]
    pub selective_accuracy: Option<f32>,
    /// Share of all clips with a prediction without reserve of another emotion than neutral.
    #[serde(rename = "not_neutral")]
    pub coverage_not_neutral: f32,
    /// Expected calibration error over ten bins, 0 to 1.
    pub calibration_error: f32,
}

/// How weights were trained, so that the training can be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Name of the recipe in `recipes/<model>.toml`.
    pub recipe: String,
    /// How the clips were divided: `random`, `speaker` or `corpus-NAME`.
    pub split: String,
    /// Seed of the split, the initial weights, the order and the augmentation.
    pub seed: u64,
    /// Whether recordings with known defects were used.
    pub keep_defects: bool,
    /// Epochs of training after which these weights were taken.
    pub epochs: usize,
    /// Clips that were trained on.
    pub clips: usize,
    /// Last layers of the encoder that were fine-tuned.
    #[serde(default)]
    pub unfrozen_layers: usize,
    /// Corpora that it was trained on in addition to the paper's four, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_corpora: Vec<String>,
}

/// Metrics of the weights on the test set: clips used neither for training nor for model selection or calibration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Clips scored.
    pub clips: usize,
    /// Share of clips whose predicted emotion is the acted one, 0 to 1.
    pub accuracy: f32,
    /// 95 % bootstrap interval of the accuracy.
    pub accuracy_interval: [f32; 2],
    /// Unweighted average recall: the mean of the emotions' recalls, 0 to 1.
    pub mean_recall: f32,
    /// See `accuracy_interval`.
    pub mean_recall_interval: [f32; 2],
    /// Accuracy on each corpus.
    pub accuracy_by_corpus: BTreeMap<String, f32>,
    /// Recall of each emotion, 0 to 1.
    pub recall: BTreeMap<Emotion, f32>,
    /// Expected calibration error over ten bins, 0 to 1.
    pub calibration_error: f32,
    /// Confusion matrix: clips by acted (rows) and predicted emotion (columns), in the order of the labels.
    pub confusion: [[usize; 7]; 7],
}
