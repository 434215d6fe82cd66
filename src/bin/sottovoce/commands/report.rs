//! `sottovoce report`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use sottovoce::corpus::{SplitKind, SplitSettings, Survey, Utterance};
use sottovoce::evaluate::{Report, Scored, card, confusion_file, metrics};
use sottovoce::figures;
use sottovoce::files::write_atomically;
use sottovoce::model::Manifest;

use super::evaluate::judge_with_all_cores;
use super::progress::Progress;
use super::{BAD_INPUT, ModelArguments, ModelsFolder};

#[derive(Args)]
pub struct Arguments {
    /// The folder with the corpora (RAVDESS, CREMA-D, TESS, SAVEE), in any of their usual layouts.
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    folder: ModelsFolder,
    /// The report to write.
    #[arg(long, default_value = "REPORT.md")]
    out: PathBuf,
    /// The folder for its pictures, as seen from the report.
    #[arg(long, default_value = "docs/figures")]
    figures: PathBuf,
}

pub fn run(arguments: &Arguments) -> ExitCode {
    match start(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

fn start(arguments: &Arguments) -> Result<(), ExitCode> {
    let all = sottovoce::corpus::find(&arguments.data).map_err(|error| super::fail(&error))?;
    let defects = all.iter().filter_map(|u| Some((u.path.clone(), u.defect?.to_string()))).collect();
    let sound = sottovoce::corpus::sound(all.clone());
    let progress = Progress::new();
    let mut survey = Survey::of(&sound, &|| progress.advance(sound.len(), "Reading recordings"));
    progress.finish();
    survey.defects = defects;

    let mut scored = Vec::new();
    for name in Manifest::NAMES {
        for split in [SplitKind::Random, SplitKind::Speaker] {
            let model = ModelArguments { model: name.to_owned(), folder: arguments.folder.clone() };
            if !model.folder_for(split).join("model.json").is_file() {
                eprintln!(
                    "There are no weights of {name} for the {split} split; the report leaves them out."
                );
                continue;
            }
            let loaded = model.load_for(split)?;
            let (manifest, parameters) = (loaded.manifest().clone(), loaded.parameter_count());
            let utterances = if manifest.training.keep_defects { &all } else { &sound };
            let divided = SplitSettings { kind: split, seed: manifest.training.seed }.divide(utterances);
            let test: Vec<&Utterance> = divided.test.iter().map(|&index| &utterances[index]).collect();
            let judgement =
                judge_with_all_cores(|| model.load_for(split), &test, &format!("Judging {name}, {split}"))?;
            scored.push(Scored { manifest, parameters, metrics: metrics(&judgement.judged) });
        }
    }
    write(arguments, &survey, &scored).map_err(|error| {
        eprintln!("{}: {error}", arguments.out.display());
        ExitCode::from(BAD_INPUT)
    })?;
    println!(
        "Written: {}, its pictures in {}, the models' cards",
        arguments.out.display(),
        arguments.figures.display()
    );
    Ok(())
}

fn write(arguments: &Arguments, survey: &Survey, scored: &[Scored]) -> io::Result<()> {
    let folder = arguments.out.parent().unwrap_or(Path::new("")).join(&arguments.figures);
    std::fs::create_dir_all(&folder)?;
    let save = |name: &str, svg: String| write_atomically(&folder.join(name), svg.as_bytes());
    save("emotions.svg", figures::counts(survey))?;
    save("loudness.svg", figures::loudness(survey))?;
    for Scored { manifest, metrics, .. } in scored {
        let title = format!("{}, {} split: % of each acted emotion", manifest.name, manifest.training.split);
        save(&confusion_file(manifest), figures::confusion_matrix(&title, &metrics.confusion))?;
    }
    let report = Report { survey, scored, figures: &arguments.figures.to_string_lossy() };
    write_atomically(&arguments.out, report.markdown().as_bytes())?;
    for shipped in scored.iter().filter(|scored| scored.manifest.training.split == "random") {
        let name = &shipped.manifest.name;
        let others: Vec<&Scored> = scored
            .iter()
            .filter(|other| other.manifest.name == *name && other.manifest.training.split != "random")
            .collect();
        write_atomically(
            &arguments.folder.models.join(name).join("CARD.md"),
            card(shipped, &others).as_bytes(),
        )?;
    }
    Ok(())
}
