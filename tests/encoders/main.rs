//! Speech encoders compared with transformers, natively and in a browser. The reference values are from
//! `tests/reference/make_encoders.py`.

#[path = "../common/mod.rs"]
mod common;
#[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
mod webgpu;

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use common::{floats, largest_difference};
use safetensors::SafeTensors;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sottovoce::audio::Resampler;
use sottovoce::encoder::{
    Description, EncoderError, Precision, Source, import, import_for_inference, pack, read_config,
};
use sottovoce::features::{FrontEnd, FrontEndSettings};
use sottovoce::nn::encoders::{Encoded, Encoder, EncoderConfig, Inference};
use sottovoce::nn::parameters::Parameter;
use sottovoce::nn::quant::{Activations, Epilogue, Quantized, QuantizedLinear, Windows};
use sottovoce::nn::weights::{Stored, StoredParameters, as_stored, in_floats};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const TOLERANCE: f32 = 1e-4;

/// Configuration, weights and reference values of a small encoder.
type Fixture = (&'static str, &'static [u8], &'static [u8]);

macro_rules! fixture {
    ($name:literal) => {
        (
            include_str!(concat!("../fixtures/encoders/", $name, ".config.json")),
            include_bytes!(concat!("../fixtures/encoders/", $name, ".weights.safetensors")),
            include_bytes!(concat!("../fixtures/encoders/", $name, ".safetensors")),
        )
    };
}

const WAV2VEC2_BASE: Fixture = fixture!("wav2vec2_base");
const WAV2VEC2_LARGE: Fixture = fixture!("wav2vec2_large");
const HUBERT_BASE: Fixture = fixture!("hubert_base");
const HUBERT_LARGE: Fixture = fixture!("hubert_large");
const WHISPER: Fixture = fixture!("whisper");

fn parameters(weights: &'static [u8]) -> StoredParameters {
    let file = SafeTensors::deserialize(weights).expect("readable");
    let parameter = |name: &str| {
        let shape = file.tensor(name).expect("named by the file").shape().to_vec();
        Stored::Floats(Parameter { shape, values: floats(&file, name) })
    };
    file.names().into_iter().map(|name| (name.to_owned(), parameter(name))).collect()
}

fn tensor<const D: usize>(file: &SafeTensors<'_>, name: &str) -> Tensor<D> {
    let shape = file.tensor(name).expect("the reference file has this tensor").shape().to_vec();
    Tensor::from_data(TensorData::new(floats(file, name), shape), &Device::flex())
}

fn encode(encoder: &Encoder, reference: &SafeTensors<'_>) -> Encoded {
    match encoder {
        Encoder::Wav2Vec2(encoder) => encoder.forward(tensor(reference, "input")),
        Encoder::Whisper(encoder) => encoder.forward(tensor(reference, "input")),
    }
}

/// Encodes the clips of the reference one by one with the CPU backend.
fn infer(mut encoder: Inference, reference: &SafeTensors<'_>) -> Encoded {
    let clips = reference.tensor("input").expect("there").shape()[0];
    let input = floats(reference, "input");
    let mut encoded: Vec<Encoded> = input
        .chunks(input.len() / clips)
        .map(|clip| encoder.clone().forward(clip, true, &Device::flex()))
        .collect();
    // Again with buffers that contain another clip.
    let again = input
        .chunks(input.len() / clips)
        .map(|clip| encoder.forward(clip, false, &Device::flex()).last_hidden_state);
    for (first, again) in encoded.iter().zip(again) {
        assert_eq!(first.last_hidden_state.to_data(), again.to_data());
    }
    let mut whole = encoded.remove(0);
    for encoded in encoded {
        let joined = |whole: &mut [Tensor<3>], part: Vec<Tensor<3>>| {
            whole
                .iter_mut()
                .zip(part)
                .for_each(|(whole, part)| *whole = Tensor::cat(vec![whole.clone(), part], 0));
        };
        joined(&mut whole.hidden_states, encoded.hidden_states);
        joined(std::slice::from_mut(&mut whole.last_hidden_state), vec![encoded.last_hidden_state]);
        for (whole, part) in whole.attentions.iter_mut().zip(encoded.attentions) {
            *whole = Tensor::cat(vec![whole.clone(), part], 0);
        }
    }
    whole
}

fn assert_close<const D: usize>(ours: &Tensor<D>, reference: &SafeTensors<'_>, name: &str) {
    assert_eq!(ours.dims().to_vec(), reference.tensor(name).expect("there").shape(), "{name}");
    let values: Vec<f32> = ours.clone().into_data().try_to_vec().expect("f32");
    let off = largest_difference(&values, &floats(reference, name));
    assert!(off <= TOLERANCE, "{name} is off by {off}");
}

fn assert_equal_to_the_reference((config, weights, reference): Fixture, is_normed_at_the_end: bool) {
    let config = read_config(config).expect("valid");
    let reference = SafeTensors::deserialize(reference).expect("readable");
    let module = import(&config, parameters(weights), &Device::flex()).expect("the tensors fit");
    let inference = import_for_inference(&config, parameters(weights)).expect("the tensors fit");
    for encoded in [encode(&module, &reference), infer(inference, &reference)] {
        assert_eq!((encoded.hidden_states.len(), encoded.attentions.len()), (4, 3));
        for (index, state) in encoded.hidden_states.iter().enumerate() {
            // For Whisper, transformers returns the last state only after the norm.
            let is_replaced = is_normed_at_the_end && index == 3;
            if !is_replaced {
                assert_close(state, &reference, &format!("hidden_states.{index}"));
            }
        }
        for (index, weights) in encoded.attentions.iter().enumerate() {
            assert_close(weights, &reference, &format!("attentions.{index}"));
        }
        assert_close(&encoded.last_hidden_state, &reference, "last_hidden_state");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn base_and_large_wav2vec2_and_hubert_equal_transformers() {
    for fixture in [WAV2VEC2_BASE, WAV2VEC2_LARGE, HUBERT_BASE, HUBERT_LARGE] {
        assert_equal_to_the_reference(fixture, false);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn whisper_equals_transformers_without_padding() {
    assert_equal_to_the_reference(WHISPER, true);
}

#[wasm_bindgen_test(unsupported = test)]
fn whispers_log_mel_equals_transformers() {
    let speech = include_bytes!("../fixtures/librosa.safetensors");
    let speech = floats(&SafeTensors::deserialize(speech).expect("readable"), "speech.samples");
    let mut front_end = FrontEnd::new(&FrontEndSettings::whisper_log_mel()).expect("Whisper's settings");
    let map = front_end.extract(&speech[..30_000]);
    assert_eq!((map.rows(), map.columns()), (80, 30_000 / 160));
    let reference = SafeTensors::deserialize(WHISPER.2).expect("readable");
    let off = largest_difference(map.values(), &floats(&reference, "speech.log_mel"));
    assert!(off <= TOLERANCE, "off by {off}");
}

/// An encoder with weights of eight bits, as in models.
fn quantized(config: &str, weights: &'static [u8]) -> (EncoderConfig, StoredParameters) {
    let source = Source::from_published("small", config, None, parameters(weights)).expect("valid");
    let source = source.checked().expect("whole");
    let mut shards = HashMap::new();
    let description = pack(source, Precision::Int8, |name, bytes| {
        shards.insert(name.to_owned(), bytes);
        Ok::<_, EncoderError>(())
    })
    .expect("packed");
    let tensors = description.tensors(|shard| Ok::<_, EncoderError>(shards[&shard.file].clone()));
    let tensors = tensors.expect("readable");
    assert!(tensors.values().any(|tensor| matches!(tensor, Stored::Packed(_))));
    (description.network, tensors)
}

/// With weights of eight bits and activations of seven, the hidden states are close to those in floats.
#[wasm_bindgen_test(unsupported = test)]
fn integers_stay_close_to_floats() {
    for (config, weights, reference) in [WAV2VEC2_BASE, WAV2VEC2_LARGE, HUBERT_BASE, HUBERT_LARGE, WHISPER] {
        let (network, tensors) = quantized(config, weights);
        let reference = SafeTensors::deserialize(reference).expect("readable");
        let integers = import_for_inference(&network, tensors).expect("the tensors fit");
        let integers = infer(integers, &reference);
        let floats = import_for_inference(&network, parameters(weights)).expect("the tensors fit");
        let floats = infer(floats, &reference);
        for (index, (integers, floats)) in
            integers.hidden_states.iter().zip(&floats.hidden_states).enumerate()
        {
            let values =
                |state: &Tensor<3>| state.clone().into_data().try_to_vec::<f32>().expect("states are f32");
            let (a, b) = (values(integers), values(floats));
            let dot = |a: &[f32], b: &[f32]| {
                a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
            };
            let similarity = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
            assert!(similarity >= 0.995, "state {index}: {similarity}");
            assert!(a != b, "state {index} was not computed in integers");
        }
    }
}

/// Other files may be quantized along another dimension than the kernels support; these weights are dequantized.
#[wasm_bindgen_test(unsupported = test)]
fn weights_quantized_along_another_dimension_are_dequantized() {
    for (config, weights, _) in [WAV2VEC2_BASE, WHISPER] {
        let source = Source::from_published("small", config, None, parameters(weights)).expect("valid");
        let Source { description, tensors } = source.checked().expect("whole");
        let along_inputs = |tensor: &Stored| {
            let Parameter { shape, values } = tensor.clone().into_parameter();
            let is_matrix = shape.len() > 1;
            is_matrix.then(|| Stored::Packed(Quantized::quantize(&values, &shape, 1, 8)))
        };
        let rounded: StoredParameters = tensors
            .into_iter()
            .map(|(name, tensor)| (name, along_inputs(&tensor).unwrap_or(tensor)))
            .collect();
        let floats = as_stored(in_floats(rounded.clone()));
        let [rounded, floats] = [rounded, floats].map(|tensors| {
            let mut encoder = import_for_inference(&description.network, tensors).expect("the tensors fit");
            encoder.forward(&[0.5; 6400], false, &Device::flex()).last_hidden_state.into_data()
        });
        assert_eq!(rounded, floats);
    }
}

/// The same tensors under other names: in a model with a head, and with the older weight norm.
#[wasm_bindgen_test(unsupported = test)]
fn other_names_give_the_same_encoder() {
    let (config, weights, reference) = HUBERT_BASE;
    let config = read_config(config).expect("valid");
    let renamed = parameters(weights).into_iter().map(|(name, tensor)| {
        let name = name.replace("parametrizations.weight.original0", "weight_g");
        (format!("hubert.{}", name.replace("parametrizations.weight.original1", "weight_v")), tensor)
    });
    let head = ("lm_head.weight".to_owned(), Stored::Floats(Parameter { shape: vec![1], values: vec![0.0] }));
    let encoder = import(&config, renamed.chain([head]).collect(), &Device::flex()).expect("the tensors fit");
    let reference = SafeTensors::deserialize(reference).expect("readable");
    assert_close(&encode(&encoder, &reference).last_hidden_state, &reference, "last_hidden_state");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_truncated_encoder_has_the_hidden_states_of_the_whole() {
    for (config, weights, reference) in [WAV2VEC2_BASE, WAV2VEC2_LARGE, WHISPER] {
        let config = read_config(config).expect("valid").cut(2);
        let encoder = import(&config, parameters(weights), &Device::flex()).expect("the tensors fit");
        let reference = SafeTensors::deserialize(reference).expect("readable");
        let encoded = encode(&encoder, &reference);
        assert_eq!(encoded.hidden_states.len(), 3);
        assert_close(&encoded.last_hidden_state, &reference, "hidden_states.2");
    }
}

/// Deterministic noise from -1 to 1.
fn noise() -> impl FnMut() -> f32 {
    let mut state = 1_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

fn digest(values: &[f32]) -> String {
    let mut digest = Sha256::new();
    values.iter().for_each(|value| digest.update(value.to_le_bytes()));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every step from a recording to hidden states gives the same bits natively and in a browser: where activations are quantized,
/// a difference of one bit is amplified.
#[wasm_bindgen_test(unsupported = test)]
fn quantized_encoders_give_the_same_bits_everywhere() {
    let mut random = noise();
    let recorded: Vec<f32> = (0..48_000).map(|n| random() * (n % 9_000) as f32 / 18_000.0).collect();
    let mut resampler = Resampler::new(48_000, 16_000);
    resampler.push(&recorded);
    let samples = resampler.finish();
    let mut digests = vec![("resampled", digest(&samples))];
    for (name, settings) in
        [("log-mel", FrontEndSettings::whisper_log_mel()), ("MFCC", FrontEndSettings::mfcc_rms())]
    {
        let map = FrontEnd::new(&settings).expect("settings of ours").extract(&samples);
        digests.push((name, digest(map.values())));
    }
    for (name, (config, weights, reference)) in
        [("wav2vec 2.0, base", WAV2VEC2_BASE), ("wav2vec 2.0, large", WAV2VEC2_LARGE), ("Whisper", WHISPER)]
    {
        let (network, tensors) = quantized(config, weights);
        let mut encoder = import_for_inference(&network, tensors).expect("the tensors fit");
        let input = floats(&SafeTensors::deserialize(reference).expect("readable"), "input");
        let encoded = encoder.forward(&input, false, &Device::flex());
        let states: Vec<f32> = encoded.last_hidden_state.into_data().try_to_vec().expect("states are f32");
        digests.push((name, digest(&states)));
    }
    let digests: Vec<(&str, &str)> = digests.iter().map(|(name, digest)| (*name, &digest[..16])).collect();
    let expected = [
        ("resampled", "4c257d390e38d6a8"),
        ("log-mel", "202bfe942791fee1"),
        ("MFCC", "16cf6a6628dbf18b"),
        ("wav2vec 2.0, base", "2e99abd0d3a3a690"),
        ("wav2vec 2.0, large", "cdbc87793b6ea7af"),
        ("Whisper", "cf5177b8c700521d"),
    ];
    assert_eq!(digests, expected);
}

/// Natively, in a browser with relaxed SIMD and in one without: with every kernel, and with GELU.
#[wasm_bindgen_test(unsupported = test)]
fn integer_products_have_the_same_bits_everywhere() {
    let mut random = noise();
    let (inputs, outputs) = (70, 37);
    let values: Vec<f32> = (0..13 * inputs).map(|_| 5.0 * random() + 1.0).collect();
    let codes: Vec<i8> = (0..inputs * outputs).map(|_| (127.9 * random()) as i8).collect();
    let scales: Vec<f32> = (0..outputs).map(|_| 0.02 + 0.01 * random()).collect();
    let biases: Vec<f32> = (0..outputs).map(|_| random()).collect();
    let linear =
        QuantizedLinear::new(inputs, &scales, &biases, |output, input| codes[output * inputs + input]);
    let mut rounded = Activations::default();
    let mut outputs_of_all = Vec::new();
    for windows in [Windows::rows(&values, inputs), Windows::sliding(&values, inputs, 3)] {
        for epilogue in [Epilogue::None, Epilogue::Gelu] {
            rounded.quantize(windows);
            let mut out = vec![0.0; windows.count * outputs];
            linear.forward(&rounded, epilogue, &mut out);
            outputs_of_all.extend(out);
        }
    }
    assert_eq!(digest(&outputs_of_all), "f28487a6cb829e29f890a308949ec538d0c07803ce30f0a43cf81c75374c29c4");
}

#[wasm_bindgen_test(unsupported = test)]
fn every_mismatch_is_listed_by_its_name_in_transformers() {
    let (config, weights, _) = WAV2VEC2_BASE;
    let config = read_config(config).expect("valid");
    let mut tensors = parameters(weights);
    tensors.remove("encoder.layers.1.layer_norm.weight");
    tensors.insert("stray".to_owned(), Stored::Floats(Parameter { shape: vec![1], values: vec![0.0] }));
    let misshapen = Stored::Floats(Parameter { shape: vec![24, 1], values: vec![0.0; 24] });
    tensors.insert("encoder.layer_norm.bias".to_owned(), misshapen);
    let Err(EncoderError::Mismatch(mismatch)) = import(&config, tensors, &Device::flex()) else {
        panic!("three mismatches")
    };
    assert_eq!(mismatch.missing, ["encoder.layers.1.layer_norm.weight"]);
    assert_eq!(mismatch.unexpected, ["stray"]);
    assert_eq!(mismatch.misshapen, ["encoder.layer_norm.bias"]);
}

/// Fuzzing found each of them, by a panic or by exhausted memory.
#[wasm_bindgen_test(unsupported = test)]
fn invalid_sizes_are_rejected() {
    let own: Value =
        serde_json::from_str(include_str!("../fixtures/own-model/model.json")).expect("a fixture");
    let own = &own["front_end"]["encoder"];
    assert!(Description::parse(&own.to_string()).is_ok());
    for (field, value, reason) in [
        ("heads", json!(0), "must divide the width"),
        ("heads", json!(5), "must divide the width"),
        ("layers", json!(1_000_000_000), "at most 96 layers"),
        ("width", json!(0), "from 1 to 16384"),
        ("hidden", json!(70_000), "from 1 to 16384"),
        ("conv_channels", json!([]), "1 to 96 convolutions"),
        ("conv_channels", json!([0, 16, 16, 16, 16, 16, 16]), "from 1 to 16384"),
        ("conv_kernels", json!([10, 3]), "of one length"),
        ("conv_strides", json!([5, 2, 2, 2, 2, 2, 0]), "from 1 to 1024"),
        ("conv_strides", json!([1000, 1000, 1000, 1000, 1000, 1000, 1000]), "at most 16000 samples"),
        ("position_groups", json!(0), "must divide the width"),
        ("position_kernel", json!(0), "positional convolution"),
        ("epsilon", json!(0.0), "must be above 0"),
    ] {
        let mut hostile = own.clone();
        hostile["network"][field] = value.clone();
        let error = Description::parse(&hostile.to_string()).expect_err("refused").to_string();
        assert!(error.contains(reason), "{field} of {value}: {error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn unsupported_networks_are_rejected_with_the_reason() {
    let refused = |text: &str| read_config(text).expect_err("refused").to_string();
    assert!(refused(r#"{"model_type": "wavlm"}"#).contains("'wavlm'"));
    assert!(refused(r#"{"model_type": "hubert", "hidden_act": "relu"}"#).contains("hidden_act is 'relu'"));
    assert!(refused(r#"{"model_type": "wav2vec2", "num_attention_heads": 7}"#).contains("must divide"));
    assert!(refused(r#"{"model_type": "wav2vec2", "conv_dim": [8, 8]}"#).contains("of one length"));
    assert!(refused("[]").contains("config.json"));
    let base = read_config(r#"{"model_type": "wav2vec2"}"#).expect("all defaults");
    assert_eq!((base.width(), base.layers()), (768, 12));
    let EncoderConfig::Wav2Vec2(base) = base else { panic!("a wav2vec 2.0") };
    assert_eq!(base.frames(64_000), 199);
    assert_eq!((base.frames(base.receptive_field() - 1), base.frames(base.receptive_field())), (0, 1));
}
