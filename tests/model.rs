//! The shipped models, natively and in a browser.

#[cfg(feature = "ndarray")]
mod common;

use burn::tensor::Device;
use serde_json::json;
use sottovoce::analyzer::{Analysis, Analyzer};
use sottovoce::model::{Emotion, Manifest, Model, ModelError, SpeakerReference};
use sottovoce::nn::weights::WeightsFile;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Name, manifest and weights of a model, and the paper's accuracy on the random split.
type Shipped = (&'static str, &'static str, &'static [u8], f32);

macro_rules! shipped {
    ($name:literal, $paper:literal) => {
        (
            $name,
            include_str!(concat!("../models/shipped/", $name, "/model.json")),
            include_bytes!(concat!("../models/shipped/", $name, "/model.safetensors")),
            $paper,
        )
    };
}

const SHIPPED: [Shipped; 4] = [
    shipped!("mfcc1", 0.7016),
    shipped!("mfcc2", 0.6695),
    shipped!("ms", 0.6839),
    shipped!("baseline", 0.4902),
];

/// The model that the page and the command line choose, which listens through an encoder.
const VOICE: &str = include_str!("../models/shipped/voice/model.json");
const VOICE_FILES: [(&str, &[u8]); 3] = [
    ("model.safetensors", include_bytes!("../models/shipped/voice/model.safetensors")),
    (
        "weights-001-809bb585.safetensors",
        include_bytes!("../models/shipped/voice/weights-001-809bb585.safetensors"),
    ),
    ("speaker-6422d1e3.safetensors", include_bytes!("../models/shipped/voice/speaker-6422d1e3.safetensors")),
];

/// The first sample clip by `voice`, conditioned on the other five.
const CONDITIONED_ON_OTHERS: [f32; 7] = [0.95813, 0.00380, 0.00671, 0.02442, 0.00274, 0.00212, 0.00209];

const MANIFEST: &str = SHIPPED[0].1;
const WEIGHTS: &[u8] = SHIPPED[0].2;

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
    Model::from_parts(MANIFEST, |_| Ok(WEIGHTS.to_vec()), &Device::flex())
        .expect("the weights fit the architecture")
}

#[wasm_bindgen_test(unsupported = test)]
fn every_shipped_model_fits_its_architecture_and_its_limits_and_beats_the_paper() {
    for (name, manifest, weights, paper) in SHIPPED {
        let model =
            Model::from_parts(manifest, |_| Ok(weights.to_vec()), &Device::flex()).expect("the weights fit");
        let manifest = model.manifest();
        assert_eq!(manifest.name, name);
        assert!(weights.len() <= 2_500_000, "{name}: {} bytes", weights.len());
        assert!(manifest.metrics.accuracy > paper, "{name}: {}", manifest.metrics.accuracy);
        assert_eq!(manifest.metrics.recall.len(), 7, "{name}");
        assert_eq!(manifest.training.split, "random", "{name}");
        let mut analyzer = Analyzer::new(model);
        let clip = analyzer.analyze_file(SAMPLES[0].0).expect("readable");
        assert_eq!(clip.prediction.label(), SAMPLES[0].1, "{name}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_default_model_reads_through_its_encoder_within_ten_megabytes() {
    let load = load_voice;
    let model = load(VOICE, None).expect("the files fit");
    assert!(model.manifest().bytes() <= 10_000_000, "{} bytes", model.manifest().bytes());
    assert!(model.manifest().metrics.accuracy > 0.80, "{}", model.manifest().metrics.accuracy);
    let mut analyzer = Analyzer::new(model);
    let mut read = |bytes| analyzer.analyze_file(bytes).expect("readable").prediction.label();
    let right = SAMPLES.iter().filter(|(bytes, acted)| read(bytes) == *acted).count();
    assert!(right >= 4, "{right} of {}", SAMPLES.len());
    for (file, _) in VOICE_FILES {
        let error = load(VOICE, Some(file)).err().expect("refused");
        let code = if file.starts_with("weights-") { "encoder-weights" } else { "model-weights" };
        assert_eq!(error.code(), code, "{error}");
    }
    // An encoder that is given what it does not take, and states that it does not have.
    let fewer_bands = VOICE.replacen("\"n_mels\": 80", "\"n_mels\": 64", 1);
    let error = load(&fewer_bands, None).err().expect("refused").to_string();
    assert!(error.contains("must be given what it takes"), "{error}");
    let narrower = VOICE.replacen("\"rows\": 2304", "\"rows\": 2300", 1);
    let error = load(&narrower, None).err().expect("refused").to_string();
    assert!(error.contains("the speaker head must take the embedding"), "{error}");
    let no_layers = VOICE.replacen("\"layers\": 3", "\"layers\": 2", 1);
    let error = load(&no_layers, None).err().expect("refused");
    assert_eq!(error.code(), "model-description", "{error}");
}

/// `voice` by a description, one of its files cut short if that is wanted.
fn load_voice(manifest: &str, damaged: Option<&str>) -> Result<Model, ModelError> {
    voice_on(manifest, damaged, &Device::flex())
}

fn voice_on(manifest: &str, damaged: Option<&str>, device: &Device) -> Result<Model, ModelError> {
    let bytes_of = |wanted: &WeightsFile| {
        let (name, bytes) = VOICE_FILES.into_iter().find(|(name, _)| *name == wanted.file).expect("named");
        let kept = if damaged == Some(name) { bytes.len() - 1 } else { bytes.len() };
        Ok(bytes[..kept].to_vec())
    };
    Model::from_parts(manifest, bytes_of, device)
}

/// By burn's other backend for the CPU, with its feature.
#[cfg(feature = "ndarray")]
#[wasm_bindgen_test(unsupported = test)]
#[allow(deprecated)] // By burn.
fn every_model_gives_the_same_on_ndarray() {
    let on = |device: Device| {
        let shipped = SHIPPED.map(|(_, manifest, weights, _)| {
            Model::from_parts(manifest, |_| Ok(weights.to_vec()), &device).expect("the weights fit")
        });
        shipped.into_iter().chain([voice_on(VOICE, None, &device).expect("the files fit")])
    };
    for (flex, ndarray) in on(Device::flex()).zip(on(Device::ndarray())) {
        let name = flex.manifest().name.clone();
        let [flex, ndarray] = [flex, ndarray].map(|model| {
            let analysis = Analyzer::new(model).analyze_file(SAMPLES[0].0).expect("readable");
            *analysis.prediction.probabilities()
        });
        let off = common::largest_difference(&flex, &ndarray);
        assert!(off <= 1e-5, "{name}: a probability is off by {off}");
    }
}

/// The same numbers natively and in a browser.
#[wasm_bindgen_test(unsupported = test)]
fn a_reference_does_not_depend_on_the_order_of_its_clips() {
    let mut analyzer = Analyzer::new(load_voice(VOICE, None).expect("the files fit"));
    let alone: Vec<Analysis> =
        SAMPLES.iter().map(|(bytes, _)| analyzer.analyze_file(bytes).expect("readable")).collect();
    let reference = |order: &[usize]| {
        let mut reference = analyzer.model().empty_reference().expect("it takes references");
        for &clip in order {
            reference.merge(alone[clip].enrolment().expect("speech")).expect("of the same model");
        }
        reference
    };
    let others = reference(&[1, 2, 3, 4, 5]);
    assert_eq!(others, reference(&[5, 3, 1, 4, 2]));
    let kept = SpeakerReference::parse(&others.to_json()).expect("as written");
    assert_eq!(kept, others);
    assert_eq!((others.clips(), others.one_sided()), (5, None));
    let none = reference(&[]);

    analyzer.set_speaker(Some(kept)).expect("its own");
    let conditioned = analyzer.analyze_file(SAMPLES[0].0).expect("readable");
    let summary = conditioned.report().speaker.expect("conditioned on others");
    assert_eq!(summary.clips, 5);
    assert_eq!(summary.unconditioned, alone[0].report().opinion);
    assert_eq!(
        conditioned.enrolment(),
        alone[0].enrolment(),
        "what is learnt of a speaker is the clip alone"
    );
    let expected = CONDITIONED_ON_OTHERS;
    for (found, expected) in conditioned.prediction.probabilities().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{:?}", conditioned.prediction.probabilities());
    }
    assert_eq!(analyzer.reclassify(alone[0].clone()).prediction, conditioned.prediction);

    // No clips are no reference.
    analyzer.set_speaker(Some(none)).expect("its own");
    let again = analyzer.analyze_file(SAMPLES[0].0).expect("readable");
    assert_eq!((again.prediction, again.output), (alone[0].prediction, alone[0].output));
    assert!(again.speaker.is_none());

    // Other models have no use for it.
    let mut other = Analyzer::new(load());
    let refused = other.set_speaker(Some(others)).expect_err("refused");
    assert_eq!(refused.code(), "no-speaker-reference");
    assert!(other.analyze_file(SAMPLES[0].0).expect("readable").enrolment().is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn silence_tells_nothing_of_a_speaker() {
    let mut analyzer = Analyzer::new(load_voice(VOICE, None).expect("the files fit"));
    let silence = analyzer.analyze_samples(&[0.0; 32_000], 16_000).expect("samples");
    assert!(silence.enrolment().is_none());
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
        let checked = |file: &WeightsFile| Ok(file.checked(weights.to_vec())?);
        Model::from_parts(manifest, checked, &Device::flex()).err().expect("refused")
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

/// Each of them ended in a panic, or in all memory, when fuzzing found it.
#[wasm_bindgen_test(unsupported = test)]
fn sizes_that_make_no_model_are_refused() {
    let own: serde_json::Value = serde_json::from_str(MANIFEST).expect("JSON");
    for (place, value, reason) in [
        ("/front_end/hop_length", json!(0), "hop_length"),
        ("/front_end/n_fft", json!(100_000), "n_fft"),
        ("/clip/length_s", json!(1e9), "length_s"),
        ("/architecture/input", json!([1, 1]), "too small"),
        ("/architecture/channels/0", json!(0), "from 1 to 4096"),
        ("/architecture/hidden", json!(70_000), "from 1 to 4096"),
        ("/architecture/hidden_dropout", json!(1.5), "below 1"),
        ("/normalise/mean/0", json!(1e300), "must be a number"),
        ("/calibration/temperature", json!(1e300), "temperature"),
    ] {
        let mut hostile = own.clone();
        *hostile.pointer_mut(place).unwrap_or_else(|| panic!("{place} is there")) = value.clone();
        let error = Manifest::parse(&hostile.to_string()).expect_err("refused").to_string();
        assert!(error.contains(reason), "{place} of {value}: {error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_said_of_the_model_comes_with_its_split() {
    let manifest = Manifest::parse(MANIFEST).expect("valid");
    assert_eq!(manifest.training.split, "random");
    assert_eq!(manifest.metrics.accuracy_by_corpus.len(), 4);
}

/// The page shows accuracies on unseen speakers, of the weights in the same folder.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn accuracies_on_unseen_speakers_belong_to_weights_that_were_not_trained_on_them() {
    let text = std::fs::read_to_string("models/held-out/speaker.json").expect("sottovoce report wrote it");
    let scores: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (name, score) in scores.as_object().expect("one entry a model") {
        let folder = std::path::Path::new("models/held-out/speaker").join(name);
        let model = Model::load(&folder, &Device::flex()).expect("the weights fit the architecture");
        let Manifest { training, metrics, .. } = model.manifest();
        assert_eq!(training.split, "speaker", "{name}");
        assert_eq!(score["clips"], metrics.clips, "{name}");
        let accuracy = score["accuracy"].as_f64().expect("a number");
        assert!((accuracy - f64::from(metrics.accuracy)).abs() < 0.01, "{name}: {accuracy}");
    }
}
