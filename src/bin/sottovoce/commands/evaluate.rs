//! `sottovoce evaluate`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::ProgressBar;
use sottovoce::analyzer::Analyzer;
use sottovoce::corpus::{self, Utterance, random_split};
use sottovoce::evaluate::{Judged, confusion, metrics};
use sottovoce::model::{Emotion, Metrics};

use super::{ModelArguments, fail};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The folder with the corpora (RAVDESS, CREMA-D, TESS, SAVEE), in any of their usual layouts.
    #[arg(long)]
    data: PathBuf,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let model = match arguments.model.load() {
        Ok(model) => model,
        Err(code) => return code,
    };
    let stated = model.manifest().metrics.clone();
    let utterances = match corpus::find(&arguments.data) {
        Ok(utterances) => utterances,
        Err(error) => return fail(&error),
    };
    let held_out = random_split(&utterances, stated.seed).validation;
    let mut analyzer = Analyzer::new(model);
    let bar = ProgressBar::new(held_out.len() as u64);
    let mut judged = Vec::new();
    let mut notes: BTreeMap<String, usize> = BTreeMap::new();
    for utterance in held_out.iter().map(|&index| &utterances[index]) {
        match judge(&mut analyzer, utterance) {
            Ok((clip, codes)) => {
                judged.push(clip);
                codes.into_iter().for_each(|code| *notes.entry(code).or_default() += 1);
            }
            Err(error) => bar.suspend(|| eprintln!("{}: {error}", utterance.path.display())),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let found = metrics(&judged, &stated.split, stated.seed);
    if arguments.json {
        println!("{}", serde_json::to_string(&found).expect("metrics are plain data"));
    } else {
        print_tables(&found, &confusion(&judged), &notes);
    }
    ExitCode::SUCCESS
}

type Outcome = Result<(Judged, Vec<String>), Box<dyn std::error::Error>>;

fn judge(analyzer: &mut Analyzer, utterance: &Utterance) -> Outcome {
    let analysis = analyzer.analyze_file(&std::fs::read(&utterance.path)?)?;
    let clip = Judged {
        corpus: utterance.speaker.corpus,
        acted: utterance.emotion,
        prediction: analysis.prediction,
    };
    let codes = analysis.quality.notes.iter().map(|note| format!("{note:?}")).collect();
    Ok((clip, codes))
}

fn print_tables(metrics: &Metrics, confusion: &[[usize; 7]; 7], notes: &BTreeMap<String, usize>) {
    let percent = |share: f32| format!("{:.2} %", 100.0 * share);
    println!("{} clips, {}, seed {}", metrics.clips, metrics.split, metrics.seed);
    println!("accuracy           {}", percent(metrics.accuracy));
    println!("mean recall        {}", percent(metrics.mean_recall));
    println!("calibration error  {}", percent(metrics.calibration_error));
    println!();
    for (corpus, accuracy) in &metrics.accuracy_by_corpus {
        println!("{corpus:<18} {}", percent(*accuracy));
    }
    println!("\nacted below, said to the right");
    let names = Emotion::ALL.map(|emotion| format!("{emotion:>9}"));
    println!("{:<9}{}   recall", "", names.concat());
    for (emotion, row) in Emotion::ALL.into_iter().zip(confusion) {
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
