//! `sottovoce encode`.

use std::path::PathBuf;
use std::process::ExitCode;

use burn::tensor::{Device, Tensor};
use clap::Args;
use safetensors::tensor::{Dtype, TensorView};
use sottovoce::audio::{ReadOptions, decode};
use sottovoce::encoder::SpeechEncoder;
use sottovoce::files::write_atomically;

use super::{fail, fail_at, read_input};

#[derive(Args)]
pub struct Arguments {
    /// The recording; `-` is standard input. All of it is encoded.
    file: PathBuf,
    /// The folder of the encoder, as published on Hugging Face or written by `sottovoce encoder import`.
    #[arg(long)]
    encoder: PathBuf,
    /// The safetensors file to write: `hidden_states.0`, the input of the first layer, and the output of each layer,
    /// `hidden_states.1` and so on; frames × width each.
    #[arg(long)]
    out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let bytes = read_input(&arguments.file).map_err(|error| fail_at(&arguments.file, error))?;
    let recording =
        decode(&bytes, &ReadOptions::default()).map_err(|error| fail_at(&arguments.file, error))?;
    let mut encoder = SpeechEncoder::load(&arguments.encoder, &Device::flex()).map_err(fail)?;
    let states = encoder.encode(&recording.samples).hidden_states;
    let [_, frames, width] = states[0].dims();
    let bytes: Vec<Vec<u8>> = states.into_iter().map(little_endian).collect();
    let views = bytes.iter().enumerate().map(|(layer, data)| {
        let view = TensorView::new(Dtype::F32, vec![frames, width], data);
        (format!("hidden_states.{layer}"), view.expect("every layer keeps the shape"))
    });
    let file = safetensors::serialize(views, None).expect("tensors of distinct names");
    write_atomically(&arguments.out, &file).map_err(|error| fail_at(&arguments.out, error))?;
    println!("{} states of {frames} frames × {width} values in {}", bytes.len(), arguments.out.display());
    Ok(())
}

fn little_endian(state: Tensor<3>) -> Vec<u8> {
    let values: Vec<f32> = state.into_data().try_to_vec().expect("states are f32");
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
