//! Encoders from the files that Hugging Face's transformers writes: `config.json` and a set of named tensors.

mod beside;
mod config;
#[cfg(not(target_arch = "wasm32"))]
mod last_layers;
mod names;

use std::collections::BTreeSet;

use burn::module::Module;
use burn::tensor::Device;

pub use beside::{input_of, whisper_of};
pub use config::read_config;
#[cfg(not(target_arch = "wasm32"))]
pub use last_layers::{last_layers, with_last_layers};

use super::EncoderError;
#[cfg(target_arch = "wasm32")]
use crate::nn::encoders::GpuInference;
use crate::nn::encoders::{Encoder, EncoderConfig, Inference};
use crate::nn::parameters::{self, Parameter, ParameterMismatch, Parameters};
use crate::nn::weights::StoredParameters;

/// Makes an encoder of tensors with the names and layouts of transformers, as a module.
///
/// Names may stand with or without the prefix of a model that holds the encoder. The heads of such models are left
/// out, and so are layers beyond those that `config` keeps.
///
/// # Errors
/// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
pub fn import(
    config: &EncoderConfig,
    tensors: StoredParameters,
    device: &Device,
) -> Result<Encoder, EncoderError> {
    let mut tensors = of_encoder(config, tensors)?;
    let mut taken = |name: &str| tensors.remove(&names::published(config, name)).expect("checked");
    Ok(filled(config.init(device), |name| taken(name).into_parameter())?)
}

/// Makes an encoder as [`import`] does, for the CPU without gradients: what is kept in integers stays so.
///
/// # Errors
/// As of [`import`].
pub fn import_for_inference(
    config: &EncoderConfig,
    tensors: StoredParameters,
) -> Result<Inference, EncoderError> {
    let mut tensors = of_encoder(config, tensors)?;
    Ok(Inference::new(config, |name| tensors.remove(&names::published(config, name))))
}

/// Makes an encoder as [`import`] does, for the browser's GPU: what is kept in integers stays so.
///
/// # Errors
/// As of [`import`], and [`EncoderError::Gpu`] when there is no GPU for it.
#[cfg(target_arch = "wasm32")]
pub async fn import_for_gpu(
    config: &EncoderConfig,
    tensors: StoredParameters,
) -> Result<GpuInference, EncoderError> {
    let mut tensors = of_encoder(config, tensors)?;
    Ok(GpuInference::new(config, |name| tensors.remove(&names::published(config, name))).await?)
}

/// The tensors of an encoder as transformers names and lays them out.
pub fn published(config: &EncoderConfig, encoder: &Encoder) -> Parameters {
    let ours = parameters::collect(encoder).into_iter();
    ours.map(|(name, parameter)| (names::published(config, &name), turned(&name, parameter))).collect()
}

/// A module with tensors in the layouts of transformers, each asked for by our name for it.
fn filled<M: Module>(module: M, mut tensor: impl FnMut(&str) -> Parameter) -> Result<M, ParameterMismatch> {
    let names = parameters::shapes(&module).into_keys();
    let ours = names.map(|name| {
        let tensor = turned(&name, tensor(&name));
        (name, tensor)
    });
    parameters::apply(module, ours.collect())
}

/// The tensors of the encoder alone, under the names of a bare encoder: all that `config` asks for, and no other.
///
/// # Errors
/// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
pub fn of_encoder(
    config: &EncoderConfig,
    tensors: StoredParameters,
) -> Result<StoredParameters, EncoderError> {
    let tensors = names::of_encoder(config, tensors);
    check(config, &tensors)?;
    Ok(tensors)
}

fn check(config: &EncoderConfig, tensors: &StoredParameters) -> Result<(), EncoderError> {
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
            Some(tensor) if tensor.shape() != shape => mismatch.misshapen.push(published),
            Some(_) => {}
        }
    }
    mismatch.unexpected = left.into_iter().map(str::to_owned).collect();
    if mismatch == ParameterMismatch::default() { Ok(()) } else { Err(mismatch.into()) }
}

/// The parameter that we call `name`, out of our layout or into it: PyTorch keeps dense weights as `[outputs, inputs]`,
/// burn as `[inputs, outputs]`.
fn turned(name: &str, parameter: Parameter) -> Parameter {
    if !names::is_dense(name, &parameter.shape) {
        return parameter;
    }
    let Parameter { shape, values } = parameter;
    let [rows, columns] = shape[..] else { unreachable!("dense weights have two dimensions") };
    // Of the very size, since it stays as long as the network.
    let mut turned = Vec::with_capacity(values.len());
    (0..columns).for_each(|column| turned.extend(values[column..].iter().step_by(columns)));
    Parameter { shape: vec![columns, rows], values: turned }
}
