//! `sottovoce train`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sottovoce::corpus;
use sottovoce::model::Manifest;
use sottovoce::train::{Job, Recipe, Watcher, train};

use super::{BAD_INPUT, fail};

#[derive(Args)]
pub struct Arguments {
    /// Which model to train: mfcc1.
    model: String,
    /// The folder with the corpora (RAVDESS, CREMA-D, TESS, SAVEE), in any of their usual layouts.
    #[arg(long)]
    data: PathBuf,
    /// Where the finished model goes, in a folder of its own name.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// Where checkpoints go; an interrupted run resumes from here. By default beside the finished model.
    #[arg(long)]
    checkpoints: Option<PathBuf>,
    /// Passes over the training clips.
    #[arg(long, default_value_t = Recipe::default().epochs)]
    epochs: usize,
    /// Highest learning rate.
    #[arg(long, default_value_t = Recipe::default().learning_rate)]
    learning_rate: f64,
    /// Clips a step.
    #[arg(long, default_value_t = Recipe::default().batch)]
    batch: usize,
    /// Seed of the split, the weights, the order and the augmentations.
    #[arg(long, default_value_t = Recipe::default().seed)]
    seed: u64,
}

pub fn run(arguments: Arguments) -> ExitCode {
    let Some(manifest) = Manifest::untrained(&arguments.model) else {
        eprintln!("There is no model '{}' to train. These can be trained: mfcc1.", arguments.model);
        return ExitCode::from(BAD_INPUT);
    };
    let output = arguments.out.join(&arguments.model);
    let checkpoints = arguments.checkpoints.unwrap_or_else(|| output.join("checkpoints"));
    let recipe = Recipe {
        epochs: arguments.epochs,
        learning_rate: arguments.learning_rate,
        batch: arguments.batch,
        seed: arguments.seed,
        ..Recipe::default()
    };
    let utterances = match corpus::find(&arguments.data) {
        Ok(utterances) => utterances,
        Err(error) => return fail(&error),
    };
    println!("{} recordings found below {}", utterances.len(), arguments.data.display());
    let job = Job { manifest, utterances, recipe, checkpoints, output: output.clone() };
    match train(job, &Terminal::new()) {
        Ok(manifest) => {
            let metrics = &manifest.metrics;
            println!(
                "{}: accuracy {:.2} %, mean recall {:.2} % on {} clips ({}), {} bytes in {}",
                manifest.name,
                100.0 * metrics.accuracy,
                100.0 * metrics.mean_recall,
                metrics.clips,
                metrics.split,
                manifest.weights.bytes,
                output.display(),
            );
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

/// Shows progress bars on a terminal, and a line an epoch anywhere.
struct Terminal {
    bar: ProgressBar,
}

impl Terminal {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{msg:32} {wide_bar} {pos}/{len}, {eta} left");
        let bar = ProgressBar::no_length();
        bar.set_style(style.expect("a valid template"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar }
    }
}

impl Watcher for Terminal {
    fn extracted(&self, total: usize) {
        if self.bar.length() != Some(total as u64) {
            self.bar.set_length(total as u64);
            self.bar.set_message("Reading recordings");
        }
        self.bar.inc(1);
    }

    fn stepped(&self, epoch: usize, step: usize, steps: usize, loss: f32) {
        if step == 1 {
            self.bar.reset();
            self.bar.set_length(steps as u64);
        }
        self.bar.set_position(step as u64);
        self.bar.set_message(format!("Epoch {epoch}, loss {loss:.3}"));
    }

    fn epoch(&self, epoch: usize, loss: f32, accuracy: f32, best: bool) {
        let mark = if best { ", the best so far" } else { "" };
        let line =
            format!("epoch {epoch}: loss {loss:.4}, validation accuracy {:.2} %{mark}", 100.0 * accuracy);
        self.bar.suspend(|| println!("{line}"));
    }
}
