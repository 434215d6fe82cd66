//! `sottovoce pretrain`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sottovoce::corpus::{Corpus, without_defects};
use sottovoce::pretrain::{EncoderKind, PretrainJob, PretrainRecipe, PretrainWatcher, Step, pretrain};

use super::device::DeviceArguments;
use super::progress::Progress;
use super::{CorporaFolder, fail, fail_at};

#[derive(Args)]
pub struct Arguments {
    /// What to train: hubert or wav2vec2.
    kind: EncoderKind,
    #[command(flatten)]
    corpora: CorporaFolder,
    /// The recipe, a TOML file, such as those in recipes/pretrain.
    #[arg(long)]
    recipe: PathBuf,
    /// The folder of the teacher, a stronger encoder, as published on Hugging Face or written by
    /// `sottovoce encoder import`; for recipes that need one.
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// The folder of an encoder to initialize the weights from instead of at random, as far as both have the same
    /// parts: all of an encoder pretrained here, the layers of Whisper's.
    #[arg(long)]
    begin: Option<PathBuf>,
    /// Number of steps, instead of the recipe's.
    #[arg(long)]
    steps: Option<usize>,
    /// Seed of the splits, the weights, the crops and the masks. Clips in the validation or test set of the random or
    /// the speaker split of this seed are not used.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder for runs. Each has a folder with its checkpoints, from which it is resumed, its log and the finished
    /// encoder.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceArguments,
}

pub fn run(arguments: Arguments) -> Result<(), ExitCode> {
    let Arguments { kind, recipe: file, seed, .. } = arguments;
    let text = std::fs::read_to_string(&file).map_err(|error| fail_at(&file, error))?;
    let mut recipe = PretrainRecipe::parse(&text, kind).map_err(|error| fail_at(&file, error))?;
    recipe.steps = arguments.steps.unwrap_or(recipe.steps);
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let device = arguments.device.open()?;
    let run = arguments.out.join(format!("pretrain-{name}-{seed}"));
    let output = run.join("encoder");
    let utterances = without_defects(arguments.corpora.find(&Corpus::PAPER)?);
    let Arguments { teacher, begin: init_from, .. } = arguments;
    let job = PretrainJob { kind, name, utterances, recipe, teacher, init_from, seed, device, run };
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

/// Shows progress bars on a terminal, and always prints a line per logged step.
struct Terminal(Progress);

impl PretrainWatcher for Terminal {
    fn read(&self, total: usize) {
        self.0.advance(total, "Reading recordings");
    }

    fn unreadable(&self, path: &Path, reason: &str) {
        self.0.complain(&format!("{}: {reason} It is left out.", path.display()));
    }

    fn started(&self, seconds: f32) {
        self.0.say(&format!("Training on {:.1} hours of speech", seconds / 3600.0));
    }

    fn stepped(&self, step: usize, steps: usize, loss: f32) {
        self.0.set(step, steps, &format!("Loss {loss:.3}"));
    }

    fn logged(&self, step: &Step) {
        let Step { step, loss, metrics, seconds, .. } = step;
        self.0.say(&format!(
            "step {step}: loss {loss:.4}, accuracy {:.1} % (by chance {:.1} %), codes used {:.0} % ({seconds:.0} s)",
            100.0 * metrics.accuracy,
            100.0 * metrics.chance,
            100.0 * metrics.used,
        ));
    }
}
