//! `sottovoce teach`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sottovoce::analyzer::Analyzer;
use sottovoce::custom::CustomClassifier;
use sottovoce::files::write_atomically;
use sottovoce::model::SpeakerReference;

use super::{ModelArguments, fail, fail_at};

#[derive(Args)]
pub struct Arguments {
    /// A folder with a folder for each class, named as it, with at least five recordings.
    folder: PathBuf,
    #[command(flatten)]
    model: ModelArguments,
    /// The file for the classes, for `predict --classes` and the page.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let Arguments { folder, model, out } = arguments;
    let mut analyzer = Analyzer::new(model.load()?);
    analyzer.model().empty_reference().map_err(fail)?;
    let mut names = Vec::new();
    let mut clips: Vec<(usize, SpeakerReference)> = Vec::new();
    for class in entries(folder, Path::is_dir)? {
        for file in entries(&class, Path::is_file)? {
            match enrol(&mut analyzer, &file) {
                Ok(clip) if clips.contains(&(names.len(), clip.clone())) => {
                    eprintln!("{}: this class has it already", file.display());
                }
                Ok(clip) => clips.push((names.len(), clip)),
                Err(reason) => eprintln!("{}: {reason}", file.display()),
            }
        }
        names.push(class.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    let classifier = CustomClassifier::train(&names, &clips).map_err(fail)?;
    write_atomically(out, classifier.to_json().as_bytes()).map_err(|error| fail_at(out, error))?;
    print(&classifier);
    Ok(())
}

/// What is in a folder and `is_wanted`, sorted, without hidden files.
fn entries(folder: &Path, is_wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, ExitCode> {
    let listed = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    let mut paths = listed().map_err(|error| fail_at(folder, error))?;
    let is_hidden =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    paths.retain(|path| is_wanted(path) && !is_hidden(path));
    paths.sort();
    Ok(paths)
}

fn enrol(analyzer: &mut Analyzer, file: &Path) -> Result<SpeakerReference, String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let analysis = analyzer.analyze_file(&bytes).map_err(|error| error.to_string())?;
    analysis.enrolment().cloned().ok_or_else(|| "no speech found, so it teaches nothing".to_owned())
}

fn print(classifier: &CustomClassifier) {
    println!("Each recording, classified by a classifier trained without it:");
    for ((name, clips), row) in classifier.names().zip(classifier.clips()).zip(classifier.leave_one_out()) {
        let heard: Vec<String> = classifier
            .names()
            .zip(row)
            .filter(|(_, count)| **count > 0)
            .map(|(other, count)| format!("{count} as {other}"))
            .collect();
        println!("{name}, {clips} recordings: {}", heard.join(", "));
    }
}
