//! `sottovoce pretrain`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sottovoce::corpus::{Corpus, sound};
use sottovoce::pretrain::{Job, Kind, Recipe, Step, Watcher, pretrain};

use super::device::DeviceArguments;
use super::progress::Progress;
use super::{CorporaFolder, fail, fail_at};

#[derive(Args)]
pub struct Arguments {
    /// What to train: hubert or wav2vec2.
    kind: Kind,
    #[command(flatten)]
    corpora: CorporaFolder,
    /// The recipe, a TOML file; those that were tried are in recipes/pretrain.
    #[arg(long)]
    recipe: PathBuf,
    /// The folder of a stronger encoder to learn from, as Hugging Face publishes it or `sottovoce encoder import` writes
    /// it, for recipes that need one.
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// The folder of an encoder to begin with instead of random weights, as far as both have the same parts: all of one
    /// that was trained here, the layers of Whisper's.
    #[arg(long)]
    begin: Option<PathBuf>,
    /// Steps, instead of the recipe's number.
    #[arg(long)]
    steps: Option<usize>,
    /// Seed of the splits, the weights, the crops and the masks. Clips that judge or choose on the random split or the
    /// speakers' split of this seed are not heard.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where runs go. Each has a folder with its checkpoints, from which it is resumed, its log and the finished encoder.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceArguments,
}

pub fn run(arguments: Arguments) -> Result<(), ExitCode> {
    let Arguments { kind, recipe: file, seed, .. } = arguments;
    let text = std::fs::read_to_string(&file).map_err(|error| fail_at(&file, error))?;
    let mut recipe = Recipe::parse(&text, kind).map_err(|error| fail_at(&file, error))?;
    recipe.steps = arguments.steps.unwrap_or(recipe.steps);
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let device = arguments.device.open()?;
    let run = arguments.out.join(format!("pretrain-{name}-{seed}"));
    let output = run.join("encoder");
    let utterances = sound(arguments.corpora.find(&Corpus::PAPER)?);
    let Arguments { teacher, begin, .. } = arguments;
    let job = Job { kind, name, utterances, recipe, teacher, begin, seed, device, run };
    let description = pretrain(job, &Terminal(Progress::new())).map_err(fail)?;
    let bytes: usize = description.shards.iter().map(|shard| shard.bytes).sum();
    println!(
        "{}: {} layers of {} values, {:.1} MB, in {}",
        description.name,
        description.network.layers(),
        description.network.width(),
        bytes as f64 / 1e6,
        output.display(),
    );
    Ok(())
}

/// Shows progress bars on a terminal, and a line for some steps anywhere.
struct Terminal(Progress);

impl Watcher for Terminal {
    fn read(&self, total: usize) {
        self.0.advance(total, "Reading recordings");
    }

    fn unreadable(&self, path: &Path, reason: &str) {
        self.0.complain(&format!("{}: {reason} It is left out.", path.display()));
    }

    fn begins(&self, seconds: f32) {
        self.0.say(&format!("Hearing {:.1} hours of speech", seconds / 3600.0));
    }

    fn stepped(&self, step: usize, steps: usize, loss: f32) {
        self.0.set(step, steps, &format!("Loss {loss:.3}"));
    }

    fn logged(&self, step: &Step) {
        let Step { step, loss, figures, seconds, .. } = step;
        self.0.say(&format!(
            "step {step}: loss {loss:.4}, found {:.1} % (by chance {:.1} %), in use {:.0} % ({seconds:.0} s)",
            100.0 * figures.found,
            100.0 * figures.chance,
            100.0 * figures.used,
        ));
    }
}
