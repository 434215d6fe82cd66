//! Encoders as Hugging Face publishes them, from the contents of their files.

use pytorch_reader::{DType, PytorchReader};
use safetensors::tensor::Dtype;

use super::hugging_face::{input_of, of_encoder, read_config, whisper_of};
use super::{Description, EncoderError};
use crate::nn::parameters::Parameter;
use crate::nn::weights::{self, Stored, StoredParameters};

/// What an encoder is made of.
pub struct Source {
    /// What it is; without shards where it is not ours.
    pub description: Description,
    /// Its tensors, named as transformers names them.
    pub tensors: StoredParameters,
}

impl Source {
    /// Puts together what the files of an encoder say: the text of its `config.json` and, if there is one, of its
    /// `preprocessor_config.json`, and its [weights](read_weights).
    ///
    /// # Errors
    /// [`EncoderError`] when a text is damaged or describes what is not here.
    pub fn from_published(
        name: &str,
        config: &str,
        preprocessor: Option<&str>,
        tensors: StoredParameters,
    ) -> Result<Self, EncoderError> {
        // Some programs that convert Whisper write another config.json; its sizes follow from its tensors.
        let network = read_config(config).or_else(|error| whisper_of(&tensors).ok_or(error))?;
        let input = input_of(&network, preprocessor)?;
        Ok(Self {
            description: Description { name: name.to_owned(), input, network, shards: Vec::new() },
            tensors,
        })
    }

    /// Keeps what belongs to the encoder alone, and checks that it is all there.
    ///
    /// # Errors
    /// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape;
    /// [`EncoderError::Weights`] when a weight is larger than 16 bits can tell.
    pub fn checked(self) -> Result<Self, EncoderError> {
        let Self { description, tensors } = self;
        let tensors = of_encoder(&description.network, tensors)?;
        weights::check_halves(&tensors)?;
        Ok(Self { description, tensors })
    }
}

/// Of the names of the files in a folder those of its weights: safetensors, or else what older programs write.
///
/// # Errors
/// [`EncoderError::File`] when there are none; `folder` is where they should be.
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

/// Reads the tensors in a file of weights, given its name and its contents.
///
/// # Errors
/// [`EncoderError`] when it is damaged, or holds other numbers than floats.
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
