//! Encoders in the format of Hugging Face, from the contents of their files.

use burn::tensor::Device;
use pytorch_reader::{DType, PytorchReader};
use safetensors::tensor::Dtype;

use super::hugging_face::{encoder_tensors, infer_whisper_config, input_from_preprocessor, read_config};
use super::{Description, EncoderError};
use crate::nn::parameters::Parameter;
use crate::nn::weights::{self, Stored, StoredParameters};

/// The parts of an encoder.
pub struct Source {
    /// Its description; without shards unless it is in our format.
    pub description: Description,
    /// Its tensors, with the names of transformers.
    pub tensors: StoredParameters,
}

impl Source {
    /// Combines the files of an encoder: the text of its `config.json` and, if there is one, of its `preprocessor_config.json`,
    /// and its [weights](read_weights).
    ///
    /// # Errors
    /// [`EncoderError`] if a text is invalid or describes an unsupported network.
    pub fn from_published(
        name: &str,
        config: &str,
        preprocessor: Option<&str>,
        tensors: StoredParameters,
    ) -> Result<Self, EncoderError> {
        // Some converters of Whisper write another config.json; its sizes are inferred from its tensors.
        let network = read_config(config).or_else(|error| infer_whisper_config(&tensors).ok_or(error))?;
        let input = input_from_preprocessor(&network, preprocessor)?;
        Ok(Self {
            description: Description { name: name.to_owned(), input, network, shards: Vec::new() },
            tensors,
        })
    }

    /// Selects the tensors of the encoder, and checks that they are complete.
    ///
    /// # Errors
    /// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape;
    /// [`EncoderError::Weights`] if a weight is beyond the range of 16-bit floats.
    pub fn checked(self) -> Result<Self, EncoderError> {
        let Self { description, tensors } = self;
        let tensors = encoder_tensors(&description.network, tensors, &Device::flex())?;
        weights::check_halves(&tensors)?;
        Ok(Self { description, tensors })
    }
}

/// Selects the files of weights among the names of the files in a folder: safetensors, or else `pytorch_model.bin`.
///
/// # Errors
/// [`EncoderError::File`] if there are none in `folder`.
pub fn weights_among(folder: &str, names: &[String]) -> Result<Vec<String>, EncoderError> {
    let mut found: Vec<String> =
        names.iter().filter(|name| name.ends_with(".safetensors")).cloned().collect();
    found.sort();
    if found.is_empty() {
        found.extend(names.iter().find(|name| *name == "pytorch_model.bin").cloned());
    }
    if found.is_empty() {
        return Err(EncoderError::File {
            path: folder.to_owned(),
            detail:
                "there is neither model.safetensors nor pytorch_model.bin here; give the folder of an encoder"
                    .to_owned(),
        });
    }
    Ok(found)
}

/// Reads the tensors from the name and contents of a file of weights.
///
/// # Errors
/// [`EncoderError`] if it is damaged, or contains other types than floats.
pub fn read_weights(name: &str, bytes: Vec<u8>) -> Result<StoredParameters, EncoderError> {
    if name.ends_with(".safetensors") {
        return Ok(weights::read(bytes)?);
    }
    let unreadable = |detail: String| EncoderError::File { path: name.to_owned(), detail };
    let reader = PytorchReader::from_bytes(bytes, None).map_err(|error| unreadable(error.to_string()))?;
    let mut tensors = StoredParameters::new();
    for (name, tensor) in reader.into_tensors() {
        let format = match tensor.dtype() {
            DType::F32 => Dtype::F32,
            DType::F16 => Dtype::F16,
            DType::BF16 => Dtype::BF16,
            other => {
                return Err(unreadable(format!("{name} holds numbers of an unexpected kind, {other:?}")));
            }
        };
        let bytes = tensor.read().map_err(|error| unreadable(error.to_string()))?;
        let values = weights::floats(format, &bytes)?;
        tensors.insert(name, Stored::Floats(Parameter { shape: tensor.shape().to_vec(), values }));
    }
    Ok(tensors)
}
