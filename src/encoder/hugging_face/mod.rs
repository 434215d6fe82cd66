//! Encoders from the files that Hugging Face's transformers writes: `config.json` and a set of named tensors.

mod config;
mod names;

use burn::tensor::Device;

pub use config::read_config;

use crate::nn::encoders::{Encoder, EncoderConfig};
use crate::nn::parameters::{self, Parameter, ParameterMismatch, Parameters};

/// Why an encoder could not be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// `config.json` is not what transformers writes.
    #[error("config.json cannot be used: {0}")]
    Config(String),
    /// It describes a network that this is not.
    #[error("{0}; what can be imported are wav2vec 2.0, HuBERT and Whisper")]
    Unsupported(String),
    /// The tensors are not those that the configuration asks for; named as transformers names them.
    #[error(transparent)]
    Mismatch(#[from] ParameterMismatch),
}

/// Makes an encoder of tensors with the names and layouts of transformers.
///
/// Names may stand with or without the prefix of a model that holds the encoder. The heads of such models are left
/// out, and so are layers beyond those that `config` keeps.
///
/// # Errors
/// [`ImportError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
pub fn import(config: &EncoderConfig, tensors: Parameters, device: &Device) -> Result<Encoder, ImportError> {
    let mut tensors = names::of_encoder(config, tensors);
    let network = config.init(device);
    let mut mismatch = ParameterMismatch::default();
    let mut ours = Parameters::new();
    for (name, shape) in parameters::shapes(&network) {
        let published = names::published(config, &name);
        let Some(tensor) = tensors.remove(&published) else {
            mismatch.missing.push(published);
            continue;
        };
        let tensor = if names::is_dense(&name, &shape) { transposed(tensor) } else { tensor };
        if tensor.shape == shape {
            ours.insert(name, tensor);
        } else {
            mismatch.misshapen.push(published);
        }
    }
    mismatch.unexpected = tensors.into_keys().collect();
    if mismatch != ParameterMismatch::default() {
        return Err(mismatch.into());
    }
    Ok(parameters::apply(network, ours)?)
}

/// PyTorch keeps dense weights as `[outputs, inputs]`, burn as `[inputs, outputs]`.
fn transposed(Parameter { shape, values }: Parameter) -> Parameter {
    let [rows, columns] = shape[..] else { return Parameter { shape, values } };
    let values = (0..columns).flat_map(|column| values[column..].iter().step_by(columns).copied()).collect();
    Parameter { shape: vec![columns, rows], values }
}
