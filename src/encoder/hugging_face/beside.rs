//! What else a published folder tells of an encoder, beside its `config.json`.

use serde::Deserialize;

use crate::encoder::{EncoderError, Input};
use crate::features::FrontEndSettings;
use crate::nn::encoders::{EncoderConfig, WhisperConfig};
use crate::nn::weights::StoredParameters;

/// The sizes of a Whisper encoder as they follow from its tensors, for files without a usable `config.json`; none if
/// they are not those of one. Heads are 64 values wide, as in every Whisper that was published.
pub fn whisper_of(tensors: &StoredParameters) -> Option<EncoderConfig> {
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

/// What the network is given, with the text of a `preprocessor_config.json` if there is one.
///
/// # Errors
/// [`EncoderError`] when it is none.
pub fn input_of(network: &EncoderConfig, preprocessor: Option<&str>) -> Result<Input, EncoderError> {
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
            // Transformers normalises unless it is told otherwise.
            Ok(Input::Samples { normalise: preprocessor.and_then(|p| p.do_normalize).unwrap_or(true) })
        }
    }
}
