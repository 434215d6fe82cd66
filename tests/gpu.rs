//! The models that ship on a GPU, with the feature `webgpu`: the same readings as on the CPU. A software Vulkan device will
//! do.
#![cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]

mod common;

use burn::cubecl::future::block_on;
use common::largest_difference;
use sottovoce::Device;
use sottovoce::analyzer::{Analysis, Analyzer, Backend};
use sottovoce::model::{Accelerator, GpuModel, Model};

const MODELS: [&str; 7] = ["voice", "hubert-small", "wav2vec2-small", "mfcc1", "mfcc2", "ms", "baseline"];

fn folder(model: &str) -> String {
    format!("models/shipped/{model}")
}

fn samples() -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = std::fs::read_dir("www/samples")
        .expect("it is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    paths.sort();
    let files: Vec<_> =
        paths.iter().filter(|path| path.extension().is_some_and(|kind| kind == "opus")).collect();
    assert!(files.len() >= 4, "{paths:?}");
    files.into_iter().take(3).map(|path| std::fs::read(path).expect("readable")).collect()
}

fn read(analyzer: &mut Analyzer) -> Vec<Analysis> {
    samples().iter().map(|bytes| analyzer.analyze_file(bytes).expect("it can be decoded")).collect()
}

#[test]
fn every_model_gives_the_same_on_a_gpu() {
    for name in MODELS {
        let mut analyzer = Analyzer::new(Model::load(folder(name), &Device::flex()).expect("it loads"));
        let on_cpu = read(&mut analyzer);
        let gpu = GpuModel::load(folder(name)).expect("there is a GPU");
        analyzer.use_gpu(gpu, move |error| panic!("{name}: {error}"));
        for (cpu, gpu) in on_cpu.iter().zip(read(&mut analyzer)) {
            assert_eq!((cpu.backend, gpu.backend), (Backend::Cpu, Backend::WebGpu), "{name}");
            // Of encoders: quantization would amplify any difference.
            assert_eq!(cpu.features, gpu.features, "{name}");
            let [cpu, gpu] = [cpu, &gpu].map(|analysis| analysis.prediction.probabilities());
            let off = largest_difference(cpu, gpu);
            assert!(off <= 1e-5, "{name}: a probability is off by {off}");
        }
    }
}

#[test]
fn a_model_without_an_encoder_encodes_nothing() {
    let mut model = GpuModel::load(folder("baseline")).expect("there is a GPU");
    assert_eq!(block_on(model.encode(&[0.0; 10], &[0])).expect_err("it has none").code(), "gpu-missing");
}
