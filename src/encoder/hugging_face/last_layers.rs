//! Loading the last layers of an encoder from its tensors, and storing them again.

use burn::tensor::Device;

use super::{load_module, names, transposed};
use crate::nn::encoders::{EncoderConfig, LastLayers};
use crate::nn::parameters;
use crate::nn::weights::{Stored, StoredParameters};

/// Loads the layers after the first `before` from [the tensors of an encoder](super::encoder_tensors).
pub fn last_layers(
    config: &EncoderConfig,
    tensors: &StoredParameters,
    before: usize,
    device: &Device,
) -> LastLayers {
    let copied = |name: &str| tensors[&in_checkpoint(config, before, name)].clone().into_parameter();
    load_module(config.last_layers(before, device), copied).expect("checked beforehand")
}

/// Replaces the layers after the first `before` in the tensors of an encoder.
pub fn with_last_layers(
    config: &EncoderConfig,
    mut tensors: StoredParameters,
    before: usize,
    layers: &LastLayers,
) -> StoredParameters {
    for (name, parameter) in parameters::collect(layers) {
        tensors.insert(in_checkpoint(config, before, &name), Stored::Floats(transposed(&name, parameter)));
    }
    tensors
}

/// The name in transformers of a parameter of the layers after the first `before`.
fn in_checkpoint(config: &EncoderConfig, before: usize, name: &str) -> String {
    let (index, part) =
        name.strip_prefix("layers.").and_then(|name| name.split_once('.')).expect("a part of a layer");
    let index: usize = index.parse().expect("layers are numbered");
    names::in_checkpoint(config, &format!("{}{}.{part}", names::stack(config), before + index))
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use crate::encoder::import;
    use crate::nn::encoders::{Encoder, Wav2Vec2Config, WhisperConfig};
    use crate::nn::weights::as_stored;
    use burn::tensor::{Distribution, Tensor, Tolerance};

    fn small() -> [EncoderConfig; 2] {
        [
            EncoderConfig::Whisper(
                WhisperConfig::new().with_mels(5).with_width(8).with_heads(2).with_hidden(12).with_layers(3),
            ),
            EncoderConfig::Wav2Vec2(
                Wav2Vec2Config::new()
                    .with_conv_channels(vec![4; 7])
                    .with_width(8)
                    .with_heads(2)
                    .with_hidden(12)
                    .with_layers(3)
                    .with_position_kernel(4)
                    .with_position_groups(2),
            ),
        ]
    }

    fn published_tensors(config: &EncoderConfig) -> StoredParameters {
        as_stored(crate::encoder::export(config, &config.init(&Device::flex())))
    }

    #[test]
    fn the_last_layers_continue_after_the_others() {
        let device = Device::flex();
        for config in small() {
            let tensors = published_tensors(&config);
            let whole = import(&config, tensors.clone(), &device).expect("fits");
            let states = match &whole {
                Encoder::Whisper(network) => {
                    network.forward(Tensor::random([1, 5, 30], Distribution::Default, &device))
                }
                Encoder::Wav2Vec2(network) => {
                    network.forward(Tensor::random([1, 3200], Distribution::Default, &device))
                }
            }
            .hidden_states;
            let layers = last_layers(&config, &tensors, 1, &device);
            let again = layers.forward(states[1].clone());
            assert_eq!(again.len(), 3);
            for (again, state) in again.iter().zip(&states[1..]) {
                again.to_data().assert_approx_eq::<f32>(&state.to_data(), Tolerance::absolute(1e-6));
            }
        }
    }

    #[test]
    fn layers_are_stored_under_their_names() {
        let device = Device::flex();
        for config in small() {
            let tensors = published_tensors(&config);
            let layers = last_layers(&config, &tensors, 1, &device);
            assert_eq!(with_last_layers(&config, tensors.clone(), 1, &layers), tensors);
            let others = config.last_layers(1, &device);
            let replaced = with_last_layers(&config, tensors.clone(), 1, &others);
            check(&config, &replaced, &device).expect("still whole");
            for (name, tensor) in &tensors {
                let stack = names::stack(&config);
                let is_late = ["1.", "2."].iter().any(|place| name.starts_with(&format!("{stack}{place}")));
                // Initial norms are all equal.
                let is_replaced = is_late && !name.contains("norm");
                assert_eq!(replaced[name] != *tensor, is_replaced, "{name}");
            }
        }
    }
}
