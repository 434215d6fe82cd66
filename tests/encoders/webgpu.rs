//! The same encoders on a GPU.

use sottovoce::encoder::import_for_gpu;
use sottovoce::nn::encoders::GpuEncoded;

use super::*;

/// What a GPU makes of the reference's clips, each on its own.
async fn on_gpu(
    config: &EncoderConfig,
    tensors: StoredParameters,
    reference: &SafeTensors<'_>,
) -> Vec<GpuEncoded> {
    let mut encoder = import_for_gpu(config, tensors).await.expect("there is a GPU, and it takes them");
    let clips = reference.tensor("input").expect("there").shape()[0];
    let input = floats(reference, "input");
    let mut encoded = Vec::new();
    for clip in input.chunks(input.len() / clips) {
        encoded.push(encoder.forward(clip, &[0, 1, 2, 3], true).await.expect("it goes on"));
    }
    // A shorter clip in between leaves nothing behind in the buffers.
    let shorter = match config {
        EncoderConfig::Wav2Vec2(_) => input.len() / clips / 2,
        EncoderConfig::Whisper(config) => input.len() / clips / config.mels / 2 * config.mels,
    };
    encoder.forward(&input[..shorter], &[], false).await.expect("it goes on");
    let again = encoder.forward(&input[..input.len() / clips], &[], false).await.expect("it goes on");
    assert_eq!(again.last, encoded[0].last);
    encoded
}

fn joined(parts: impl Iterator<Item = Vec<f32>>) -> Vec<f32> {
    parts.flatten().collect()
}

#[wasm_bindgen_test]
async fn encoders_on_a_gpu_equal_transformers() {
    for (config, weights, reference) in [WAV2VEC2_BASE, WAV2VEC2_LARGE, HUBERT_BASE, HUBERT_LARGE, WHISPER] {
        let config = read_config(config).expect("valid");
        let reference = SafeTensors::deserialize(reference).expect("readable");
        let encoded = on_gpu(&config, parameters(weights), &reference).await;
        let assert_close = |ours: Vec<f32>, name: &str| {
            let off = largest_difference(&ours, &floats(&reference, name));
            assert!(off <= TOLERANCE, "{name} is off by {off}");
        };
        // Of Whisper, transformers tells the last state after the norm alone.
        let states = if matches!(config, EncoderConfig::Whisper(_)) { 3 } else { 4 };
        for state in 0..states {
            let ours = joined(encoded.iter().map(|clip| clip.hidden_states[state].clone()));
            assert_close(ours, &format!("hidden_states.{state}"));
        }
        for layer in 0..3 {
            let ours = joined(encoded.iter().map(|clip| clip.attentions[layer].clone()));
            assert_close(ours, &format!("attentions.{layer}"));
        }
        assert_close(joined(encoded.iter().map(|clip| clip.last.clone())), "last_hidden_state");
    }
}

/// The kernel that takes eight bits gives what the one for floats gives of the same weights.
#[wasm_bindgen_test]
async fn weights_in_eight_bits_stay_so_on_a_gpu() {
    for (config, weights, reference) in [WAV2VEC2_BASE, WAV2VEC2_LARGE, WHISPER] {
        let source = Source::from_published("small", config, None, parameters(weights)).expect("valid");
        let Source { description, tensors } = source.checked().expect("whole");
        let rounded: StoredParameters = tensors
            .into_iter()
            .map(|(name, tensor)| {
                let Parameter { shape, values } = tensor.clone().into_parameter();
                let is_matrix = shape.len() > 1 && name != "embed_positions.weight";
                let packed = || Stored::Packed(Quantised::quantise(&values, &shape, 0, 8));
                (name, if is_matrix { packed() } else { tensor })
            })
            .collect();
        let floats = as_stored(in_floats(rounded.clone()));
        let reference = SafeTensors::deserialize(reference).expect("readable");
        let integers = on_gpu(&description.network, rounded, &reference).await;
        let floats = on_gpu(&description.network, floats, &reference).await;
        for (integers, floats) in integers.iter().zip(&floats) {
            let off = largest_difference(&integers.last, &floats.last);
            assert!(off <= 1e-5, "off by {off}");
        }
    }
}
