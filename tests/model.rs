//! The shipped models, natively and in a browser.

use burn::tensor::Device;
use sottovoce::analyzer::Analyzer;
use sottovoce::model::{Emotion, Manifest, Model, ModelError};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const MANIFEST: &str = include_str!("../models/mfcc1/model.json");
const WEIGHTS: &[u8] = include_bytes!("../models/mfcc1/model.safetensors");

/// The sample clips, none of which the model was trained on, with what the actors were asked for.
const SAMPLES: [(&[u8], Emotion); 6] = [
    (include_bytes!("../www/samples/1053_IEO_ANG_HI.opus"), Emotion::Angry),
    (include_bytes!("../www/samples/1064_ITS_DIS_XX.opus"), Emotion::Disgust),
    (include_bytes!("../www/samples/1026_IEO_FEA_HI.opus"), Emotion::Fear),
    (include_bytes!("../www/samples/1049_ITS_HAP_XX.opus"), Emotion::Happy),
    (include_bytes!("../www/samples/1037_WSI_NEU_XX.opus"), Emotion::Neutral),
    (include_bytes!("../www/samples/1028_MTI_SAD_XX.opus"), Emotion::Sad),
];

fn load() -> Model {
    Model::from_parts(MANIFEST, WEIGHTS, &Device::flex()).expect("the weights fit the architecture")
}

#[wasm_bindgen_test(unsupported = test)]
fn the_shipped_model_fits_its_architecture_and_its_limits() {
    let model = load();
    assert_eq!(model.manifest().name, "mfcc1");
    assert!(WEIGHTS.len() <= 2_000_000, "{} bytes", WEIGHTS.len());
    assert!(model.manifest().metrics.accuracy >= 0.65);
    assert_eq!(model.manifest().metrics.recall.len(), 7);
}

#[wasm_bindgen_test(unsupported = test)]
fn most_sample_clips_are_read_as_they_were_acted() {
    let mut analyzer = Analyzer::new(load());
    let right = SAMPLES
        .iter()
        .filter(|(bytes, acted)| {
            let analysis = analyzer.analyze_file(bytes).expect("readable");
            analysis.prediction.label() == *acted
        })
        .count();
    assert!(right >= 4, "{right} of {}", SAMPLES.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn the_same_clip_gets_the_same_numbers_each_time() {
    let mut analyzer = Analyzer::new(load());
    let first = analyzer.analyze_file(SAMPLES[0].0).expect("readable").prediction;
    analyzer.analyze_file(SAMPLES[1].0).expect("readable");
    assert_eq!(analyzer.analyze_file(SAMPLES[0].0).expect("readable").prediction, first);
}

#[wasm_bindgen_test(unsupported = test)]
fn damaged_or_swapped_parts_are_refused() {
    let refused = |manifest: &str, weights: &[u8]| {
        Model::from_parts(manifest, weights, &Device::flex()).err().expect("refused")
    };
    let mut flipped = WEIGHTS.to_vec();
    *flipped.last_mut().expect("not empty") ^= 1;
    assert!(matches!(refused(MANIFEST, &flipped), ModelError::Weights(_)));
    assert!(matches!(refused(MANIFEST, &WEIGHTS[..1_000]), ModelError::Weights(_)));
    assert!(matches!(refused("{}", WEIGHTS), ModelError::Manifest(_)));
    let swapped = MANIFEST.replacen("\"angry\"", "\"happy\"", 1);
    assert!(matches!(refused(&swapped, WEIGHTS), ModelError::Manifest(_)));
    let wider = MANIFEST.replacen("\"hop_length\": 297", "\"hop_length\": 512", 1);
    assert!(matches!(refused(&wider, WEIGHTS), ModelError::Manifest(_)));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_said_of_the_model_comes_with_its_split() {
    let manifest = Manifest::parse(MANIFEST).expect("valid");
    assert_eq!(manifest.training.split, "random");
    assert_eq!(manifest.metrics.accuracy_by_corpus.len(), 4);
}
