//! The input of an encoder, from its `preprocessor_config.json`, and the sizes of Whisper, inferred from its tensors.

use serde::Deserialize;

use crate::encoder::{EncoderError, Input};
use crate::features::FrontEndSettings;
use crate::nn::encoders::{EncoderConfig, WhisperConfig};
use crate::nn::weights::StoredParameters;

/// Infers the configuration of a Whisper encoder from its tensors, for folders without a usable `config.json`; `None` if they
/// are not those of one. Attention heads are 64 wide, as in every published Whisper.
pub fn infer_whisper_config(tensors: &StoredParameters) -> Option<EncoderConfig> {
    let size = |name: &str, dimension: usize| tensors.get(name)?.shape().get(dimension).copied();
    let layers =
        (0..).take_while(|layer| tensors.contains_key(&format!("layers.{layer}.fc1.weight"))).count();
    let width = size("conv1.weight", 0)?;
    let config = EncoderConfig::Whisper(
        WhisperConfig::new()
            .with_mels(size("conv1.weight", 1)?)
            .with_width(width)
            .with_layers(layers)
            .with_heads((width / 64).max(1))
            .with_hidden(size("layers.0.fc1.weight", 0)?)
            .with_positions(size("embed_positions.weight", 0)?),
    );
    config.check().is_ok().then_some(config)
}

/// Returns the input of the network, from the text of a `preprocessor_config.json` if there is one.
///
/// # Errors
/// [`EncoderError`] if the text is invalid.
pub fn input_from_preprocessor(
    network: &EncoderConfig,
    preprocessor: Option<&str>,
) -> Result<Input, EncoderError> {
    #[derive(Deserialize)]
    struct Preprocessor {
        do_normalize: Option<bool>,
    }
    match network {
        EncoderConfig::Whisper(config) => {
            let front_end = FrontEndSettings { n_mels: config.mels, ..FrontEndSettings::whisper_log_mel() };
            Ok(Input::Map { front_end })
        }
        EncoderConfig::Wav2Vec2(_) => {
            let unusable = |error: serde_json::Error| EncoderError::Description {
                file: "preprocessor_config.json",
                detail: error.to_string(),
            };
            let preprocessor = preprocessor.map(serde_json::from_str::<Preprocessor>).transpose();
            let preprocessor = preprocessor.map_err(unusable)?;
            // The default of transformers is to normalise.
            Ok(Input::Samples { normalise: preprocessor.and_then(|p| p.do_normalize).unwrap_or(true) })
        }
    }
}
