//! `sottovoce corpus`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sottovoce::corpus::{Corpus, Survey};
use sottovoce::files::write_atomically;
use sottovoce::model::Emotion;
use sottovoce::{corpus, figures};

use super::progress::Progress;
use super::{BAD_INPUT, fail};

#[derive(Args)]
pub struct Arguments {
    /// The folder with the corpora (RAVDESS, CREMA-D, TESS, SAVEE), in any of their usual layouts.
    #[arg(long)]
    data: PathBuf,
    /// Count recordings with known defects, too: all 12,162 of the paper.
    #[arg(long)]
    keep_defects: bool,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Draw the recordings of each emotion (the paper's Figure 1) and their loudness into this folder, as SVG.
    #[arg(long)]
    figures: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    let all = match corpus::find(&arguments.data) {
        Ok(utterances) => utterances,
        Err(error) => return fail(&error),
    };
    let defects: Vec<_> = all.iter().filter(|utterance| utterance.defect.is_some()).cloned().collect();
    let used = if arguments.keep_defects { all } else { corpus::sound(all) };
    let progress = Progress::new();
    let mut survey = Survey::of(&used, &|| progress.advance(used.len(), "Reading recordings"));
    progress.finish();
    survey.defects = defects.iter().filter_map(|u| Some((u.path.clone(), u.defect?.to_string()))).collect();
    if arguments.json {
        println!("{}", serde_json::to_string(&survey).expect("a survey is plain data"));
    } else {
        print_tables(&survey, arguments.keep_defects);
    }
    match &arguments.figures {
        Some(folder) => draw(&survey, folder),
        None => ExitCode::SUCCESS,
    }
}

fn print_tables(survey: &Survey, keep_defects: bool) {
    let corpora: Vec<Corpus> = survey.speakers.keys().copied().collect();
    let heads: String = corpora.iter().map(|corpus| format!("{corpus:>9}")).collect();
    println!("{:<9}{heads}      all", "");
    for emotion in Emotion::ALL {
        let counts = survey.counts.get(&emotion);
        let of = |corpus| counts.and_then(|counts| counts.get(corpus)).copied().unwrap_or(0);
        let row: String = corpora.iter().map(|corpus| format!("{:>9}", of(corpus))).collect();
        println!("{emotion:<9}{row}{:>9}", survey.count(emotion));
    }
    let totals: String = corpora.iter().map(|&c| format!("{:>9}", survey.count_of_corpus(c))).collect();
    let all: usize = Emotion::ALL.into_iter().map(|emotion| survey.count(emotion)).sum();
    println!("{:<9}{totals}{all:>9}", "all");

    println!("\n{:<9}  women    men    hours   mean s  shortest   longest", "");
    for (corpus, speakers) in &survey.speakers {
        let Some(durations) = survey.durations_s.get(corpus) else { continue };
        println!(
            "{corpus:<9}{:>7}{:>7}{:>9.2}{:>9.2}{:>10.2}{:>10.2}",
            speakers.female,
            speakers.male,
            durations.total / 3600.0,
            durations.mean,
            durations.lowest,
            durations.highest,
        );
    }

    println!("\nloudness (RMS), dB below full scale: mean, and the middle half");
    for (emotion, loudness) in &survey.loudness_dbfs {
        let (low, high) = (loudness.lower_quartile, loudness.upper_quartile);
        println!("{emotion:<9}{:>7.1}   ({low:.1} to {high:.1})", loudness.mean);
    }

    if !survey.defects.is_empty() {
        let fate = if keep_defects { "counted above" } else { "left out; --keep-defects counts them" };
        println!("\nknown defects ({fate})");
        for (path, defect) in &survey.defects {
            println!("{} {defect}", path.display());
        }
    }
    if !survey.unreadable.is_empty() {
        println!("\nfiles that cannot be read");
        for (path, reason) in &survey.unreadable {
            println!("{}: {reason}", path.display());
        }
    }
}

fn draw(survey: &Survey, folder: &Path) -> ExitCode {
    let pictures = [("emotions.svg", figures::counts(survey)), ("loudness.svg", figures::loudness(survey))];
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        pictures.iter().try_for_each(|(name, svg)| write_atomically(&folder.join(name), svg.as_bytes()))
    };
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::from(BAD_INPUT)
        }
    }
}
