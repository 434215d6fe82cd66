//! Encoders from the files that Hugging Face's transformers writes: `config.json` and a set of named tensors.

#[cfg(not(target_arch = "wasm32"))]
mod beside;
mod config;
mod names;

use std::collections::BTreeSet;

use burn::tensor::Device;

#[cfg(not(target_arch = "wasm32"))]
pub use beside::{input_of, whisper_of};
pub use config::read_config;

pub use names::of_encoder;

use super::EncoderError;
use crate::nn::encoders::{Encoder, EncoderConfig};
use crate::nn::parameters::{self, Parameter, ParameterMismatch, Parameters};

/// Makes an encoder of tensors with the names and layouts of transformers.
///
/// Names may stand with or without the prefix of a model that holds the encoder. The heads of such models are left
/// out, and so are layers beyond those that `config` keeps.
///
/// # Errors
/// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
pub fn import(config: &EncoderConfig, tensors: Parameters, device: &Device) -> Result<Encoder, EncoderError> {
    let mut tensors = of_encoder(config, tensors);
    check(config, &tensors)?;
    let network = config.init(device);
    let mut ours = Parameters::new();
    for (name, shape) in parameters::shapes(&network) {
        let tensor = tensors.remove(&names::published(config, &name)).expect("checked");
        let is_dense = names::is_dense(&name, &shape);
        ours.insert(name, if is_dense { transposed(tensor) } else { tensor });
    }
    Ok(parameters::apply(network, ours)?)
}

/// Checks that the tensors of a bare encoder are exactly those that `config` asks for.
///
/// # Errors
/// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
pub fn check(config: &EncoderConfig, tensors: &Parameters) -> Result<(), EncoderError> {
    let mut mismatch = ParameterMismatch::default();
    let mut left: BTreeSet<&str> = tensors.keys().map(String::as_str).collect();
    for (name, mut shape) in parameters::shapes(&config.init(&Device::flex())) {
        let published = names::published(config, &name);
        if names::is_dense(&name, &shape) {
            shape.reverse();
        }
        left.remove(published.as_str());
        match tensors.get(&published) {
            None => mismatch.missing.push(published),
            Some(tensor) if tensor.shape != shape => mismatch.misshapen.push(published),
            Some(_) => {}
        }
    }
    mismatch.unexpected = left.into_iter().map(str::to_owned).collect();
    if mismatch == ParameterMismatch::default() { Ok(()) } else { Err(mismatch.into()) }
}

/// PyTorch keeps dense weights as `[outputs, inputs]`, burn as `[inputs, outputs]`.
fn transposed(Parameter { shape, values }: Parameter) -> Parameter {
    let [rows, columns] = shape[..] else { unreachable!("dense weights have two dimensions") };
    let values = (0..columns).flat_map(|column| values[column..].iter().step_by(columns).copied()).collect();
    Parameter { shape: vec![columns, rows], values }
}
