//! One file per subcommand, and what they share.

#[cfg(feature = "batch")]
pub mod batch;
pub mod calibrate;
pub mod corpus;
mod device;
pub mod encode;
pub mod encoder;
pub mod evaluate;
pub mod explain;
pub mod features;
pub mod fit_voices;
pub mod follow;
pub mod models;
pub mod predict;
pub mod pretrain;
mod progress;
pub mod protocols;
pub mod report;
mod report_explanations;
pub mod teach;
pub mod train;
pub mod train_speaker;

use std::fmt::Display;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use clap::Args;
use sottovoce::audio::Channel;
use sottovoce::corpus::{Corpus, Found, SplitKind, Utterance, find};
use sottovoce::model::{Model, SpeakerReference};

/// Exit code for input that cannot be used.
const BAD_INPUT: u8 = 2;

/// Which model to use, and where models are.
#[derive(Args)]
pub struct ModelArguments {
    /// Name of a model; `sottovoce models` lists them.
    #[arg(long, default_value = "voice")]
    pub model: String,
    #[command(flatten)]
    pub folder: ModelsFolder,
}

/// Where models are.
#[derive(Args, Clone)]
pub struct ModelsFolder {
    /// The folder of the models, each in a folder of its own name.
    #[arg(long, env = "SOTTOVOCE_MODELS", default_value = "models/shipped")]
    pub models: PathBuf,
    /// The folder of the weights for other splits than the random one, in folders of the splits' names.
    #[arg(long, default_value = "models/held-out")]
    pub held_out: PathBuf,
}

impl ModelArguments {
    /// Loads the model that the page offers.
    pub fn load(&self) -> Result<Model, ExitCode> {
        self.load_for(SplitKind::Random)
    }

    /// Loads the model's weights that were trained without the test set of a split.
    pub fn load_for(&self, split: SplitKind) -> Result<Model, ExitCode> {
        let folder = self.folder_for(split);
        if folder.join("model.json").is_file() {
            return Model::load(&folder, &Device::flex()).map_err(fail);
        }
        Err(match split {
            SplitKind::Random => fail(format!(
                "There is no model '{}' in {}. List what is there with `sottovoce models`, or name the folder with --models.",
                self.model,
                self.folder.models.display(),
            )),
            _ => fail(format!(
                "There are no weights for this split in {0}. Make them with `sottovoce train {1} --split {split} --data …` and put the model there.",
                folder.display(),
                self.model,
            )),
        })
    }

    /// The folder of the model's weights for a split. Those of the random split are what the page offers; they are also
    /// evaluated on corpora outside the paper's four, unless there are weights for that split.
    pub fn folder_for(&self, split: SplitKind) -> PathBuf {
        let shipped = self.folder.models.join(&self.model);
        let own = self.folder.held_out.join(split.to_string()).join(&self.model);
        match split {
            SplitKind::Random => shipped,
            SplitKind::Corpus(corpus) if !corpus.is_in_paper() && !own.is_dir() => shipped,
            _ => own,
        }
    }
}

/// Which channel of a recording to use.
#[derive(Args)]
pub struct ChannelArgument {
    /// Use one channel alone: left, right or a number, counted from 1. Otherwise all are mixed.
    #[arg(long)]
    pub channel: Option<Channel>,
}

/// Other recordings of the speaker.
#[derive(Args)]
pub struct ReferenceArgument {
    /// A speaker reference from `sottovoce predict --write-reference`, to condition predictions on.
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
}

impl ReferenceArgument {
    /// The named reference, if any.
    pub fn read(&self) -> Result<Option<SpeakerReference>, ExitCode> {
        let Some(path) = &self.reference else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|error| fail_at(path, error))?;
        SpeakerReference::parse(&text).map(Some).map_err(|error| fail_at(path, error))
    }
}

/// Which recordings to use.
#[derive(Args)]
pub struct Corpora {
    #[command(flatten)]
    pub folder: CorporaFolder,
    /// Use recordings with known defects, too: all 12,162 of the paper. `sottovoce corpus` lists them.
    #[arg(long)]
    pub keep_defects: bool,
}

/// Where recordings are.
#[derive(Args)]
pub struct CorporaFolder {
    /// The folder with the corpora, in any of their usual layouts: RAVDESS, CREMA-D, TESS and SAVEE, and for some uses
    /// others.
    #[arg(long)]
    data: PathBuf,
}

/// A finished model, and the corpora to measure it on.
#[derive(Args)]
pub struct FinishedModel {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    corpora: CorporaFolder,
    /// Which weights: random for those that the page offers, speaker, or corpus-NAME for those in `models/held-out/`.
    #[arg(long, default_value = "random")]
    split: SplitKind,
}

impl CorporaFolder {
    /// Finds the recordings of these corpora, including those with known defects; prints why if it cannot.
    pub fn search(&self, corpora: &[Corpus]) -> Result<Found, ExitCode> {
        find(&self.data, corpora).map_err(fail)
    }

    /// The same, and prints on standard error what was left out.
    pub fn find(&self, corpora: &[Corpus]) -> Result<Vec<Utterance>, ExitCode> {
        let Found { utterances, copies, pointers } = self.search(corpora)?;
        for pointers in pointers.iter().filter(|pointers| pointers.missing > 0) {
            eprintln!("{pointers}");
        }
        if !copies.is_empty() {
            let count = copies.len();
            eprintln!(
                "Files left out because they repeat recordings: {count}. `sottovoce corpus` lists them."
            );
        }
        Ok(utterances)
    }
}

/// Prints why a command fails and returns its exit code.
pub fn fail(reason: impl Display) -> ExitCode {
    eprintln!("{reason}");
    ExitCode::from(BAD_INPUT)
}

/// Prints what is wrong with a file or folder and returns the exit code.
pub fn fail_at(path: &Path, reason: impl Display) -> ExitCode {
    fail(format!("{}: {reason}", path.display()))
}

/// Reads a whole file, or standard input for `-`.
pub fn read_input(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path)
}
