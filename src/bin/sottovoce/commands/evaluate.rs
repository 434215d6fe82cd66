//! `sottovoce evaluate`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use sottovoce::analyzer::Analyzer;
use sottovoce::corpus::{SplitKind, SplitSettings, Utterance};
use sottovoce::evaluate::{Judgement, judge, metrics};
use sottovoce::model::{Emotion, Metrics, Model, Training};
use sottovoce::parallel::cores;

use super::progress::Progress;
use super::{BAD_INPUT, Corpora, ModelArguments};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    corpora: Corpora,
    /// How the clips were divided when the weights were made: random, speaker, or corpus-NAME, such as corpus-tess.
    /// Each has weights of its own, which have not heard the clips that judge.
    #[arg(long, default_value = "random")]
    split: SplitKind,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

fn start(arguments: &Arguments) -> Result<(), ExitCode> {
    let training = arguments.model.load_for(arguments.split)?.manifest().training.clone();
    if training.split != arguments.split.to_string() {
        eprintln!(
            "These weights were made on the {} split, so they may have heard clips that judge on the {} split.",
            training.split, arguments.split
        );
        return Err(ExitCode::from(BAD_INPUT));
    }
    let utterances = arguments.corpora.find()?;
    let split = SplitSettings { kind: arguments.split, seed: training.seed }.divide(&utterances);
    let test: Vec<&Utterance> = split.test.iter().map(|&index| &utterances[index]).collect();
    let judgement = judge_with_all_cores(|| arguments.model.load_for(arguments.split), &test, "Judging")?;
    for (path, reason) in &judgement.unreadable {
        eprintln!("{path}: {reason}");
    }
    let found = metrics(&judgement.judged);
    if arguments.json {
        let object = json!({ "model": arguments.model.model, "training": training, "metrics": found });
        println!("{object}");
    } else {
        print_tables(&found, &training, &judgement.notes);
    }
    Ok(())
}

/// Reads the recordings with a model a core, and shows how far it is. Refuses to judge by none.
pub fn judge_with_all_cores(
    load: impl Fn() -> Result<Model, ExitCode>,
    utterances: &[&Utterance],
    message: &str,
) -> Result<Judgement, ExitCode> {
    if utterances.is_empty() {
        eprintln!(
            "Among these recordings is none that judges on this split; give the folder that holds all corpora."
        );
        return Err(ExitCode::from(BAD_INPUT));
    }
    let analyzers: Vec<Analyzer> =
        (0..cores()).map(|_| load().map(Analyzer::new)).collect::<Result<_, _>>()?;
    let progress = Progress::new();
    let judgement = judge(analyzers, utterances, &|| progress.advance(utterances.len(), message));
    progress.finish();
    Ok(judgement)
}

fn print_tables(metrics: &Metrics, training: &Training, notes: &BTreeMap<String, usize>) {
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
    println!();
    for (corpus, accuracy) in &metrics.accuracy_by_corpus {
        println!("{corpus:<18} {}", percent(*accuracy));
    }
    println!("\nacted below, said to the right");
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
