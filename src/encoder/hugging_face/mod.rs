//! Encoders in the format of Hugging Face's transformers: `config.json` and a set of named tensors.

mod config;
#[cfg(feature = "import")]
mod infer;
#[cfg(feature = "train")]
mod last_layers;
mod names;

use std::collections::BTreeSet;

use burn::module::Module;
use burn::tensor::Device;

pub use config::read_config;
#[cfg(feature = "import")]
pub use infer::{infer_whisper_config, input_from_preprocessor};
#[cfg(feature = "train")]
pub use last_layers::{last_layers, with_last_layers};

use super::EncoderError;
#[cfg(feature = "webgpu")]
use crate::nn::encoders::GpuInference;
#[cfg(feature = "cpu")]
use crate::nn::encoders::Inference;
use crate::nn::encoders::{Encoder, EncoderConfig};
#[cfg(feature = "webgpu")]
use crate::nn::gpu::Gpu;
use crate::nn::parameters::{self, Parameter, ParameterMismatch, Parameters};
use crate::nn::weights::StoredParameters;

/// Loads an encoder, as a module, from tensors with the names and layouts of transformers.
///
/// Names may have the prefix of a model that contains the encoder. The heads of such models are ignored, and so are layers
/// beyond those in `config`.
///
/// # Errors
/// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
pub fn import(
    config: &EncoderConfig,
    tensors: StoredParameters,
    device: &Device,
) -> Result<Encoder, EncoderError> {
    let mut tensors = encoder_tensors(config, tensors, device)?;
    let mut take = |name: &str| tensors.remove(&names::in_checkpoint(config, name)).expect("checked");
    Ok(load_module(config.init(device), |name| take(name).into_parameter())?)
}

/// Loads an encoder like [`import`], for inference on the CPU: quantized weights stay quantized.
///
/// # Errors
/// As [`import`].
#[cfg(feature = "cpu")]
pub fn import_for_inference(
    config: &EncoderConfig,
    tensors: StoredParameters,
) -> Result<Inference, EncoderError> {
    let mut tensors = encoder_tensors(config, tensors, &Device::flex())?;
    Ok(Inference::new(config, |name| tensors.remove(&names::in_checkpoint(config, name))))
}

/// Loads an encoder like [`import`], for inference on a GPU: quantized weights stay quantized.
///
/// # Errors
/// As [`import`].
#[cfg(feature = "webgpu")]
pub fn import_for_gpu(
    config: &EncoderConfig,
    tensors: StoredParameters,
    gpu: Gpu,
) -> Result<GpuInference, EncoderError> {
    let mut tensors = encoder_tensors(config, tensors, gpu.device())?;
    Ok(GpuInference::new(config, |name| tensors.remove(&names::in_checkpoint(config, name)), gpu))
}

/// Exports the tensors of an encoder with the names and layouts of transformers.
pub fn export(config: &EncoderConfig, encoder: &Encoder) -> Parameters {
    let ours = parameters::collect(encoder).into_iter();
    ours.map(|(name, parameter)| (names::in_checkpoint(config, &name), transposed(&name, parameter)))
        .collect()
}

/// Loads a module with tensors in the layouts of transformers, each requested by our name for it.
fn load_module<M: Module>(
    module: M,
    mut tensor: impl FnMut(&str) -> Parameter,
) -> Result<M, ParameterMismatch> {
    let names = parameters::shapes(&module).into_keys();
    let ours = names.map(|name| {
        let tensor = transposed(&name, tensor(&name));
        (name, tensor)
    });
    parameters::apply(module, ours.collect())
}

/// Selects the tensors of the encoder, under the names of a bare encoder: exactly those that `config` requires. Their shapes
/// are those of the module on `device`, of which nothing is initialized.
///
/// # Errors
/// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
pub fn encoder_tensors(
    config: &EncoderConfig,
    tensors: StoredParameters,
    device: &Device,
) -> Result<StoredParameters, EncoderError> {
    let tensors = names::encoder_tensors(config, tensors);
    check(config, &tensors, device)?;
    Ok(tensors)
}

fn check(config: &EncoderConfig, tensors: &StoredParameters, device: &Device) -> Result<(), EncoderError> {
    let mut mismatch = ParameterMismatch::default();
    let mut left: BTreeSet<&str> = tensors.keys().map(String::as_str).collect();
    for (name, mut shape) in parameters::shapes(&config.init(device)) {
        let tensor = names::in_checkpoint(config, &name);
        if names::is_dense(&name, &shape) {
            shape.reverse();
        }
        left.remove(tensor.as_str());
        match tensors.get(&tensor) {
            None => mismatch.missing.push(tensor),
            Some(found) if found.shape() != shape => mismatch.misshapen.push(tensor),
            Some(_) => {}
        }
    }
    mismatch.unexpected = left.into_iter().map(str::to_owned).collect();
    if mismatch == ParameterMismatch::default() { Ok(()) } else { Err(mismatch.into()) }
}

/// Converts the parameter that we call `name` between the layouts: PyTorch stores dense weights as `[outputs, inputs]`, burn
/// as `[inputs, outputs]`.
fn transposed(name: &str, parameter: Parameter) -> Parameter {
    if !names::is_dense(name, &parameter.shape) {
        return parameter;
    }
    let Parameter { shape, values } = parameter;
    let [rows, columns] = shape[..] else { unreachable!("dense weights have two dimensions") };
    // With exact capacity, since it lives as long as the network.
    let mut transposed = Vec::with_capacity(values.len());
    (0..columns).for_each(|column| transposed.extend(values[column..].iter().step_by(columns)));
    Parameter { shape: vec![columns, rows], values: transposed }
}
