//! Each stage of a reading on one native thread: `cargo bench`.

use std::hint::black_box;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use sottovoce::analyzer::Analyzer;
use sottovoce::audio::{Clip, ClipSettings, Quality, ReadOptions, Resampler, decode};
use sottovoce::features::{FrontEnd, FrontEndSettings};
use sottovoce::model::Model;
use sottovoce::nn::conv_block::ConvBlockConfig;

const SPEECH: &[u8] = include_bytes!("../www/samples/1028_MTI_SAD_XX.opus");
const MANIFEST: &str = include_str!("../models/mfcc1/model.json");
const WEIGHTS: &[u8] = include_bytes!("../models/mfcc1/model.safetensors");

fn stages(criterion: &mut Criterion) {
    let recording = decode(SPEECH, &ReadOptions::default()).expect("readable");
    let clip = Clip::cut(&recording.samples, &ClipSettings::default());
    let model =
        || Model::from_parts(MANIFEST, |_| Ok(WEIGHTS.to_vec()), &Device::flex()).expect("the shipped model");

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
        bencher.iter(|| Quality::measure(&recording, black_box(clip.recorded())));
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
    criterion.bench_function("mfcc1's network", |bencher| {
        let mut model = model();
        let features = model.features(&clip);
        bencher.iter(|| model.predict(black_box(features.clone())));
    });
    criterion.bench_function("a whole reading", |bencher| {
        let mut analyzer = Analyzer::new(model());
        bencher.iter(|| analyzer.analyze_file(black_box(SPEECH)).expect("readable"));
    });
    criterion.bench_function("load mfcc1", |bencher| bencher.iter(model));
}

/// A step of training through the second block of the Deep CNN, sixteen clips at a time, beside burn's own operations.
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

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = stages, training
}
criterion_main!(benches);
