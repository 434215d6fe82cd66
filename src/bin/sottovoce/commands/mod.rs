//! One file a subcommand, and what they share.

pub mod evaluate;
pub mod features;
pub mod models;
pub mod predict;
pub mod train;

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use clap::Args;
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
#[derive(Args)]
pub struct ModelsFolder {
    /// The folder that holds the models, each in a folder of its own name.
    #[arg(long, env = "SOTTOVOCE_MODELS", default_value = "models")]
    pub models: PathBuf,
}

impl ModelArguments {
    /// Loads the model, or says why not.
    pub fn load(&self) -> Result<Model, ExitCode> {
        let folder = self.folder.models.join(&self.model);
        if !folder.join("model.json").is_file() {
            eprintln!(
                "There is no model '{}' in {}. List what is there with `sottovoce models`, or name the folder with --models.",
                self.model,
                self.folder.models.display(),
            );
            return Err(ExitCode::from(BAD_INPUT));
        }
        Model::load(&folder, &Device::flex()).map_err(|error| fail(&error))
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
