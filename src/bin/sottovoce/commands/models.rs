//! `sottovoce models`.

use std::process::ExitCode;

use clap::Args;
use sottovoce::model::Manifest;

use super::{ModelsFolder, fail, fail_at};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    folder: ModelsFolder,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let folder = &arguments.folder.models;
    let entries = folder.read_dir().map_err(|error| {
        fail_at(folder, format!("{error}. Name the folder that holds the models with --models."))
    })?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    let mut found = false;
    for path in folders.iter().map(|folder| folder.join("model.json")).filter(|path| path.is_file()) {
        let manifest = std::fs::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| Manifest::parse(&text).map_err(|error| error.to_string()));
        match manifest {
            Ok(manifest) => println!("{}", line(&manifest)),
            Err(error) => eprintln!("{}: {error}", path.display()),
        }
        found = true;
    }
    if !found {
        return Err(fail(format!(
            "There are no models in {}. Name another folder with --models.",
            folder.display()
        )));
    }
    Ok(())
}

fn line(manifest: &Manifest) -> String {
    format!(
        "{:<8} {:.1} MB  {:.1} % ({} split)  {}",
        manifest.name,
        manifest.bytes() as f64 / 1e6,
        100.0 * manifest.metrics.accuracy,
        manifest.training.split,
        manifest.summary,
    )
}
