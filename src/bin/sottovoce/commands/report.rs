//! `sottovoce report`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};
use sottovoce::corpus::{Corpus, SplitKind, Utterance};
use sottovoce::evaluate::Condition;
use sottovoce::files::write_atomically;
use sottovoce::model::ReferenceScore;
use sottovoce::report::{
    EvaluatedModel, EvaluationReport, PROTOCOLS, REFERENCE_CURVE, RobustnessScore, card, confusion_file,
    figures, reference_lines,
};
use sottovoce::train::ModelEntry;

use super::device::InferenceDevice;
use super::{CorporaFolder, ModelArguments, ModelsFolder, corpus, evaluate, fail_at, report_explanations};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    corpora: CorporaFolder,
    #[command(flatten)]
    folder: ModelsFolder,
    /// The report to write.
    #[arg(long, default_value = "REPORT.md")]
    out: PathBuf,
    /// The folder for its figures, relative to the report.
    #[arg(long, default_value = "docs/figures")]
    figures: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let utterances = arguments.corpora.find(&Corpus::PAPER)?;
    let survey = corpus::survey(&utterances, false);
    let mut scored = Vec::new();
    for name in ModelEntry::names() {
        for split in [SplitKind::Random, SplitKind::Speaker] {
            let model = ModelArguments { model: name.to_owned(), folder: arguments.folder.clone() };
            if model.folder_for(split).join("model.json").is_file() {
                scored.push(evaluate::score(&model, InferenceDevice::Cpu, split, None, &utterances)?.0);
            } else {
                eprintln!(
                    "There are no weights of {name} for the {split} split; the report leaves them out."
                );
            }
        }
    }
    let robustness = robustness(&scored, &arguments.folder, &utterances)?;
    let figures = arguments.out.parent().unwrap_or(Path::new("")).join(&arguments.figures);
    corpus::draw(&survey, &figures)?;
    draw_confusions(&scored, &figures).map_err(|error| fail_at(&figures, error))?;
    draw_references(&scored, &figures).map_err(|error| fail_at(&figures, error))?;
    let explained = report_explanations::draw(&scored, &arguments.folder, &utterances, &figures)?;
    let report = EvaluationReport {
        survey: &survey,
        scored: &scored,
        robustness: &robustness,
        protocols: &protocols(&arguments.folder.held_out)?,
        explained: &explained,
        figures: &arguments.figures.to_string_lossy(),
    };
    write_atomically(&arguments.out, report.markdown().as_bytes())
        .map_err(|error| fail_at(&arguments.out, error))?;
    write_cards(&scored, &arguments.folder.models)
        .map_err(|error| fail_at(&arguments.folder.models, error))?;
    let unseen = &arguments.folder.held_out.join("speaker.json");
    std::fs::create_dir_all(&arguments.folder.held_out)
        .and_then(|()| write_atomically(unseen, unseen_speaker_scores(&scored).to_string().as_bytes()))
        .map_err(|error| fail_at(unseen, error))?;
    println!("Written: {}, its figures in {}, the models' cards", arguments.out.display(), figures.display());
    Ok(())
}

/// Scores by `sottovoce protocols`, if there are any.
fn protocols(held_out: &Path) -> Result<Vec<ReferenceScore>, ExitCode> {
    let path = held_out.join(PROTOCOLS);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).map_err(|error| fail_at(&path, error))?;
    serde_json::from_str(&text).map_err(|error| fail_at(&path, error))
}

/// Accuracy of the page's first two models on degraded recordings, as far as they are among the `scored`.
fn robustness(
    scored: &[EvaluatedModel],
    folder: &ModelsFolder,
    utterances: &[Utterance],
) -> Result<Vec<RobustnessScore>, ExitCode> {
    let mut robustness = Vec::new();
    for EvaluatedModel { manifest, .. } in scored {
        let model = &manifest.name;
        let is_random = manifest.training.split == SplitKind::Random.to_string();
        if !is_random || !["mfcc1", "voice"].contains(&model.as_str()) {
            continue;
        }
        let arguments = ModelArguments { model: model.clone(), folder: folder.clone() };
        for condition in Condition::ALL {
            let (scored, _) = evaluate::score(
                &arguments,
                InferenceDevice::Cpu,
                SplitKind::Random,
                Some(condition),
                utterances,
            )?;
            robustness.push(RobustnessScore {
                model: model.clone(),
                condition,
                accuracy: scored.metrics.accuracy,
            });
        }
    }
    Ok(robustness)
}

fn draw_confusions(scored: &[EvaluatedModel], folder: &Path) -> io::Result<()> {
    scored.iter().try_for_each(|EvaluatedModel { manifest, metrics, .. }| {
        let title = format!("{}, {} split: % of each acted emotion", manifest.name, manifest.training.split);
        let svg = figures::confusion_matrix(&title, &metrics.confusion);
        write_atomically(&folder.join(confusion_file(manifest)), svg.as_bytes())
    })
}

/// Accuracy against reference duration, of the first model on the speaker split that takes references.
fn draw_references(scored: &[EvaluatedModel], folder: &Path) -> io::Result<()> {
    let of_speakers = scored
        .iter()
        .filter(|scored| scored.manifest.training.split == SplitKind::Speaker.to_string())
        .find_map(|scored| scored.manifest.speaker.as_ref());
    of_speakers.map_or(Ok(()), |head| {
        let svg = figures::reference_curve(&reference_lines(head));
        write_atomically(&folder.join(REFERENCE_CURVE), svg.as_bytes())
    })
}

/// Accuracy of each model on unseen speakers, for the page.
fn unseen_speaker_scores(scored: &[EvaluatedModel]) -> Value {
    let unseen = scored.iter().filter(|s| s.manifest.training.split == SplitKind::Speaker.to_string());
    let score = |EvaluatedModel { manifest, metrics, .. }: &EvaluatedModel| {
        (manifest.name.clone(), json!({ "clips": metrics.clips, "accuracy": metrics.accuracy }))
    };
    unseen.map(score).collect::<Map<_, _>>().into()
}

fn write_cards(scored: &[EvaluatedModel], models: &Path) -> io::Result<()> {
    let (shipped, others): (Vec<&EvaluatedModel>, Vec<&EvaluatedModel>) =
        scored.iter().partition(|scored| scored.manifest.training.split == SplitKind::Random.to_string());
    shipped.into_iter().try_for_each(|shipped| {
        let name = &shipped.manifest.name;
        let others: Vec<&EvaluatedModel> =
            others.iter().copied().filter(|other| other.manifest.name == *name).collect();
        write_atomically(&models.join(name).join("CARD.md"), card(shipped, &others).as_bytes())
    })
}
