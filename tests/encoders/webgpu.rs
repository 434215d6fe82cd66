//! The same encoders on a GPU, with the feature `webgpu`. A software Vulkan device will do.

use burn::cubecl::future::block_on;
use sottovoce::encoder::import_for_gpu;
use sottovoce::nn::gpu::Gpu;

use super::*;

/// The hidden states 0 to 3 of the clips of the reference, encoded one by one.
fn on_gpu(config: &EncoderConfig, tensors: StoredParameters, reference: &SafeTensors<'_>) -> [Vec<f32>; 4] {
    let gpu = block_on(Gpu::open()).expect("there is a GPU: Debian's mesa-vulkan-drivers has a software one");
    let mut encoder = import_for_gpu(config, tensors, gpu).expect("the tensors fit");
    let mut encode = |input: &[f32]| block_on(encoder.forward(input, &[0, 1, 2, 3])).expect("it goes on");
    let clips = reference.tensor("input").expect("there").shape()[0];
    let input = floats(reference, "input");
    let length = input.len() / clips;
    let encoded: Vec<Vec<Vec<f32>>> = input.chunks(length).map(&mut encode).collect();
    // A shorter clip in between leaves no trace in the buffers.
    let shorter = match config {
        EncoderConfig::Wav2Vec2(_) => length / 2,
        EncoderConfig::Whisper(config) => length / config.mels / 2 * config.mels,
    };
    encode(&input[..shorter]);
    assert_eq!(encode(&input[..length]), encoded[0]);
    std::array::from_fn(|state| encoded.iter().flat_map(|clip| clip[state].clone()).collect())
}

#[test]
fn encoders_on_a_gpu_equal_transformers() {
    for (config, weights, reference) in [WAV2VEC2_BASE, WAV2VEC2_LARGE, HUBERT_BASE, HUBERT_LARGE, WHISPER] {
        let config = read_config(config).expect("valid");
        let reference = SafeTensors::deserialize(reference).expect("readable");
        let encoded = on_gpu(&config, parameters(weights), &reference);
        // For Whisper, transformers returns the last state only after the norm.
        let states = if matches!(config, EncoderConfig::Whisper(_)) { 3 } else { 4 };
        for (state, ours) in encoded.iter().enumerate().take(states) {
            let off = largest_difference(ours, &floats(&reference, &format!("hidden_states.{state}")));
            assert!(off <= TOLERANCE, "state {state} is off by {off}");
        }
    }
}

/// With weights of eight bits, both give the same bits: quantization would amplify any difference.
#[test]
fn quantized_encoders_on_a_gpu_equal_those_on_the_cpu() {
    for (config, weights, reference) in [WAV2VEC2_BASE, WAV2VEC2_LARGE, WHISPER] {
        let (network, tensors) = quantized(config, weights);
        let reference = SafeTensors::deserialize(reference).expect("readable");
        let gpu = on_gpu(&network, tensors.clone(), &reference);
        let cpu = infer(import_for_inference(&network, tensors).expect("the tensors fit"), &reference);
        for (state, (gpu, cpu)) in gpu.iter().zip(cpu.hidden_states).enumerate() {
            let cpu: Vec<f32> = cpu.into_data().try_to_vec().expect("states are f32");
            let off = gpu.iter().zip(&cpu).filter(|(gpu, cpu)| gpu != cpu).count();
            assert!(*gpu == cpu, "state {state}: {off} of {} values differ", cpu.len());
        }
    }
}
