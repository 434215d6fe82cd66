//! `sottovoce features`.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use safetensors::tensor::{Dtype, TensorView};
use sottovoce::audio::{Clip, ClipSettings, ReadOptions, decode};
use sottovoce::features::{FeatureKind, FrontEnd, FrontEndSettings};
use sottovoce::files::write_atomically;
use sottovoce::vad::speech_segments;

use super::{fail, fail_at, read_input};

#[derive(Args)]
pub struct Arguments {
    /// The recording; `-` is standard input.
    file: PathBuf,
    /// Which feature map.
    #[arg(long)]
    kind: FeatureKind,
    /// The safetensors file to write: one tensor, `features`, of rows × frames.
    #[arg(long)]
    out: PathBuf,
    /// Use the whole recording instead of the four-second clip that the models get.
    #[arg(long)]
    no_clip: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let refused = |error: &dyn Error| fail_at(&arguments.file, error);
    let bytes = read_input(&arguments.file).map_err(|error| refused(&error))?;
    let recording = decode(&bytes, &ReadOptions::default()).map_err(|error| refused(&error))?;
    let clip = if arguments.no_clip {
        Clip::whole(recording.samples)
    } else {
        Clip::cut(&recording.samples, &ClipSettings::default(), &speech_segments(&recording.samples))
    };
    let settings = FrontEndSettings::of(arguments.kind);
    let map = FrontEnd::new(&settings).map_err(fail)?.extract(clip.samples());
    let data: Vec<u8> = map.values().iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, vec![map.rows(), map.columns()], &data);
    let view = view.expect("the data has the shape of its own map");
    let description = serde_json::to_string(&settings).expect("settings are plain data");
    let metadata = HashMap::from([("front_end".to_owned(), description)]);
    let file = safetensors::serialize([("features", view)], Some(metadata));
    let file = file.expect("one tensor with plain metadata");
    write_atomically(&arguments.out, &file).map_err(|error| fail_at(&arguments.out, error))?;
    println!("{} × {} values in {}", map.rows(), map.columns(), arguments.out.display());
    Ok(())
}
