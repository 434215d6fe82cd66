//! `sottovoce corpus`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use sottovoce::corpus::{Corpus, Duplicate, Found, Pointers, Survey, Utterance};
use sottovoce::files::write_atomically;
use sottovoce::model::Emotion;
use sottovoce::report::figures;

use super::progress::Progress;
use super::{Corpora, fail_at};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    corpora: Corpora,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Plot the recordings per emotion (the paper's Figure 1) and their loudness into this folder, as SVG.
    #[arg(long)]
    figures: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct JsonOutput<'a> {
    #[serde(flatten)]
    survey: &'a Survey,
    copies: &'a [Duplicate],
    pointers: &'a [Pointers],
}

/// Up to so many copies between two folders are listed one by one; some downloads contain everything twice.
const LISTED: usize = 20;

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let keep_defects = arguments.corpora.keep_defects;
    let Found { utterances, copies, pointers } = arguments.corpora.folder.search(&Corpus::ALL)?;
    let survey = survey(&utterances, keep_defects);
    if arguments.json {
        let output = JsonOutput { survey: &survey, copies: &copies, pointers: &pointers };
        println!("{}", serde_json::to_string(&output).expect("a survey is plain data"));
    } else {
        print_tables(&survey, keep_defects);
        print_left_out(&copies, &pointers);
    }
    arguments.figures.as_deref().map_or(Ok(()), |folder| draw(&survey, folder))
}

/// Surveys recordings, and shows the progress.
pub fn survey(utterances: &[Utterance], keep_defects: bool) -> Survey {
    let progress = Progress::new();
    let survey = Survey::of(utterances, keep_defects, &|total| progress.advance(total, "Reading recordings"));
    progress.finish();
    survey
}

/// Draws emotions.svg and loudness.svg into a folder.
pub fn draw(survey: &Survey, folder: &Path) -> Result<(), ExitCode> {
    let pictures = [("emotions.svg", figures::counts(survey)), ("loudness.svg", figures::loudness(survey))];
    std::fs::create_dir_all(folder)
        .and_then(|()| {
            pictures.iter().try_for_each(|(name, svg)| write_atomically(&folder.join(name), svg.as_bytes()))
        })
        .map_err(|error| fail_at(folder, error))
}

fn print_tables(survey: &Survey, keep_defects: bool) {
    let corpora: Vec<Corpus> = survey.speakers.keys().copied().collect();
    // As wide as the longest name.
    let heads: String = corpora.iter().map(|corpus| format!("{corpus:>15}")).collect();
    println!("{:<9}{heads}{:>9}", "", "all");
    for emotion in Emotion::ALL {
        let counts = survey.counts.get(&emotion);
        let of = |corpus| counts.and_then(|counts| counts.get(corpus)).copied().unwrap_or(0);
        let row: String = corpora.iter().map(|corpus| format!("{:>15}", of(corpus))).collect();
        println!("{emotion:<9}{row}{:>9}", survey.count(emotion));
    }
    let totals: String = corpora.iter().map(|&c| format!("{:>15}", survey.count_of_corpus(c))).collect();
    let all: usize = Emotion::ALL.into_iter().map(|emotion| survey.count(emotion)).sum();
    println!("{:<9}{totals}{all:>9}", "all");

    println!("\n{:<15}  women    men  unknown    hours   mean s  shortest   longest  language", "");
    for (corpus, speakers) in &survey.speakers {
        let Some(durations) = survey.durations_s.get(corpus) else { continue };
        let entry = corpus.entry();
        println!(
            "{corpus:<15}{:>7}{:>7}{:>9}{:>9.2}{:>9.2}{:>10.2}{:>10.2}  {}, {}; {}",
            speakers.female,
            speakers.male,
            speakers.unknown,
            durations.total / 3600.0,
            durations.mean,
            durations.lowest,
            durations.highest,
            entry.language,
            entry.speech,
            entry.licence,
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

fn print_left_out(copies: &[Duplicate], pointers: &[Pointers]) {
    if !copies.is_empty() {
        println!("\ncopies of recordings (left out)");
        let mut by_folders: BTreeMap<[Option<&Path>; 2], Vec<&Duplicate>> = BTreeMap::new();
        for copy in copies {
            by_folders.entry([copy.path.parent(), copy.of.parent()]).or_default().push(copy);
        }
        by_folders.values().for_each(|copies| print_copies(copies));
    }
    if !pointers.is_empty() {
        println!("\nfiles that were not fetched");
        pointers.iter().for_each(|pointers| println!("{pointers}"));
    }
}

/// Copies of recordings in one folder that lie in another, or in the same.
fn print_copies(copies: &[&Duplicate]) {
    if copies.len() <= LISTED {
        for Duplicate { path, of } in copies {
            println!("{} is a copy of {}", path.display(), of.display());
        }
        return;
    }
    let Duplicate { path, of } = copies[0];
    println!("{} files such as {}, which is a copy of {}", copies.len(), path.display(), of.display());
}
