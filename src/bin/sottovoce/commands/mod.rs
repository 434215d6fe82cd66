//! One file a subcommand, and what they share.

pub mod corpus;
mod device;
pub mod evaluate;
pub mod features;
pub mod models;
pub mod predict;
mod progress;
pub mod report;
pub mod train;

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use clap::Args;
use sottovoce::corpus::{SplitKind, Utterance, find, sound};
use sottovoce::model::Model;

/// Exit code for input that cannot be used.
pub const BAD_INPUT: u8 = 2;

/// Which model to use, and where models are.
#[derive(Args)]
pub struct ModelArguments {
    /// Name of a model; `sottovoce models` lists them.
    #[arg(long, default_value = "mfcc1")]
    pub model: String,
    #[command(flatten)]
    pub folder: ModelsFolder,
}

/// Where models are.
#[derive(Args, Clone)]
pub struct ModelsFolder {
    /// The folder that holds the models, each in a folder of its own name.
    #[arg(long, env = "SOTTOVOCE_MODELS", default_value = "models")]
    pub models: PathBuf,
    /// The folder that holds the weights which judge other splits than the random one, in folders of the splits' names.
    #[arg(long, default_value = "held-out")]
    pub held_out: PathBuf,
}

impl ModelArguments {
    /// Loads the model, or says why not.
    pub fn load(&self) -> Result<Model, ExitCode> {
        self.load_from(&self.folder_for(SplitKind::Random)).ok_or_else(|| {
            eprintln!(
                "There is no model '{}' in {}. List what is there with `sottovoce models`, or name the folder with --models.",
                self.model,
                self.folder.models.display(),
            );
            ExitCode::from(BAD_INPUT)
        })?
    }

    /// Where the model's weights for the clips of a split lie. Those of the random split are what the page offers.
    pub fn folder_for(&self, split: SplitKind) -> PathBuf {
        match split {
            SplitKind::Random => self.folder.models.join(&self.model),
            _ => self.folder.held_out.join(split.to_string()).join(&self.model),
        }
    }

    /// Loads the model's weights for the clips of a split, or says why not.
    pub fn load_for(&self, split: SplitKind) -> Result<Model, ExitCode> {
        if split == SplitKind::Random {
            return self.load();
        }
        let folder = self.folder_for(split);
        self.load_from(&folder).ok_or_else(|| {
            eprintln!(
                "There are no weights for this split in {0}. Make them with `sottovoce train {1} --split {split} --data …` and put the model there.",
                folder.display(),
                self.model,
            );
            ExitCode::from(BAD_INPUT)
        })?
    }

    fn load_from(&self, folder: &Path) -> Option<Result<Model, ExitCode>> {
        folder
            .join("model.json")
            .is_file()
            .then(|| Model::load(folder, &Device::flex()).map_err(|error| fail(&error)))
    }
}

/// The recordings that models are trained on and judged by.
#[derive(Args)]
pub struct Corpora {
    /// The folder with the corpora (RAVDESS, CREMA-D, TESS, SAVEE), in any of their usual layouts.
    #[arg(long)]
    pub data: PathBuf,
    /// Use recordings with known defects, too: all 12,162 of the paper. `sottovoce corpus` lists them.
    #[arg(long)]
    pub keep_defects: bool,
}

impl Corpora {
    /// Finds the recordings, or says why not.
    pub fn find(&self) -> Result<Vec<Utterance>, ExitCode> {
        let utterances = find(&self.data).map_err(|error| fail(&error))?;
        Ok(if self.keep_defects { utterances } else { sound(utterances) })
    }
}

/// Prints an error and gives the exit code for bad input.
pub fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(BAD_INPUT)
}

/// Reads a whole file, or standard input for `-`.
pub fn read_input(path: &Path) -> std::io::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path)
}
