//! What transformers calls the tensors that burn calls otherwise.

use crate::nn::encoders::EncoderConfig;
use crate::nn::parameters::Parameter;
use crate::nn::weights::{Stored, StoredParameters};

/// What models that hold an encoder put before the names of its tensors.
const PREFIXES: [&str; 4] = ["wav2vec2.", "hubert.", "model.encoder.", "encoder."];

/// What stands beside an encoder and is not part of it: heads, decoders, what pretraining alone needs.
const BESIDE: [&str; 13] = [
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

/// The two parts of the positional convolution's kernel, in both spellings: lengths, directions.
const WEIGHT_NORMS: [[&str; 2]; 2] = [
    ["encoder.pos_conv_embed.conv.weight_g", "encoder.pos_conv_embed.conv.weight_v"],
    [
        "encoder.pos_conv_embed.conv.parametrizations.weight.original0",
        "encoder.pos_conv_embed.conv.parametrizations.weight.original1",
    ],
];

/// Renames of a layer's parts in Whisper, from ours, which are those of wav2vec 2.0.
const WHISPER: [[&str; 2]; 4] = [
    [".attention.", ".self_attn."],
    [".layer_norm.", ".self_attn_layer_norm."],
    [".feed_forward.intermediate_dense.", ".fc1."],
    [".feed_forward.output_dense.", ".fc2."],
];

/// The tensors of the encoder alone, under the names of a bare encoder, with the positional convolution multiplied
/// out. Tensors of layers beyond those that `config` keeps are left out, and with them the norm after the last.
pub fn of_encoder(config: &EncoderConfig, tensors: StoredParameters) -> StoredParameters {
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
        .filter_map(|(name, tensor)| Some((bare(config, &name)?.to_owned(), tensor)))
        .filter(|(name, _)| is_kept(name))
        .collect();
    for [lengths, directions] in WEIGHT_NORMS {
        if tensors.contains_key(lengths) && tensors.contains_key(directions) {
            let [lengths, directions] =
                [lengths, directions].map(|name| tensors.remove(name).expect("there").into_parameter());
            let kernel = Stored::Floats(multiplied_out(&lengths, &directions));
            tensors.insert("encoder.pos_conv_embed.conv.weight".to_owned(), kernel);
            WEIGHT_NORMS.iter().flatten().for_each(|name| drop(tensors.remove(*name)));
        }
    }
    tensors
}

/// The name without what a model puts before it; none for what is not part of the encoder.
fn bare<'a>(config: &EncoderConfig, name: &'a str) -> Option<&'a str> {
    let is_whisper = matches!(config, EncoderConfig::Whisper(_));
    // "encoder." is a part of wav2vec 2.0, and what Whisper's encoder stands under.
    let prefixes = if is_whisper { &PREFIXES[2..] } else { &PREFIXES[..2] };
    let name = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    (!BESIDE.iter().any(|beside| name.starts_with(beside))).then_some(name)
}

/// The kernel of a convolution whose weight norm runs over the last dimension: each slice has a length of its own.
fn multiplied_out(lengths: &Parameter, directions: &Parameter) -> Parameter {
    let width = lengths.values.len().max(1);
    let mut squares = vec![0.0_f64; width];
    for slice in directions.values.chunks(width) {
        slice.iter().zip(&mut squares).for_each(|(value, sum)| *sum += f64::from(*value).powi(2));
    }
    let scales: Vec<f32> = lengths
        .values
        .iter()
        .zip(squares)
        .map(|(length, sum)| (f64::from(*length) / sum.sqrt()) as f32)
        .collect();
    let values =
        directions.values.chunks(width).flat_map(|slice| slice.iter().zip(&scales).map(|(v, s)| v * s));
    Parameter { shape: directions.shape.clone(), values: values.collect() }
}

/// What stands before the number of a transformer layer.
pub fn stack(config: &EncoderConfig) -> &'static str {
    match config {
        EncoderConfig::Wav2Vec2(_) => "encoder.layers.",
        EncoderConfig::Whisper(_) => "layers.",
    }
}

/// What transformers calls one of our parameters.
pub fn published(config: &EncoderConfig, ours: &str) -> String {
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

/// Whether one of our parameters is the matrix of a dense layer.
pub fn is_dense(ours: &str, shape: &[usize]) -> bool {
    shape.len() == 2 && ours.ends_with(".weight")
}
