//! `sottovoce encoder`.

use std::path::PathBuf;
use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Args, Subcommand, ValueEnum};
use sottovoce::encoder::{Precision, Source, SpeechEncoder, save};

use super::fail;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Import a speech encoder published on Hugging Face: wav2vec 2.0, HuBERT or Whisper. Nothing is downloaded.
    Import(Import),
}

#[derive(Args)]
struct Import {
    /// The folder with config.json and model.safetensors or pytorch_model.bin, or one file of weights next to its
    /// config.json.
    source: PathBuf,
    /// A name for the encoder.
    #[arg(long)]
    name: String,
    /// Precision of its weights.
    #[arg(long, value_enum, default_value = "int8")]
    quantize: Quantize,
    /// Keep only its first so many layers.
    #[arg(long)]
    layers: Option<usize>,
    /// The folder of the encoders, each in a folder of its own name.
    #[arg(long, env = "SOTTOVOCE_ENCODERS", default_value = "encoders")]
    encoders: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Quantize {
    /// Matrices and kernels in eight bits, with a scale per output channel.
    Int8,
    /// Everything in 16 bits.
    F16,
    /// Everything in 32 bits.
    None,
}

pub fn run(arguments: Arguments) -> Result<(), ExitCode> {
    let Command::Import(Import { source, name, quantize, layers, encoders }) = arguments.command;
    if name.is_empty()
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        || name.starts_with('.')
    {
        return Err(fail(format!(
            "'{name}' cannot be the name of a folder: use letters, digits, '-', '_' and '.', and no '.' at the start."
        )));
    }
    let mut source = Source::open(&source).map_err(fail)?;
    source.description.name.clone_from(&name);
    if let Some(layers) = layers {
        source.description.network = source.description.network.cut(layers);
    }
    let source = source.checked().map_err(fail)?;
    let precision = match quantize {
        Quantize::Int8 => Precision::Int8,
        Quantize::F16 => Precision::F16,
        Quantize::None => Precision::F32,
    };
    let folder = encoders.join(&name);
    let description = save(source, precision, &folder).map_err(fail)?;
    // Check that the written encoder loads.
    SpeechEncoder::load(&folder, &Device::flex()).map_err(fail)?;
    let bytes: usize = description.shards.iter().map(|shard| shard.bytes).sum();
    println!(
        "{name}: {} layers of {} values, {:.1} MB in {} files, in {}",
        description.network.layers(),
        description.network.width(),
        bytes as f64 / 1e6,
        description.shards.len(),
        folder.display(),
    );
    Ok(())
}
