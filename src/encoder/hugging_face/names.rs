//! Tensor names of transformers that differ from those of burn.

use crate::nn::encoders::EncoderConfig;
use crate::nn::parameters::Parameter;
use crate::nn::weights::{Stored, StoredParameters};

/// Prefixes of the tensor names of an encoder in models that contain one.
const PREFIXES: [&str; 4] = ["wav2vec2.", "hubert.", "model.encoder.", "encoder."];

/// Prefixes of tensors that are not part of the encoder: heads, decoders, and those of pretraining.
const NOT_ENCODER: [&str; 13] = [
    "classifier.",
    "decoder.",
    "final_proj.",
    "label_embs_concat",
    "layer_weights",
    "lm_head.",
    "masked_spec_embed",
    "model.decoder.",
    "proj_out.",
    "project_hid.",
    "project_q.",
    "projector.",
    "quantizer.",
];

/// The two parts of the positional convolution's weight norm, magnitude and direction, under both names.
const WEIGHT_NORMS: [[&str; 2]; 2] = [
    ["encoder.pos_conv_embed.conv.weight_g", "encoder.pos_conv_embed.conv.weight_v"],
    [
        "encoder.pos_conv_embed.conv.parametrizations.weight.original0",
        "encoder.pos_conv_embed.conv.parametrizations.weight.original1",
    ],
];

/// The parts of a layer in Whisper: our names, which are those of wav2vec 2.0, and theirs.
const WHISPER: [[&str; 2]; 4] = [
    [".attention.", ".self_attn."],
    [".layer_norm.", ".self_attn_layer_norm."],
    [".feed_forward.intermediate_dense.", ".fc1."],
    [".feed_forward.output_dense.", ".fc2."],
];

/// Selects the tensors of the encoder, under the names of a bare encoder, with the weight norm of the positional convolution
/// fused. Layers beyond those in `config` are left out, and with them the final norm.
pub fn encoder_tensors(config: &EncoderConfig, tensors: StoredParameters) -> StoredParameters {
    let (end, kept) = match config {
        EncoderConfig::Wav2Vec2(config) => ("encoder.layer_norm.", config.final_norm || !config.norm_first),
        EncoderConfig::Whisper(config) => ("layer_norm.", config.final_norm),
    };
    let is_kept = |name: &str| {
        let layer =
            name.strip_prefix(stack(config)).and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
        layer.is_none_or(|layer| layer < config.layers()) && (kept || !name.starts_with(end))
    };
    let mut tensors: StoredParameters = tensors
        .into_iter()
        .filter_map(|(name, tensor)| Some((bare_name(config, &name)?.to_owned(), tensor)))
        .filter(|(name, _)| is_kept(name))
        .collect();
    for [magnitudes, directions] in WEIGHT_NORMS {
        if tensors.contains_key(magnitudes) && tensors.contains_key(directions) {
            let [magnitudes, directions] =
                [magnitudes, directions].map(|name| tensors.remove(name).expect("there").into_parameter());
            let kernel = Stored::Floats(fuse_weight_norm(&magnitudes, &directions));
            tensors.insert("encoder.pos_conv_embed.conv.weight".to_owned(), kernel);
            WEIGHT_NORMS.iter().flatten().for_each(|name| drop(tensors.remove(*name)));
        }
    }
    tensors
}

/// The name without the prefix of a model; `None` for tensors that are not part of the encoder.
fn bare_name<'a>(config: &EncoderConfig, name: &'a str) -> Option<&'a str> {
    let is_whisper = matches!(config, EncoderConfig::Whisper(_));
    // "encoder." is a part of wav2vec 2.0, and the prefix of Whisper's encoder.
    let prefixes = if is_whisper { &PREFIXES[2..] } else { &PREFIXES[..2] };
    let name = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    (!NOT_ENCODER.iter().any(|prefix| name.starts_with(prefix))).then_some(name)
}

/// Fuses a weight norm over the last dimension of a kernel: each slice has its own magnitude.
fn fuse_weight_norm(magnitudes: &Parameter, directions: &Parameter) -> Parameter {
    let width = magnitudes.values.len().max(1);
    let mut squares = vec![0.0_f64; width];
    for slice in directions.values.chunks(width) {
        slice.iter().zip(&mut squares).for_each(|(value, sum)| *sum += f64::from(*value).powi(2));
    }
    let scales: Vec<f32> = magnitudes
        .values
        .iter()
        .zip(squares)
        .map(|(magnitude, sum)| (f64::from(*magnitude) / sum.sqrt()) as f32)
        .collect();
    let values =
        directions.values.chunks(width).flat_map(|slice| slice.iter().zip(&scales).map(|(v, s)| v * s));
    Parameter { shape: directions.shape.clone(), values: values.collect() }
}

/// The prefix of the index of a transformer layer.
pub fn stack(config: &EncoderConfig) -> &'static str {
    match config {
        EncoderConfig::Wav2Vec2(_) => "encoder.layers.",
        EncoderConfig::Whisper(_) => "layers.",
    }
}

/// The name in transformers of one of our parameters.
pub fn in_checkpoint(config: &EncoderConfig, ours: &str) -> String {
    let name = match ours.rsplit_once('.') {
        Some((path, "gamma")) => format!("{path}.weight"),
        Some((path, "beta")) => format!("{path}.bias"),
        None => format!("{ours}.weight"),
        Some(_) => ours.to_owned(),
    };
    match config {
        EncoderConfig::Whisper(_) => {
            WHISPER.iter().fold(name, |name, [ours, theirs]| name.replace(ours, theirs))
        }
        EncoderConfig::Wav2Vec2(_) => name,
    }
}

/// Returns whether one of our parameters is the matrix of a dense layer.
pub fn is_dense(ours: &str, shape: &[usize]) -> bool {
    shape.len() == 2 && ours.ends_with(".weight")
}
