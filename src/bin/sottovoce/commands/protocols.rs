//! `sottovoce protocols`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use clap::Args;
use sottovoce::corpus::{Corpus, FOLDS, SplitKind, SplitSettings, Utterance, without_defects};
use sottovoce::evaluate::{Protocol, part};
use sottovoce::files::write_atomically;
use sottovoce::model::{Emotion, Model, ReferenceScore};
use sottovoce::nn::classifiers::SpeakerNetworkConfig;
use sottovoce::report::PROTOCOLS;
use sottovoce::train::{Job, ModelEntry, Recipe, SpeakerJob, train};

use super::train::{Terminal, read_encoder};
use super::train_speaker::{Fitted, enrolled, fit, print_scores};
use super::{CorporaFolder, fail, fail_at};

/// Seed of the splits, the weights, the order and the augmentation.
const SEED: u64 = 1;
/// The emotions in CREMA-D.
const OF_CREMA_D: [Emotion; 6] =
    [Emotion::Angry, Emotion::Disgust, Emotion::Fear, Emotion::Happy, Emotion::Neutral, Emotion::Sad];

#[derive(Args)]
pub struct Arguments {
    /// The folder of `voice`'s speech encoder, as written by `sottovoce encoder import`.
    #[arg(long)]
    encoder: PathBuf,
    #[command(flatten)]
    corpora: CorporaFolder,
    /// The folder for runs; existing ones are resumed.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// The folder that caches feature maps from run to run.
    #[arg(long, default_value = "runs/cache")]
    cache: PathBuf,
    /// The folder for the scores, which `sottovoce report` reads.
    #[arg(long, default_value = "models/held-out")]
    held_out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let utterances = without_defects(arguments.corpora.find(&Corpus::ALL)?);
    let path = arguments.held_out.join(PROTOCOLS);
    let mut scores: Vec<ReferenceScore> = Vec::new();
    // Written after each protocol, so that those that are done are kept if the run ends early.
    let mut keep = |protocol: &Protocol| {
        scores.extend(protocol.accuracies());
        let text = serde_json::to_string_pretty(&scores).expect("plain data") + "\n";
        print_scores(&scores);
        write_atomically(&path, text.as_bytes()).map_err(|error| fail_at(&path, error))
    };
    let noss = protocol(arguments, &utterances, SplitKind::Noss, "CREMA-D, published split")?;
    keep(&noss.among(&OF_CREMA_D))?;
    for corpus in Corpus::PAPER {
        let name = format!("{corpus} left out");
        keep(&protocol(arguments, &utterances, SplitKind::Corpus(corpus), &name)?)?;
    }
    let mut folds: Option<Protocol> = None;
    for fold in 1..=FOLDS {
        let protocol = protocol(arguments, &utterances, SplitKind::Fold(fold), "five folds of the speakers")?;
        folds = Some(match folds {
            Some(before) => before.and(protocol),
            None => protocol,
        });
    }
    keep(&folds.expect("there are folds"))
}

/// Trains `voice` and its speaker head without the test set of a split, and evaluates them on it.
fn protocol(
    arguments: &Arguments,
    utterances: &[Utterance],
    kind: SplitKind,
    name: &str,
) -> Result<Protocol, ExitCode> {
    let Arguments { encoder, out, cache, .. } = arguments;
    let papers: Vec<Utterance> =
        utterances.iter().filter(|clip| clip.speaker.corpus.is_in_paper()).cloned().collect();
    let run = out.join(format!("voice-best-{kind}-{SEED}"));
    let folder = run.join("model");
    println!("Training voice, {kind}, in {}", run.display());
    let job = Job {
        manifest: voice().untrained(Some(read_encoder(encoder)?)).map_err(fail)?,
        utterances: papers.clone(),
        split: SplitSettings { kind, seed: SEED },
        recipe_name: "best".to_owned(),
        recipe: recipe("best")?,
        keep_defects: false,
        device: Device::flex(),
        encoder: Some(encoder.clone()),
        init_from: None,
        cache: cache.clone(),
        run,
        output: folder.clone(),
    };
    train(job, &Terminal::new()).map_err(fail)?;
    let model = load(&folder)?;
    let architecture = SpeakerNetworkConfig::new(model.manifest().front_end.rows());
    let job = SpeakerJob {
        model: &model,
        folder: &folder,
        utterances,
        leave_one_out: false,
        architecture: architecture.clone(),
        recipe: &recipe("speaker")?,
        cache,
    };
    let Fitted { quantized, .. } = fit(&job)?;
    let test = part(&model.manifest().training, kind, &papers, |split| split.test);
    let clips = enrolled(&|| load(&folder), &format!("clips of {kind}"), &test)?;
    Ok(Protocol::new(name, &quantized.network, &clips, SEED))
}

fn load(folder: &Path) -> Result<Model, ExitCode> {
    Model::load(folder, &Device::flex()).map_err(fail)
}

fn recipe(name: &str) -> Result<Recipe, ExitCode> {
    voice().recipe(name).map_err(fail)
}

fn voice() -> &'static ModelEntry {
    ModelEntry::find("voice").expect("it is among the models")
}
