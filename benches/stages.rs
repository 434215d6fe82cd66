//! Benchmarks of each stage on one native thread: `cargo bench`.

use std::collections::HashMap;
use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use sottovoce::analyzer::Analyzer;
use sottovoce::audio::{Clip, ClipSettings, Quality, ReadOptions, Resampler, decode};
use sottovoce::encoder::{
    Description, EncoderError, Input, Precision, Source, export, import, import_for_inference, pack,
};
use sottovoce::features::{FrontEnd, FrontEndSettings};
use sottovoce::model::{Manifest, Model};
use sottovoce::nn::conv_block::ConvBlockConfig;
use sottovoce::nn::encoders::{Encoder, EncoderConfig, Wav2Vec2Config};
use sottovoce::nn::weights::{StoredParameters, as_stored, in_floats};
use sottovoce::vad::speech_segments;

const SPEECH: &[u8] = include_bytes!("../www/samples/1028_MTI_SAD_XX.opus");
const MANIFEST: &str = include_str!("../models/shipped/mfcc1/model.json");
const VOICE: &str = include_str!("../models/shipped/voice/model.json");
const VOICES_ENCODER: &[u8] = include_bytes!("../models/shipped/voice/weights-001-809bb585.safetensors");
const WEIGHTS: &[u8] = include_bytes!("../models/shipped/mfcc1/model.safetensors");

fn stages(criterion: &mut Criterion) {
    let recording = decode(SPEECH, &ReadOptions::default()).expect("readable");
    let speech = speech_segments(&recording.samples);
    let clip = Clip::cut(&recording.samples, &ClipSettings::default(), &speech);
    let model_on = |device: &Device| {
        Model::from_parts(MANIFEST, |_| Ok(WEIGHTS.to_vec()), device).expect("the shipped model")
    };
    let model = || model_on(&Device::flex());

    criterion.bench_function("decode 3.4 s of Opus", |bencher| {
        bencher.iter(|| decode(black_box(SPEECH), &ReadOptions::default()));
    });
    criterion.bench_function("resample 4 s from 48 kHz", |bencher| {
        let samples = vec![0.1; 4 * 48_000];
        bencher.iter(|| {
            let mut resampler = Resampler::new(48_000, 16_000);
            resampler.push(black_box(&samples));
            resampler.finish()
        });
    });
    criterion.bench_function("input quality of 2.9 s", |bencher| {
        bencher.iter(|| Quality::measure(&recording, black_box(&clip.range()), &speech));
    });
    for (name, settings) in [
        ("MFCC and RMS, 41 x 216", FrontEndSettings::mfcc_rms()),
        ("log-mel, 128 x 126", FrontEndSettings::log_mel()),
    ] {
        criterion.bench_function(name, |bencher| {
            let mut front_end = FrontEnd::new(&settings).expect("the paper's settings");
            bencher.iter(|| front_end.extract(black_box(clip.samples())));
        });
    }
    for (name, device) in cpu_backends() {
        criterion.bench_function(name, |bencher| {
            let mut model = model_on(&device);
            let features = model.features(&clip);
            bencher.iter(|| model.predict(black_box(features.clone()), None));
        });
    }
    criterion.bench_function("a whole reading", |bencher| {
        let mut analyzer = Analyzer::new(model());
        bencher.iter(|| analyzer.analyze_file(black_box(SPEECH)).expect("readable"));
    });
    criterion.bench_function("load mfcc1", |bencher| bencher.iter(model));
}

/// burn's backends for the CPU.
fn cpu_backends() -> Vec<(&'static str, Device)> {
    #[allow(deprecated)] // By burn.
    let ndarray = [
        #[cfg(feature = "ndarray")]
        ("mfcc1's network on ndarray", Device::ndarray()),
    ];
    [("mfcc1's network", Device::flex())].into_iter().chain(ndarray).collect()
}

/// Forward and backward pass of the second block of the Deep CNN with a batch of sixteen clips, fused and composed of burn's operations.
fn training(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    let block = ConvBlockConfig::new(32, 64).init(&device);
    let maps = Tensor::<4>::random([16, 32, 20, 108], Distribution::Normal(0.0, 1.0), &device).require_grad();
    criterion.bench_function("convolution block, forward and backward", |bencher| {
        bencher.iter(|| block.forward(maps.clone()).sum().backward());
    });
    criterion.bench_function("the same of burn's operations", |bencher| {
        bencher.iter(|| block.composed(maps.clone()).sum().backward());
    });
}

/// Inference of an encoder on four seconds: with integer weights, with float weights, and the burn module.
fn encoders(criterion: &mut Criterion) {
    let device = Device::flex();
    let voice = Manifest::parse(VOICE).expect("the shipped model");
    let voice = voice.front_end.encoder().expect("it has an encoder");
    let tensors = voice.tensors(|_| Ok::<_, EncoderError>(VOICES_ENCODER.to_vec())).expect("whole");
    let base = EncoderConfig::Wav2Vec2(Wav2Vec2Config::new());
    for (name, config, tensors, input) in [
        ("voice's encoder", &voice.network, tensors, [1, 80, 400]),
        ("a base-size wav2vec 2.0", &base, random_tensors(&base), [1, 1, 64_000]),
    ] {
        let mut group = criterion.benchmark_group(format!("4 s through {name}"));
        group.sample_size(10);
        let x = Tensor::<3>::random(input, Distribution::Normal(0.0, 1.0), &device);
        let values: Vec<f32> = x.to_data().try_to_vec().expect("f32");
        let mut integers = import_for_inference(config, tensors.clone()).expect("fits");
        group.bench_function("integers", |bencher| {
            bencher.iter(|| integers.forward(black_box(&values), false, &device));
        });
        let floats = as_stored(in_floats(tensors.clone()));
        let mut floats = import_for_inference(config, floats).expect("fits");
        group.bench_function("floats", |bencher| {
            bencher.iter(|| floats.forward(black_box(&values), false, &device));
        });
        let module = import(config, tensors, &device).expect("fits");
        group.bench_function("burn", |bencher| {
            bencher.iter(|| match &module {
                Encoder::Wav2Vec2(encoder) => encoder.forward(x.clone().squeeze_dim(1)),
                Encoder::Whisper(encoder) => encoder.forward(x.clone()),
            });
        });
    }
}

/// Random tensors of an encoder, quantized as in its files.
fn random_tensors(config: &EncoderConfig) -> StoredParameters {
    let tensors = as_stored(export(config, &config.init(&Device::flex())));
    let input = Input::Samples { normalise: true };
    let description =
        Description { name: "random".to_owned(), input, network: config.clone(), shards: Vec::new() };
    let mut shards = HashMap::new();
    let description = pack(Source { description, tensors }, Precision::Int8, |name, bytes| {
        shards.insert(name.to_owned(), bytes);
        Ok::<_, EncoderError>(())
    });
    let description = description.expect("packed");
    description
        .tensors(|shard| Ok::<_, EncoderError>(shards.remove(&shard.file).expect("packed")))
        .expect("whole")
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = stages, encoders, training
}
criterion_main!(benches);
