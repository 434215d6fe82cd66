//! `sottovoce train`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sottovoce::corpus::{SplitKind, SplitSettings, without_defects};
use sottovoce::encoder::Description;
use sottovoce::files::write_atomically;
use sottovoce::report::figures::learning_curve;
use sottovoce::train::{
    Epoch, Job, ModelEntry, Recipe, TrainError, Trained, UntrainableError, Watcher, train,
};

use super::device::DeviceArguments;
use super::progress::Progress;
use super::{Corpora, fail, fail_at};

#[derive(Args)]
pub struct Arguments {
    /// Which model to train.
    #[arg(value_parser = ModelEntry::names())]
    model: String,
    /// The folder of the speech encoder, which all but the first four need, as written by `sottovoce encoder import`.
    /// The finished model contains a copy.
    #[arg(long)]
    encoder: Option<PathBuf>,
    /// How many of the encoder's last layers to fine-tune, instead of the recipe's number; 0 freezes the whole encoder.
    #[arg(long)]
    unfreeze_last: Option<usize>,
    /// The folder of a finished model whose classifier training begins with, instead of random weights.
    #[arg(long)]
    begin: Option<PathBuf>,
    #[command(flatten)]
    corpora: Corpora,
    /// Which recipe of the model: paper or best.
    #[arg(long, default_value = "best")]
    recipe: String,
    /// A file of recipes instead of the model's own (recipes/<MODEL>.toml).
    #[arg(long)]
    recipes: Option<PathBuf>,
    /// How clips are split: random (as in the paper), speaker, or corpus-NAME, such as corpus-tess.
    #[arg(long, default_value = "random")]
    split: SplitKind,
    /// Seed of the split, the weights, the order and the augmentation.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Maximum number of epochs, instead of the recipe's.
    #[arg(long)]
    epochs: Option<usize>,
    /// The folder for runs. Each has a folder with its checkpoints, from which it is resumed, its log, its learning
    /// curve and the finished model.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// The folder that caches feature maps from run to run.
    #[arg(long, default_value = "runs/cache")]
    cache: PathBuf,
    #[command(flatten)]
    device: DeviceArguments,
}

pub fn run(arguments: Arguments) -> Result<(), ExitCode> {
    let Arguments { model, corpora, recipe: recipe_name, split: kind, seed, .. } = arguments;
    let encoder = arguments.encoder.as_deref().map(read_encoder).transpose()?;
    let entry = ModelEntry::find(&model).map_err(fail)?;
    let manifest = entry.untrained(encoder).map_err(|error| match error {
        UntrainableError::NeedsEncoder(_) => fail(format!(
            "{error} Import one with `sottovoce encoder import`, and name its folder with --encoder."
        )),
        _ => fail(error),
    })?;
    let mut recipe = match &arguments.recipes {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| fail_at(file, error))?;
            Recipe::parse(&text, &recipe_name).map_err(fail)?
        }
        None => entry.recipe(&recipe_name).map_err(fail)?,
    };
    recipe.epochs = arguments.epochs.unwrap_or(recipe.epochs);
    recipe.unfreeze_last = arguments.unfreeze_last.unwrap_or(recipe.unfreeze_last);
    let device = arguments.device.open()?;
    let all = corpora.folder.find(recipe.corpora.list())?;
    let utterances = if corpora.keep_defects { all } else { without_defects(all) };
    let run = arguments.out.join(format!("{model}-{recipe_name}-{kind}-{seed}"));
    let output = run.join("model");
    println!("Training {model} on {} recordings in {}", utterances.len(), run.display());
    let job = Job {
        manifest,
        utterances,
        split: SplitSettings { kind, seed },
        recipe_name,
        recipe,
        keep_defects: corpora.keep_defects,
        device,
        encoder: arguments.encoder,
        init_from: arguments.begin,
        cache: arguments.cache,
        run: run.clone(),
        output: output.clone(),
    };
    let Trained { manifest, unrounded_accuracy } =
        train(job, &Terminal::with_curve(&run)).map_err(|error| match error {
            TrainError::NothingToUnfreeze => fail(format!("{error}; leave --unfreeze-last out")),
            TrainError::TooManyUnfrozen { .. } => fail(format!("{error} with --unfreeze-last")),
            _ => fail(error),
        })?;
    let metrics = &manifest.metrics;
    println!(
        "{model}: accuracy {:.2} % (before quantization {:.2} %), mean recall {:.2} % on {} clips, {} bytes in {}",
        100.0 * metrics.accuracy,
        100.0 * unrounded_accuracy,
        100.0 * metrics.mean_recall,
        metrics.clips,
        manifest.bytes(),
        output.display(),
    );
    Ok(())
}

/// The description of an imported encoder; its tensors are read when they are needed.
pub fn read_encoder(folder: &Path) -> Result<Description, ExitCode> {
    if folder.is_dir() && !folder.join(Description::FILE).is_file() {
        return Err(fail_at(
            folder,
            "this encoder must be imported first: `sottovoce encoder import` makes a folder to be named here.",
        ));
    }
    Description::read(folder).map_err(fail)
}

/// Shows progress bars on a terminal, prints a line per epoch and draws the learning curve.
pub struct Terminal {
    progress: Progress,
    curve: Option<PathBuf>,
}

impl Terminal {
    pub fn new() -> Self {
        Self { progress: Progress::new(), curve: None }
    }

    /// Draws the learning curve into the folder of a run.
    fn with_curve(run: &Path) -> Self {
        Self { curve: Some(run.join("curve.svg")), ..Self::new() }
    }
}

impl Watcher for Terminal {
    fn extracted(&self, total: usize) {
        self.progress.advance(total, "Reading recordings");
    }

    fn unreadable(&self, path: &Path, reason: &str) {
        self.progress.complain(&format!("{}: {reason} It is left out.", path.display()));
    }

    fn stepped(&self, epoch: usize, step: usize, steps: usize, loss: f32) {
        self.progress.set(step, steps, &format!("Epoch {epoch}, loss {loss:.3}"));
    }

    fn epoch(&self, epochs: &[Epoch], is_best: bool) {
        let Some(epoch) = epochs.last() else { return };
        if let Some(path) = &self.curve
            && let Err(error) = write_atomically(path, learning_curve(epochs).as_bytes())
        {
            self.progress.complain(&format!("{}: {error}", path.display()));
        }
        let Epoch { epoch, loss, validation_loss, validation_accuracy, seconds, .. } = epoch;
        let accuracy = 100.0 * validation_accuracy;
        let mark = if is_best { ", the best so far" } else { "" };
        self.progress.say(&format!(
            "epoch {epoch}: loss {loss:.4}, validation loss {validation_loss:.4}, accuracy {accuracy:.2} %{mark} ({seconds:.0} s)"
        ));
    }
}
