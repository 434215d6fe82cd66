//! Explanations, compared with PyTorch's Grad-CAM, and of all shipped models; natively and in a browser.

mod common;

use burn::tensor::{Device, Tensor, TensorData};
use common::{floats, largest_difference};
use safetensors::SafeTensors;
use sottovoce::explain::{Method, attention, encoder_view, explain, grad_cam, upsample};
use sottovoce::features::FeatureMap;
use sottovoce::model::{Emotion, Model, ModelError};
use sottovoce::nn::classifiers::Architecture;
use sottovoce::nn::parameters::{self, Parameter};
use sottovoce::nn::weights::WeightsFile;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const NETWORKS: [&[u8]; 3] = [
    include_bytes!("fixtures/grad_cam/baseline.safetensors"),
    include_bytes!("fixtures/grad_cam/cnn_lstm.safetensors"),
    include_bytes!("fixtures/grad_cam/deep_cnn.safetensors"),
];

#[wasm_bindgen_test(unsupported = test)]
fn grad_cam_equals_pytorchs() {
    for bytes in NETWORKS {
        let file = SafeTensors::deserialize(bytes).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(bytes).unwrap();
        let architecture = &metadata.metadata().as_ref().unwrap()["architecture"];
        let architecture: Architecture = serde_json::from_str(architecture).unwrap();
        let weights = file.names().into_iter().filter_map(|name| {
            let shape = file.tensor(name).unwrap().shape().to_vec();
            Some((
                name.strip_prefix("weights.")?.to_owned(),
                Parameter { shape, values: floats(&file, name) },
            ))
        });
        let device = Device::flex();
        let network = parameters::apply(architecture.init(&device), weights.collect()).unwrap();
        let [rows, columns] = architecture.input();
        let input =
            Tensor::<3>::from_data(TensorData::new(floats(&file, "input"), [1, rows, columns]), &device);
        let logits: Vec<f32> = network.forward(input.clone()).into_data().try_to_vec().unwrap();
        assert!(largest_difference(&logits, &floats(&file, "scores")) < 1e-4, "{architecture:?}");
        for class in 0..7 {
            let map = grad_cam(&network, input.clone(), class);
            let difference = largest_difference(map.values(), &floats(&file, &format!("map.{class}")));
            assert!(difference < 1e-3, "class {class} of {architecture:?} differs by {difference}");
            let fine = upsample(&map, [rows, columns]);
            let difference = largest_difference(fine.values(), &floats(&file, &format!("fine.{class}")));
            assert!(
                difference < 1e-3,
                "class {class} of {architecture:?}, enlarged, differs by {difference}"
            );
        }
    }
}

/// The files of a shipped model.
type Files = (&'static str, &'static [(&'static str, &'static [u8])]);

macro_rules! shipped {
    ($name:literal $(, $file:literal)*) => {
        (
            include_str!(concat!("../models/shipped/", $name, "/model.json")),
            &[
                ("model.safetensors", include_bytes!(concat!("../models/shipped/", $name, "/model.safetensors"))),
                $(($file, include_bytes!(concat!("../models/shipped/", $name, "/", $file))),)*
            ],
        )
    };
}

const MFCC1: Files = shipped!("mfcc1");
const MFCC2: Files = shipped!("mfcc2");
const MS: Files = shipped!("ms");
const BASELINE: Files = shipped!("baseline");
const VOICE: Files = shipped!("voice", "weights-001-809bb585.safetensors", "speaker-6422d1e3.safetensors");

fn load((manifest, files): Files) -> Model {
    let bytes_of = |wanted: &WeightsFile| -> Result<Vec<u8>, ModelError> {
        Ok(files.iter().find(|(name, _)| *name == wanted.file).expect("a file of the model").1.to_vec())
    };
    Model::from_parts(manifest, bytes_of, &Device::flex()).unwrap()
}

/// The clip of a sample recording.
fn clip(model: &Model) -> Vec<f32> {
    let bytes = include_bytes!("../www/samples/1053_IEO_ANG_HI.opus");
    let recording = sottovoce::audio::decode(bytes, &sottovoce::audio::ReadOptions::default()).unwrap();
    model.clip(&recording.samples).samples().to_vec()
}

fn assert_is_heat(map: &FeatureMap) {
    let top = map.values().iter().copied().fold(0.0_f32, f32::max);
    assert!(map.values().iter().all(|value| (0.0..=1.0).contains(value)));
    assert!(top == 0.0 || (top - 1.0).abs() < 1e-6, "{top}");
}

#[wasm_bindgen_test(unsupported = test)]
fn every_shipped_model_is_explained() {
    for (files, method, size) in [
        (MFCC1, Method::GradCam, Some([41, 216])),
        (MFCC2, Method::GradCam, Some([41, 216])),
        (MS, Method::GradCam, Some([128, 126])),
        (BASELINE, Method::GradCam, Some([41, 1])),
        (VOICE, Method::Occlusion, None),
    ] {
        let mut model = load(files);
        let samples = clip(&model);
        let name = model.manifest().name.clone();
        // Occlusion classifies the clip many times.
        let emotions = if name == "voice" { &[Emotion::Angry][..] } else { &Emotion::ALL };
        for &emotion in emotions {
            let explanation = explain(&mut model, &samples, Some(emotion), None);
            let summary = &explanation.summary;
            assert_eq!((summary.method, summary.emotion), (method, emotion));
            assert_is_heat(&explanation.coarse);
            assert_is_heat(&explanation.heat);
            let heat = [explanation.heat.rows(), explanation.heat.columns()];
            assert!(size.is_none_or(|size| size == heat), "{name}: {heat:?}");
            if let Some([from, to]) = summary.seconds {
                assert!(0.0 <= from && from < to && to <= summary.clip_s + 1e-4, "{name}: {from} to {to}");
            }
            if let Some([low, high]) = summary.hz {
                assert!(name == "ms" && 0.0 <= low && low < high && high <= 8_000.1);
            }
        }
        let features = model.features_of(&samples);
        let label = model.predict(features, None).label();
        assert_eq!(explain(&mut model, &samples, None, None).summary.emotion, label);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn encoders_have_activations_and_attention_weights() {
    let mut model = load(VOICE);
    let samples = clip(&model);
    let view = encoder_view(&mut model, &samples).expect("voice has an encoder");
    assert_eq!((view.activations.rows(), view.mean.len()), (384, 384));
    let row = view.activations.row(7);
    let mean = row.iter().sum::<f32>() / row.len() as f32;
    assert!((mean - view.mean[7]).abs() < 1e-4 * mean);
    let layers = attention(&mut model, &samples).expect("voice has an encoder");
    assert_eq!((layers.len(), layers[0].len()), (3, 6));
    for weights in layers.iter().flatten() {
        assert_eq!([weights.rows(), weights.columns()], [view.activations.columns(); 2]);
        assert!((weights.row(3).iter().sum::<f32>() - 1.0).abs() < 1e-3);
    }
    let mut without = load(BASELINE);
    assert!(encoder_view(&mut without, &samples).is_none() && attention(&mut without, &samples).is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn silence_and_one_sample_can_be_explained() {
    for files in [MFCC1, MFCC2, MS, BASELINE, VOICE] {
        let mut model = load(files);
        let name = model.manifest().name.clone();
        for samples in [vec![0.0; 64_000], vec![0.5]] {
            let clip = if name == "voice" { samples } else { model.clip(&samples).samples().to_vec() };
            assert_is_heat(&explain(&mut model, &clip, None, None).heat);
        }
    }
}
