//! `encoder.json`: the network of an encoder, its input, and the files with its weights.

use serde::{Deserialize, Serialize};

use super::EncoderError;
use crate::features::FrontEndSettings;
use crate::nn::encoders::EncoderConfig;
use crate::nn::weights::{self, StoredParameters, WeightsFile};

const OTHER_INPUT: &str = "the network must be given what it takes";

/// The contents of an `encoder.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Short name, as on the command line.
    pub name: String,
    /// The input of the network.
    pub input: Input,
    /// The network.
    pub network: EncoderConfig,
    /// The files with its weights.
    pub shards: Vec<WeightsFile>,
}

/// The input of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Input {
    /// Samples at 16 kHz.
    Samples {
        /// Whether each clip is normalised to zero mean and unit variance.
        normalise: bool,
    },
    /// A feature map.
    Map {
        /// The settings of feature extraction.
        front_end: FrontEndSettings,
    },
}

impl Description {
    /// Reads the tensors from the bytes of the shards, which are requested in order, and [checked](WeightsFile::checked) by
    /// `bytes_of`.
    ///
    /// # Errors
    /// Those of `bytes_of`, or [`EncoderError::Weights`] if the bytes are damaged.
    pub fn tensors<E: From<EncoderError>>(
        &self,
        mut bytes_of: impl FnMut(&WeightsFile) -> Result<Vec<u8>, E>,
    ) -> Result<StoredParameters, E> {
        let mut tensors = StoredParameters::new();
        for shard in &self.shards {
            tensors.extend(weights::read(bytes_of(shard)?).map_err(EncoderError::from)?);
        }
        Ok(tensors)
    }

    /// The name of the file.
    pub const FILE: &str = "encoder.json";

    /// Parses the text of an `encoder.json`.
    ///
    /// # Errors
    /// [`EncoderError::Description`] with the field at fault.
    pub fn parse(text: &str) -> Result<Self, EncoderError> {
        let unusable = |detail| EncoderError::Description { file: Self::FILE, detail };
        let description: Self = serde_json::from_str(text).map_err(|error| unusable(error.to_string()))?;
        description.check().map_err(unusable)?;
        Ok(description)
    }

    /// Checks that the sizes make a network, and that the input matches it.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.network.check()?;
        match (&self.network, &self.input) {
            (EncoderConfig::Wav2Vec2(_), Input::Samples { .. }) => Ok(()),
            (EncoderConfig::Whisper(config), Input::Map { front_end }) => {
                front_end.check().map_err(|error| error.to_string())?;
                if config.mels == front_end.rows() { Ok(()) } else { Err(OTHER_INPUT.to_owned()) }
            }
            _ => Err(OTHER_INPUT.to_owned()),
        }
    }
}
