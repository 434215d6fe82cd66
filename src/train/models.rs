//! The models that can be trained here: the one place where a model is entered.

use super::{Recipe, RecipeError};
use crate::audio::{ClipSettings, SpeechClip};
use crate::encoder::Description;
use crate::features::FrontEndSettings;
use crate::model::{
    Calibration, Embedding, Emotion, Features, Manifest, Metrics, Normalisation, Statistics, Training,
};
use crate::nn::classifiers::{
    Architecture, AttentiveMlpConfig, BaselineConfig, CnnLstmConfig, DeepCnnConfig, MlpConfig,
};
use crate::nn::weights::WeightsFile;

/// Root mean square of speech in clips for models on all states of a speech encoder. At the recorded level, a voice 12 dB softer
/// got another label in 16 of 100 clips, and with an encoder pretrained here in 41.
const LEVEL_DBFS: f32 = -26.0;

/// A model that can be trained.
#[derive(Debug)]
pub struct ModelEntry {
    /// Its name.
    pub name: &'static str,
    /// Its name in REPORT.md: the paper's, or its own in code style.
    pub title: &'static str,
    /// What it is, in a sentence without a full stop.
    pub summary: &'static str,
    /// The paper's accuracy on the random split, in percent: of this model, or of the one that this is a small form of.
    pub paper_accuracy: Option<f32>,
    /// Whether the paper has it.
    pub is_of_the_paper: bool,
    /// The recipes that come with it.
    recipes: &'static str,
    input: Input,
    architecture: fn([usize; 2]) -> Architecture,
}

/// What a classifier gets.
#[derive(Debug)]
enum Input {
    /// A feature map.
    Map(fn() -> FrontEndSettings),
    /// Mean and standard deviation of all hidden states, of clips from the first speech on, at one level.
    AllStates,
    /// Statistics of the last hidden state.
    LastState(Statistics),
}

/// Why a model cannot be trained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UntrainableError {
    /// There is no model of this name.
    #[error("There is no model '{0}' to train. These can be trained: {names}.", names = ModelEntry::names().join(", "))]
    Unknown(String),
    /// It needs a speech encoder, and none was named.
    #[error("The model '{0}' needs a speech encoder, and none was named.")]
    NeedsEncoder(&'static str),
    /// It needs no speech encoder, and one was named.
    #[error("The model '{0}' takes no speech encoder, and one was named.")]
    NeedsNoEncoder(&'static str),
}

/// All of them: the paper's four without an encoder, `voice`, two small forms of the paper's, and the paper's two on an encoder.
pub const MODELS: [ModelEntry; 9] = [
    ModelEntry {
        name: "baseline",
        title: "Baseline",
        summary: "The paper's baseline: a one-dimensional CNN on the means over time of 40 mel-frequency cepstral coefficients and loudness",
        paper_accuracy: Some(49.02),
        is_of_the_paper: true,
        recipes: include_str!("../../recipes/baseline.toml"),
        input: Input::Map(FrontEndSettings::mfcc_rms),
        architecture: |input| Architecture::Baseline(BaselineConfig::new(input)),
    },
    ModelEntry {
        name: "mfcc1",
        title: "MFCC1",
        summary: "The paper's Deep CNN on 40 mel-frequency cepstral coefficients and loudness",
        paper_accuracy: Some(70.16),
        is_of_the_paper: true,
        recipes: include_str!("../../recipes/mfcc1.toml"),
        input: Input::Map(FrontEndSettings::mfcc_rms),
        architecture: |input| Architecture::DeepCnn(DeepCnnConfig::new(input)),
    },
    ModelEntry {
        name: "mfcc2",
        title: "MFCC2",
        summary: "The paper's CNN with a bidirectional LSTM and attention on 40 mel-frequency cepstral coefficients and loudness",
        paper_accuracy: Some(66.95),
        is_of_the_paper: true,
        recipes: include_str!("../../recipes/mfcc2.toml"),
        input: Input::Map(FrontEndSettings::mfcc_rms),
        architecture: |input| Architecture::CnnLstm(CnnLstmConfig::new(input)),
    },
    ModelEntry {
        name: "ms",
        title: "MS",
        summary: "The paper's Deep CNN on a mel spectrogram of 128 bands",
        paper_accuracy: Some(68.39),
        is_of_the_paper: true,
        recipes: include_str!("../../recipes/ms.toml"),
        input: Input::Map(FrontEndSettings::log_mel),
        // Half the paper's hidden units: with all of them the model would exceed 2.5 MB.
        architecture: |input| Architecture::DeepCnn(DeepCnnConfig::new(input).with_hidden(128)),
    },
    ModelEntry {
        name: "voice",
        title: "`voice`",
        summary: "A small network on the hidden states of a speech recogniser's first layers",
        paper_accuracy: None,
        is_of_the_paper: false,
        recipes: include_str!("../../recipes/voice.toml"),
        input: Input::AllStates,
        architecture: |input| Architecture::Mlp(MlpConfig::new(input)),
    },
    ModelEntry {
        name: "hubert-small",
        title: "`hubert-small`",
        summary: "The paper's network with self-attention on the hidden states of a small HuBERT that was trained here",
        paper_accuracy: Some(74.89),
        is_of_the_paper: false,
        recipes: include_str!("../../recipes/hubert-small.toml"),
        input: Input::AllStates,
        architecture: |input| Architecture::AttentiveMlp(AttentiveMlpConfig::new(input)),
    },
    ModelEntry {
        name: "wav2vec2-small",
        title: "`wav2vec2-small`",
        summary: "The paper's network on the hidden states of a small wav2vec 2.0 that was trained here",
        paper_accuracy: Some(80.11),
        is_of_the_paper: false,
        recipes: include_str!("../../recipes/wav2vec2-small.toml"),
        input: Input::AllStates,
        architecture: |input| Architecture::Mlp(paper_mlp(input)),
    },
    ModelEntry {
        name: "hubert",
        title: "HuBERT",
        summary: "The paper's network with self-attention on HuBERT's hidden states",
        paper_accuracy: Some(74.89),
        is_of_the_paper: true,
        recipes: include_str!("../../recipes/hubert.toml"),
        input: Input::LastState(Statistics::MeanAndDeviation),
        architecture: |input| Architecture::AttentiveMlp(AttentiveMlpConfig::new(input)),
    },
    ModelEntry {
        name: "wav2vec2",
        title: "Wav2Vec2",
        summary: "The paper's network on wav2vec 2.0's hidden states",
        paper_accuracy: Some(80.11),
        is_of_the_paper: true,
        recipes: include_str!("../../recipes/wav2vec2.toml"),
        input: Input::LastState(Statistics::Mean),
        architecture: |input| Architecture::Mlp(paper_mlp(input)),
    },
];

impl ModelEntry {
    /// The names of all models.
    pub fn names() -> [&'static str; MODELS.len()] {
        MODELS.each_ref().map(|entry| entry.name)
    }

    /// The model of a name.
    ///
    /// # Errors
    /// [`UntrainableError::Unknown`] if there is none.
    pub fn find(name: &str) -> Result<&'static Self, UntrainableError> {
        const ENTRIES: &[ModelEntry] = &MODELS;
        let found = ENTRIES.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| UntrainableError::Unknown(name.to_owned()))
    }

    /// The recipe called `name` that comes with the model.
    ///
    /// # Errors
    /// [`RecipeError`] if there is none.
    pub fn recipe(&self, name: &str) -> Result<Recipe, RecipeError> {
        Recipe::parse(self.recipes, name)
    }

    /// The description of the model before it is trained, with its encoder, if it needs one.
    ///
    /// # Errors
    /// [`UntrainableError`] if its encoder is missing, or it takes none.
    pub fn untrained(&self, encoder: Option<Description>) -> Result<Manifest, UntrainableError> {
        let (clip, front_end) = match (&self.input, encoder) {
            (Input::Map(settings), None) => (ClipSettings::default(), Features::Map(settings())),
            (Input::AllStates, Some(encoder)) => {
                let states = (1..=encoder.network.layers()).collect();
                let statistics = Statistics::MeanAndDeviation;
                let clip = SpeechClip { level_dbfs: Some(LEVEL_DBFS), ..SpeechClip::default() };
                let embedding = Embedding { encoder, states, statistics };
                (ClipSettings::Speech(clip), Features::Embedding(embedding))
            }
            (Input::LastState(statistics), Some(encoder)) => {
                let states = vec![encoder.network.layers()];
                let embedding = Embedding { encoder, states, statistics: *statistics };
                (ClipSettings::default(), Features::Embedding(embedding))
            }
            (Input::Map(_), Some(_)) => return Err(UntrainableError::NeedsNoEncoder(self.name)),
            (_, None) => return Err(UntrainableError::NeedsEncoder(self.name)),
        };
        let rows = front_end.rows();
        let input = front_end.size(&clip).expect("maps of clips of one length, or embeddings");
        Ok(Manifest {
            name: self.name.to_owned(),
            summary: self.summary.to_owned(),
            labels: Emotion::ALL.to_vec(),
            architecture: (self.architecture)(input),
            clip,
            front_end,
            normalise: Normalisation { mean: vec![0.0; rows], std: vec![1.0; rows] },
            calibration: Calibration::default(),
            weights: WeightsFile::default(),
            training: Training::default(),
            metrics: Metrics::default(),
            unseen_corpora: Vec::new(),
            speaker: None,
        })
    }
}

/// The paper's dense layers on wav2vec 2.0.
fn paper_mlp(input: [usize; 2]) -> MlpConfig {
    MlpConfig::new(input).with_input_dropout(0.0).with_hidden([128, 64]).with_dropout([0.4, 0.3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_has_its_best_recipe_and_those_of_the_paper_have_its_own() {
        for entry in &MODELS {
            entry.recipe("best").unwrap_or_else(|error| panic!("{} best: {error}", entry.name));
            assert_eq!(entry.recipe("paper").is_ok(), entry.is_of_the_paper, "{}", entry.name);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let unknown = ModelEntry::find("whisper").expect_err("no such model").to_string();
        assert!(
            unknown.ends_with(
                "baseline, mfcc1, mfcc2, ms, voice, hubert-small, wav2vec2-small, hubert, wav2vec2."
            )
        );
        let voice = ModelEntry::find("voice").expect("known");
        assert!(matches!(voice.untrained(None), Err(UntrainableError::NeedsEncoder("voice"))));
    }
}
