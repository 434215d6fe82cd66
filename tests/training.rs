//! Training from end to end, on a small made-up corpus.

#![cfg(not(target_arch = "wasm32"))]

use std::f32::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use burn::tensor::Device;
use sottovoce::analyzer::Analyzer;
use sottovoce::corpus;
use sottovoce::model::{Manifest, Model};
use sottovoce::train::{Job, Recipe, TrainError, Watcher, train};

/// A corpus in which each emotion has a pitch of its own, under the names of CREMA-D's.
fn make_corpus(folder: &Path) {
    fs::create_dir_all(folder).expect("created");
    for (place, emotion) in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"].into_iter().enumerate() {
        for actor in 0..10 {
            let pitch = 150.0 * (place + 1) as f32 * (1.0 + 0.01 * actor as f32);
            let samples =
                (0..16_000).map(|n| (0.3 * (TAU * pitch * n as f32 / 8_000.0).sin() * 32_767.0) as i16);
            let mut wav = b"RIFF\x24\x7d\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\x7d\0\0".to_vec();
            samples.for_each(|sample| wav.extend_from_slice(&sample.to_le_bytes()));
            fs::write(folder.join(format!("{}_IEO_{emotion}_XX.wav", 1001 + actor)), wav).expect("written");
        }
    }
}

/// Remembers what it is told.
#[derive(Default)]
struct Log {
    epochs: Mutex<Vec<(usize, f32)>>,
}

impl Watcher for Log {
    fn extracted(&self, _total: usize) {}
    fn stepped(&self, _epoch: usize, _step: usize, _steps: usize, _loss: f32) {}
    fn epoch(&self, epoch: usize, loss: f32, _accuracy: f32, _best: bool) {
        self.epochs.lock().expect("not poisoned").push((epoch, loss));
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sottovoce-{}-{name}", std::process::id()));
        make_corpus(&folder.join("corpus"));
        Self(folder)
    }

    fn job(&self, recipe: Recipe) -> Job {
        Job {
            manifest: Manifest::untrained("mfcc1").expect("known"),
            utterances: corpus::find(&self.0.join("corpus")).expect("found"),
            recipe,
            checkpoints: self.0.join("checkpoints"),
            output: self.0.join("mfcc1"),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn short() -> Recipe {
    Recipe { epochs: 2, batch: 8, warm_up: 0.5, ..Recipe::default() }
}

#[test]
fn training_lowers_the_loss_and_writes_a_model_that_loads() {
    let folder = Folder::new("learns");
    let log = Log::default();
    let manifest = train(folder.job(short()), &log).expect("trained");
    let epochs = log.epochs.into_inner().expect("not poisoned");
    assert_eq!(epochs.len(), 2);
    assert!(epochs[1].1 < epochs[0].1, "{epochs:?}");
    assert_eq!(manifest.metrics.clips, 12);

    let model = Model::load(&folder.0.join("mfcc1"), &Device::flex()).expect("loads");
    assert_eq!(model.manifest().weights, manifest.weights);
    let clip = fs::read(folder.0.join("corpus/1001_IEO_ANG_XX.wav")).expect("there");
    assert!(Analyzer::new(model).analyze_file(&clip).is_ok());
}

#[test]
fn a_run_goes_on_where_it_stopped_and_refuses_another_runs_checkpoints() {
    let folder = Folder::new("resumes");
    let whole = Log::default();
    train(folder.job(short()), &whole).expect("trained");
    // As if killed while the second epoch was being saved: its folder is not under its name yet.
    let checkpoints = folder.0.join("checkpoints");
    let last = checkpoints.join("epoch-002");
    if !checkpoints.join("epoch-001").exists() {
        // The first epoch is kept only while it is the best; take the last back to where it was after one.
        let progress = fs::read_to_string(last.join("progress.json")).expect("there");
        let progress = progress
            .replace("\"epochs_done\": 2", "\"epochs_done\": 1")
            .replace("\"best_epoch\": 2", "\"best_epoch\": 1");
        fs::write(last.join("progress.json"), progress).expect("written");
        fs::rename(&last, checkpoints.join("epoch-001")).expect("renamed");
    } else {
        fs::rename(&last, checkpoints.join("partial")).expect("renamed");
    }
    let rest = Log::default();
    train(folder.job(short()), &rest).expect("resumed");
    let epochs: Vec<usize> = rest.epochs.into_inner().expect("not poisoned").iter().map(|e| e.0).collect();
    assert_eq!(epochs, [2], "the first epoch is not done twice");

    let other = Recipe { learning_rate: 0.5, ..short() };
    let refused = train(folder.job(other), &Log::default());
    assert!(matches!(refused, Err(TrainError::OtherRun { .. })));
}

#[test]
fn too_few_clips_are_refused() {
    let folder = Folder::new("few");
    let refused = train(folder.job(Recipe { batch: 64, ..short() }), &Log::default());
    assert!(matches!(refused, Err(TrainError::TooFew { train: 48, validation: 12 })));
}
