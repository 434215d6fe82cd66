//! `sottovoce evaluate`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use sottovoce::corpus::{SplitKind, Utterance};
use sottovoce::evaluate::{
    Condition, Evaluation, Occlusion, evaluate, evenly_spaced, occlude, predict_conditioned,
    predict_unconditioned, reference_score, test_set,
};
use sottovoce::metrics::{Selective, metrics, selective};
use sottovoce::model::{Emotion, Metrics, Model, ReferenceDraw, SpeakerReferenceError, Training};
use sottovoce::parallel::cores;
use sottovoce::report::EvaluatedModel;

use super::device::{InferenceDevice, InferenceDeviceArguments};
use super::progress::Progress;
use super::train_speaker::{enrolled, print_scores};
use super::{CorporaFolder, ModelArguments, fail};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    device: InferenceDeviceArguments,
    #[command(flatten)]
    corpora: CorporaFolder,
    /// The split that the weights were trained on: random, speaker, or corpus-NAME, such as corpus-tess. Each has
    /// weights of its own, which are evaluated on its test set.
    #[arg(long, default_value = "random")]
    split: SplitKind,
    /// Degrade every recording first: white (noise, 15 dB below the voice), babble (six other voices, 15 dB below),
    /// opus (16 kbit/s) or telephone.
    #[arg(long)]
    through: Option<Condition>,
    /// Evaluate the explanations instead, on so many of the clips: whether occluding the tenth of a clip with the most
    /// heat moves the probability more than occluding a random tenth.
    #[arg(long, value_name = "CLIPS", conflicts_with = "through")]
    explanations: Option<usize>,
    /// Also condition each prediction on so many other clips of the speaker.
    #[arg(long, value_name = "CLIPS", conflicts_with_all = ["through", "explanations"])]
    reference: Option<usize>,
    /// How those are drawn: random, one-session (four in five neutral, as a visitor records them) or one-sided (one
    /// emotion).
    #[arg(long, default_value_t = ReferenceDraw::Random, requires = "reference")]
    draw: ReferenceDraw,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let utterances = arguments.corpora.find(&arguments.split.evaluated())?;
    if let Some(clips) = arguments.explanations {
        return explanations(arguments, clips, &utterances);
    }
    if let Some(clips) = arguments.reference {
        return reference(arguments, clips, &utterances);
    }
    let (EvaluatedModel { manifest, metrics, selective, .. }, notes) =
        score(&arguments.model, arguments.device.device, arguments.split, arguments.through, &utterances)?;
    let training = &manifest.training;
    if arguments.json {
        println!(
            "{}",
            json!({
                "model": manifest.name,
                "through": arguments.through.map(|condition| condition.to_string()),
                "training": training,
                "metrics": metrics,
                "certain": selective,
            })
        );
    } else {
        print_tables(&metrics, selective, training, &notes);
    }
    Ok(())
}

/// Number of clips with each quality note.
type Notes = BTreeMap<String, usize>;

/// Evaluates a model's weights for a split on its test set, and shows progress.
pub fn score(
    model: &ModelArguments,
    device: InferenceDevice,
    kind: SplitKind,
    condition: Option<Condition>,
    all: &[Utterance],
) -> Result<(EvaluatedModel, Notes), ExitCode> {
    let loaded = model.load_for(kind)?;
    let (manifest, parameters) = (loaded.manifest().clone(), loaded.parameter_count());
    let test = test_set(&manifest.training, kind, all).map_err(fail)?;
    let through = condition.map(|condition| format!(", {}", condition.describe())).unwrap_or_default();
    let message = format!("Evaluating {}, {kind}{through}", manifest.name);
    let Evaluation { clips, notes, .. } = evaluate_clips(model, device, kind, condition, &test, &message)?;
    let selective = selective(&clips, manifest.calibration.likely_from);
    Ok((EvaluatedModel { metrics: metrics(&clips), selective, manifest, parameters }, notes))
}

/// Evaluates a model's weights for a split on these clips; shows progress and which recordings cannot be read.
pub fn evaluate_clips(
    model: &ModelArguments,
    device: InferenceDevice,
    kind: SplitKind,
    condition: Option<Condition>,
    clips: &[&Utterance],
    message: &str,
) -> Result<Evaluation, ExitCode> {
    let analyzers = device.analyzers(model, kind)?;
    let progress = Progress::new();
    let evaluation = evaluate(analyzers, clips, condition, &|| progress.advance(clips.len(), message));
    progress.finish();
    for (path, reason) in &evaluation.unreadable {
        eprintln!("{path}: {reason}");
    }
    Ok(evaluation)
}

fn explanations(arguments: &Arguments, clips: usize, all: &[Utterance]) -> Result<(), ExitCode> {
    let load = || arguments.model.load_for(arguments.split);
    let models: Vec<Model> = (0..cores()).map(|_| load()).collect::<Result<_, _>>()?;
    let manifest = models[0].manifest().clone();
    let test = test_set(&manifest.training, arguments.split, all).map_err(fail)?;
    let test = evenly_spaced(&test, clips);
    let progress = Progress::new();
    let message = format!("Occluding parts of clips, {}", manifest.name);
    let found = occlude(models, &test, manifest.training.seed, &|| progress.advance(test.len(), &message));
    progress.finish();
    if found.is_empty() {
        return Err(fail("None of these recordings could be read."));
    }
    let share = found.iter().filter(|occlusion| occlusion.agrees()).count() as f32 / found.len() as f32;
    let mean = |of: fn(&Occlusion) -> f32| found.iter().map(of).sum::<f32>() / found.len() as f32;
    let (hottest, random) = (mean(|occlusion| occlusion.hottest), mean(|occlusion| occlusion.random));
    if arguments.json {
        let object = json!({
            "model": manifest.name,
            "clips": found.len(),
            "hottest_moves_more": share,
            "moved_by_hottest": hottest,
            "moved_by_random": random,
        });
        println!("{object}");
    } else {
        println!(
            "{} clips: occluding the tenth with the most heat moves the probability more than a random tenth in {:.1} %",
            found.len(),
            100.0 * share
        );
        println!("by {:.1} points on average, a random tenth by {:.1}", 100.0 * hottest, 100.0 * random);
    }
    Ok(())
}

/// Evaluates with and without speaker references.
fn reference(arguments: &Arguments, count: usize, all: &[Utterance]) -> Result<(), ExitCode> {
    let Arguments { model, split, draw, .. } = arguments;
    let loaded = model.load_for(*split)?;
    let manifest = loaded.manifest().clone();
    let (Some(head), Some(network)) = (&manifest.speaker, loaded.speaker_network()) else {
        return Err(fail(SpeakerReferenceError::NotTaken(manifest.name)));
    };
    if let SplitKind::Corpus(corpus) = split
        && head.other_corpora.iter().any(|name| name == corpus.name())
    {
        return Err(fail(format!(
            "The speaker head of {} was trained on {corpus}. `sottovoce train-speaker` evaluates one trained without it, and REPORT.md has the result.",
            manifest.name
        )));
    }
    let test = test_set(&manifest.training, *split, all).map_err(fail)?;
    let clips = enrolled(&|| model.load_for(*split), &format!("clips of {split}"), &test)?;
    let seed = manifest.training.seed;
    let name = split.to_string();
    let conditioned = predict_conditioned(network, &clips, (*draw, count), seed);
    let scores = [
        reference_score(&name, (*draw, 0), &predict_unconditioned(&clips), &manifest.calibration),
        reference_score(&name, (*draw, count), &conditioned, &head.calibration),
    ];
    if arguments.json {
        println!("{}", json!({ "model": manifest.name, "training": manifest.training, "scores": scores }));
    } else {
        print_scores(&scores);
    }
    Ok(())
}

fn print_tables(metrics: &Metrics, selective: Selective, training: &Training, notes: &Notes) {
    let percent = |share: f32| format!("{:.2} %", 100.0 * share);
    let interval = |[low, high]: [f32; 2]| format!("(95 %: {:.2} to {:.2} %)", 100.0 * low, 100.0 * high);
    println!("{} clips, {} split, seed {}", metrics.clips, training.split, training.seed);
    println!("accuracy           {} {}", percent(metrics.accuracy), interval(metrics.accuracy_interval));
    println!(
        "mean recall        {} {}",
        percent(metrics.mean_recall),
        interval(metrics.mean_recall_interval)
    );
    println!("calibration error  {}", percent(metrics.calibration_error));
    println!(
        "coverage           {}, selective accuracy {}; other than neutral {}",
        percent(selective.coverage),
        selective.accuracy.map_or_else(|| "none".to_owned(), percent),
        percent(selective.coverage_not_neutral)
    );
    println!();
    for (corpus, accuracy) in &metrics.accuracy_by_corpus {
        println!("{corpus:<18} {}", percent(*accuracy));
    }
    println!("\nacted (rows), predicted (columns)");
    let names = Emotion::ALL.map(|emotion| format!("{emotion:>9}"));
    println!("{:<9}{}   recall", "", names.concat());
    for (emotion, row) in Emotion::ALL.into_iter().zip(metrics.confusion) {
        let counts: String = row.iter().map(|count| format!("{count:>9}")).collect();
        let recall = metrics.recall.get(&emotion).copied().unwrap_or(0.0);
        println!("{emotion:<9}{counts}   {}", percent(recall));
    }
    if !notes.is_empty() {
        println!("\nclips with a note on their quality");
        for (note, count) in notes {
            println!("{note:<18} {}", percent(*count as f32 / metrics.clips.max(1) as f32));
        }
    }
}
