//! The same encoders with the WebGPU backend.

use sottovoce::encoder::import_for_gpu;
use sottovoce::nn::encoders::GpuEncoded;

use super::*;

/// Encodes the clips of the reference one by one on a GPU.
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
    // A shorter clip in between leaves no trace in the buffers.
    let shorter = match config {
        EncoderConfig::Wav2Vec2(_) => input.len() / clips / 2,
        EncoderConfig::Whisper(config) => input.len() / clips / config.mels / 2 * config.mels,
    };
    encoder.forward(&input[..shorter], &[], false).await.expect("it goes on");
    let again = encoder.forward(&input[..input.len() / clips], &[], false).await.expect("it goes on");
    assert_eq!(again.last_hidden_state, encoded[0].last_hidden_state);
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
        // For Whisper, transformers returns the last state only after the norm.
        let states = if matches!(config, EncoderConfig::Whisper(_)) { 3 } else { 4 };
        for state in 0..states {
            let ours = joined(encoded.iter().map(|clip| clip.hidden_states[state].clone()));
            assert_close(ours, &format!("hidden_states.{state}"));
        }
        for layer in 0..3 {
            let ours = joined(encoded.iter().map(|clip| clip.attentions[layer].clone()));
            assert_close(ours, &format!("attentions.{layer}"));
        }
        assert_close(joined(encoded.iter().map(|clip| clip.last_hidden_state.clone())), "last_hidden_state");
    }
}

/// With weights of eight bits, both give the same bits: quantization would amplify any difference.
#[wasm_bindgen_test]
async fn quantized_encoders_on_a_gpu_equal_those_on_the_cpu() {
    for (config, weights, reference) in [WAV2VEC2_BASE, WAV2VEC2_LARGE, WHISPER] {
        let (network, tensors) = quantized(config, weights);
        let reference = SafeTensors::deserialize(reference).expect("readable");
        let gpu = on_gpu(&network, tensors.clone(), &reference).await;
        let cpu = infer(import_for_inference(&network, tensors).expect("the tensors fit"), &reference);
        for (state, cpu) in cpu.hidden_states.into_iter().enumerate() {
            let gpu = joined(gpu.iter().map(|clip| clip.hidden_states[state].clone()));
            let cpu: Vec<f32> = cpu.into_data().try_to_vec().expect("states are f32");
            let off = gpu.iter().zip(&cpu).filter(|(gpu, cpu)| gpu != cpu).count();
            assert!(gpu == cpu, "state {state}: {off} of {} values differ", cpu.len());
        }
    }
}
