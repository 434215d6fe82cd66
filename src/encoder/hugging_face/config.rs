//! `config.json` of transformers, with its defaults.

use serde::Deserialize;

use crate::encoder::EncoderError;
use crate::nn::encoders::{EncoderConfig, FeatureNorm, Wav2Vec2Config, WhisperConfig};

/// Parses the text of a `config.json`.
///
/// # Errors
/// [`EncoderError`] if it is invalid, or describes an unsupported network.
pub fn read_config(text: &str) -> Result<EncoderConfig, EncoderError> {
    let Kind { model_type } = serde_json::from_str(text).map_err(unusable)?;
    match model_type.as_str() {
        "wav2vec2" | "hubert" => serde_json::from_str::<Wav2Vec2Json>(text).map_err(unusable)?.config(),
        "whisper" => serde_json::from_str::<WhisperJson>(text).map_err(unusable)?.config(),
        other => Err(EncoderError::Unsupported(format!("this is a model of type '{other}'"))),
    }
}

fn unusable(detail: impl std::fmt::Display) -> EncoderError {
    EncoderError::Description { file: "config.json", detail: detail.to_string() }
}

#[derive(Deserialize)]
struct Kind {
    model_type: String,
}

#[derive(Deserialize)]
#[serde(default)]
struct Wav2Vec2Json {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    hidden_act: String,
    layer_norm_eps: f64,
    feat_extract_norm: FeatureNorm,
    feat_extract_activation: String,
    feat_proj_layer_norm: bool,
    conv_dim: Vec<usize>,
    conv_stride: Vec<usize>,
    conv_kernel: Vec<usize>,
    conv_bias: bool,
    num_conv_pos_embeddings: usize,
    num_conv_pos_embedding_groups: usize,
    conv_pos_batch_norm: bool,
    do_stable_layer_norm: bool,
    add_adapter: bool,
}

impl Default for Wav2Vec2Json {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: "gelu".to_owned(),
            layer_norm_eps: 1e-5,
            feat_extract_norm: FeatureNorm::Group,
            feat_extract_activation: "gelu".to_owned(),
            feat_proj_layer_norm: true,
            conv_dim: vec![512; 7],
            conv_stride: vec![5, 2, 2, 2, 2, 2, 2],
            conv_kernel: vec![10, 3, 3, 3, 3, 2, 2],
            conv_bias: false,
            num_conv_pos_embeddings: 128,
            num_conv_pos_embedding_groups: 16,
            conv_pos_batch_norm: false,
            do_stable_layer_norm: false,
            add_adapter: false,
        }
    }
}

impl Wav2Vec2Json {
    fn config(self) -> Result<EncoderConfig, EncoderError> {
        gelu("hidden_act", &self.hidden_act)?;
        gelu("feat_extract_activation", &self.feat_extract_activation)?;
        if self.conv_pos_batch_norm || self.add_adapter {
            let part = if self.add_adapter { "an adapter" } else { "batch normalisation of positions" };
            return Err(EncoderError::Unsupported(format!("this encoder has {part}")));
        }
        checked(EncoderConfig::Wav2Vec2(
            Wav2Vec2Config::new()
                .with_conv_channels(self.conv_dim)
                .with_conv_kernels(self.conv_kernel)
                .with_conv_strides(self.conv_stride)
                .with_conv_bias(self.conv_bias)
                .with_feature_norm(self.feat_extract_norm)
                .with_project_norm(self.feat_proj_layer_norm)
                .with_width(self.hidden_size)
                .with_layers(self.num_hidden_layers)
                .with_heads(self.num_attention_heads)
                .with_hidden(self.intermediate_size)
                .with_position_kernel(self.num_conv_pos_embeddings)
                .with_position_groups(self.num_conv_pos_embedding_groups)
                .with_norm_first(self.do_stable_layer_norm)
                .with_epsilon(self.layer_norm_eps),
        ))
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct WhisperJson {
    num_mel_bins: usize,
    d_model: usize,
    encoder_layers: usize,
    encoder_attention_heads: usize,
    encoder_ffn_dim: usize,
    max_source_positions: usize,
    activation_function: String,
}

impl Default for WhisperJson {
    fn default() -> Self {
        Self {
            num_mel_bins: 80,
            d_model: 384,
            encoder_layers: 4,
            encoder_attention_heads: 6,
            encoder_ffn_dim: 1536,
            max_source_positions: 1500,
            activation_function: "gelu".to_owned(),
        }
    }
}

impl WhisperJson {
    fn config(self) -> Result<EncoderConfig, EncoderError> {
        gelu("activation_function", &self.activation_function)?;
        checked(EncoderConfig::Whisper(
            WhisperConfig::new()
                .with_mels(self.num_mel_bins)
                .with_width(self.d_model)
                .with_layers(self.encoder_layers)
                .with_heads(self.encoder_attention_heads)
                .with_hidden(self.encoder_ffn_dim)
                .with_positions(self.max_source_positions),
        ))
    }
}

fn gelu(field: &str, activation: &str) -> Result<(), EncoderError> {
    match activation {
        "gelu" => Ok(()),
        other => Err(EncoderError::Unsupported(format!("its {field} is '{other}', not 'gelu'"))),
    }
}

fn checked(config: EncoderConfig) -> Result<EncoderConfig, EncoderError> {
    config.check().map_err(unusable)?;
    Ok(config)
}
