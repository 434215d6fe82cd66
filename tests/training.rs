//! Training from end to end, on a small made-up corpus.

#![cfg(not(target_arch = "wasm32"))]

#[path = "common/corpus.rs"]
mod made_up;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use burn::tensor::Device;
use made_up::make_corpus;
use sottovoce::analyzer::Analyzer;
use sottovoce::corpus::{self, Corpus, SplitKind, SplitSettings};
use sottovoce::encoder::{Description, Precision, Source, save};
use sottovoce::model::{Calibration, Model, QuantizedSpeakerNetwork, SpeakerHead, save_speaker_head};
use sottovoce::nn::classifiers::SpeakerNetworkConfig;
use sottovoce::nn::weights::in_floats;
use sottovoce::report::figures;
use sottovoce::run::RunError;
use sottovoce::train::{
    Epoch, Job, ModelEntry, Recipe, SpeakerJob, TrainError, Watcher, train, train_speaker,
};

/// Records the progress, and dies after some epochs, as if killed.
#[derive(Default)]
struct Log {
    epochs: Mutex<Vec<(usize, f32)>>,
    /// The running mean of the loss after each step.
    losses: Mutex<Vec<f32>>,
    unreadable: Mutex<Vec<PathBuf>>,
    dies_after: Option<usize>,
}

impl Watcher for Log {
    fn extracted(&self, _total: usize) {}

    fn unreadable(&self, path: &Path, _reason: &str) {
        self.unreadable.lock().expect("not poisoned").push(path.to_owned());
    }

    fn stepped(&self, epoch: usize, step: usize, steps: usize, loss: f32) {
        self.losses.lock().expect("not poisoned").push(loss);
        let is_halfway = 2 * step >= steps;
        assert!(!(is_halfway && self.dies_after.is_some_and(|epochs| epoch > epochs)), "killed");
    }

    fn epoch(&self, epochs: &[Epoch], _is_best: bool) {
        let epoch = epochs.last().expect("one is done");
        self.epochs.lock().expect("not poisoned").push((epoch.epoch, epoch.loss));
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sottovoce-{}-{name}", std::process::id()));
        make_corpus(&folder.join("corpus"));
        Self(folder)
    }

    fn job(&self, model: &str, run: &str, recipe: Recipe) -> Job {
        let encoder = (!["baseline", "mfcc1", "mfcc2", "ms"].contains(&model)).then(|| self.import_encoder());
        let description = encoder.as_ref().map(|folder| Source::open(folder).expect("readable").description);
        Job {
            manifest: ModelEntry::find(model).expect("known").untrained(description).expect("its encoder"),
            encoder,
            init_from: None,
            utterances: corpus::find(&self.0.join("corpus"), &corpus::Corpus::PAPER)
                .expect("found")
                .utterances,
            split: SplitSettings { kind: SplitKind::Random, seed: 1 },
            recipe_name: "best".to_owned(),
            recipe,
            keep_defects: false,
            device: Device::flex(),
            cache: self.0.join("cache"),
            run: self.0.join(run),
            output: self.0.join(run).join("model"),
        }
    }

    /// A small encoder with random weights, as `sottovoce encoder import` writes it.
    fn import_encoder(&self) -> PathBuf {
        let (published, imported) = (self.0.join("published"), self.0.join("encoder"));
        fs::create_dir_all(&published).expect("created");
        let fixture = |file: &str| format!("tests/fixtures/encoders/hubert_base.{file}");
        fs::copy(fixture("config.json"), published.join("config.json")).expect("copied");
        fs::copy(fixture("weights.safetensors"), published.join("model.safetensors")).expect("copied");
        let source = Source::open(&published).expect("readable").checked().expect("complete");
        save(source, Precision::Int8, &imported).expect("written");
        imported
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.0.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The recipe that ships, for two epochs.
fn short(model: &str) -> Recipe {
    let recipe = ModelEntry::find(model).expect("known").recipe("best").expect("usable");
    // The small encoder has three layers.
    let unfreeze_last = recipe.unfreeze_last.min(2);
    Recipe { epochs: 2, batch: 8, unfreeze_last, ..recipe }
}

/// The last layer of an encoder learns, and the classifier behind it at once.
fn tuning(epochs: usize) -> Recipe {
    Recipe { epochs, unfreeze_last: 1, encoder_rate: 1.0, ..short("voice") }
}

#[test]
fn training_lowers_the_loss_and_writes_a_model_that_loads() {
    let folder = Folder::new("learns");
    let log = Log::default();
    let manifest = train(folder.job("mfcc1", "run", short("mfcc1")), &log).expect("trained").manifest;
    let epochs = log.epochs.into_inner().expect("not poisoned");
    assert_eq!(epochs.len(), 2);
    assert!(epochs[1].1 < epochs[0].1, "{epochs:?}");
    assert_eq!(manifest.metrics.clips, 24);
    assert_eq!(manifest.training.clips, 90);

    let model = Model::load(folder.0.join("run/model"), &Device::flex()).expect("loads");
    assert_eq!(model.manifest().weights, manifest.weights);
    let clip = folder.read("corpus/1001_IEO_ANG_XX.wav");
    assert!(Analyzer::new(model).analyze_file(&clip).is_ok());

    let log = String::from_utf8(folder.read("run/log.jsonl")).expect("text");
    assert_eq!(log.lines().count(), 2);
    let epochs: Result<Vec<Epoch>, _> = log.lines().map(serde_json::from_str).collect();
    assert!(figures::learning_curve(&epochs.expect("epochs")).starts_with("<svg"));
    assert!(folder.read("run/split.json").starts_with(b"{"));
}

#[test]
fn a_model_is_calibrated_on_corpora_that_it_never_met() {
    let folder = Folder::new("calibrated");
    let trained =
        train(folder.job("mfcc1", "run", short("mfcc1")), &Log::default()).expect("trained").manifest;
    assert_eq!(trained.calibration.distance_exponent, 0.0);
    // One that may train, with another byte at the end so that it is no copy, and one that only evaluates.
    for (name, copy) in
        [("nemo/KD0_anger_1.wav", 1), ("nemo/KD0_sadness_1.wav", 2), ("EMOVO/f2/rab-f2-b1.wav", 3)]
    {
        let mut bytes = folder.read("corpus/1001_IEO_ANG_XX.wav");
        *bytes.last_mut().expect("not empty") ^= copy;
        let path = folder.0.join("corpus").join(name);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("created");
        fs::write(path, bytes).expect("written");
    }
    let at = |path: &str| folder.0.join(path).display().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
        .args(["calibrate", "--model", "model", "--models", &at("run"), "--data", &at("corpus")])
        .output()
        .expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let model = Model::load(folder.0.join("run/model"), &Device::flex()).expect("loads");
    let manifest = model.manifest();
    assert_eq!(manifest.weights, trained.weights);
    assert_ne!(manifest.calibration, trained.calibration);
    assert_eq!(manifest.metrics.accuracy, trained.metrics.accuracy);
    let unseen: Vec<_> =
        manifest.unseen_corpora.iter().map(|unseen| (&unseen.corpus[..], unseen.clips)).collect();
    assert_eq!(unseen, [("nEMO", 2), ("EMOVO", 1)]);
}

#[test]
fn every_model_trains_on_every_split() {
    let folder = Folder::new("every");
    for model in ModelEntry::names() {
        let recipe = Recipe { epochs: 1, ..short(model) };
        let mut job = folder.job(model, model, recipe);
        job.split.kind = SplitKind::Speaker;
        let trained = train(job, &Log::default()).expect("trained");
        assert_eq!(trained.manifest.training.split, "speaker");
        assert!(
            trained.manifest.weights.bytes <= 2_500_000,
            "{model}: {} bytes",
            trained.manifest.weights.bytes
        );
        let model = Model::load(folder.0.join(model).join("model"), &Device::flex()).expect("loads");
        assert!(Analyzer::new(model).analyze_file(&folder.read("corpus/1001_IEO_ANG_XX.wav")).is_ok());
    }
    let mut job = folder.job("baseline", "corpus", short("baseline"));
    job.split.kind = SplitKind::Corpus(Corpus::CremaD);
    let refused = train(job, &Log::default());
    assert!(matches!(refused, Err(TrainError::TooFew { train: 0, validation: 0, test: 120 })));
}

#[test]
fn a_report_leaves_out_models_that_are_not_there() {
    let folder = Folder::new("report");
    let recipe = Recipe { epochs: 1, ..short("baseline") };
    let mut job = folder.job("baseline", "baseline", recipe);
    job.output = folder.0.join("models/baseline");
    train(job, &Log::default()).expect("trained");
    let output = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
        .current_dir(&folder.0)
        .args(["report", "--data", "corpus", "--models", "models", "--held-out", "held-out"])
        .output()
        .expect("started");
    let complaint = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{complaint}");
    assert!(complaint.contains("There are no weights of voice for the random split"), "{complaint}");
    let report = String::from_utf8(folder.read("REPORT.md")).expect("text");
    assert!(report.contains("| Baseline | 49.02 | **"), "{report}");
    assert!(!report.contains("## Robustness"), "{report}");
    assert!(folder.read("models/baseline/CARD.md").starts_with(b"# baseline"));
    assert_eq!(folder.read("held-out/speaker.json"), b"{}");
}

#[test]
fn training_begins_with_a_finished_model() {
    let folder = Folder::new("begins");
    let trained =
        train(folder.job("voice", "run", short("voice")), &Log::default()).expect("trained").manifest;
    let still = Recipe { epochs: 1, learning_rate: 1e-12, ..short("voice") };
    for unfreeze_last in [0, 2] {
        let run = format!("still-{unfreeze_last}");
        let job = folder.job("voice", &run, Recipe { unfreeze_last, ..still.clone() });
        let again = train(Job { init_from: Some(folder.0.join("run/model")), ..job }, &Log::default());
        let again = again.expect("trained").manifest;
        assert_eq!(again.normalise, trained.normalise, "{run}");
        assert_eq!(again.metrics.confusion, trained.metrics.confusion, "{run}");
    }
    let job =
        Job { init_from: Some(folder.0.join("run/model")), ..folder.job("mfcc1", "other", short("mfcc1")) };
    let refused = train(job, &Log::default()).err().expect("refused").to_string();
    assert!(refused.contains("run/model holds voice, whose classifier is not that of mfcc1"), "{refused}");
}

#[test]
fn unfrozen_layers_learn_and_all_others_stay() {
    let folder = Folder::new("tuned");
    let log = Log::default();
    let job = folder.job("voice", "run", tuning(8));
    let test = job.split.divide(&job.utterances).test;
    let clips: Vec<_> = test.iter().map(|&index| job.utterances[index].clone()).collect();
    let manifest = train(job, &log).expect("trained").manifest;
    let losses: Vec<f32> = log.epochs.into_inner().expect("not poisoned").iter().map(|e| e.1).collect();
    assert!(losses[7] < 0.9 * losses[0], "{losses:?}");
    assert_eq!(manifest.training.unfrozen_layers, 1);

    let tensors = |folder: PathBuf, description: &Description| {
        in_floats(description.read_tensors(&folder).expect("read"))
    };
    let before = in_floats(Source::open(&folder.0.join("encoder")).expect("readable").tensors);
    let encoder = manifest.front_end.encoder().expect("there is one");
    let after = tensors(folder.0.join("run/model"), encoder);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, before) in &before {
        let distances = before.values.iter().zip(&after[name].values).map(|(a, b)| (a - b).abs());
        let distance = distances.fold(0.0, f32::max);
        let largest = before.values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        if name.starts_with("encoder.layers.2.") && !name.ends_with("k_proj.bias") {
            assert!(distance > 1e-2 * largest, "{name} did not move: {distance}");
        } else if !name.starts_with("encoder.layers.2.") {
            assert!(distance <= 1e-6 * largest, "{name} moved by {distance}");
        }
    }

    // What the description states is what the files do.
    let mut analyzer =
        Analyzer::new(Model::load(folder.0.join("run/model"), &Device::flex()).expect("loads"));
    let right = clips.iter().filter(|clip| {
        let bytes = fs::read(&clip.path).expect("there");
        analyzer.analyze_file(&bytes).expect("read").prediction.label() == clip.emotion
    });
    assert_eq!(right.count(), (manifest.metrics.accuracy * clips.len() as f32).round() as usize);
}

/// A software Vulkan device will do.
#[cfg(feature = "webgpu")]
#[test]
fn every_network_trains_on_a_gpu_as_on_the_cpu() {
    let folder = Folder::new("gpu");
    // Adam's first steps have the sign of each gradient, be it rounding alone: at full size, they lead to different networks.
    let twenty_steps =
        |recipe: Recipe| Recipe { epochs: 1, batch: 4, learning_rate: recipe.learning_rate / 30.0, ..recipe };
    let networks = ["baseline", "mfcc1", "mfcc2", "ms", "voice"].map(|model| (model, short(model)));
    for (model, recipe) in networks.into_iter().chain([("voice", tuning(1))]) {
        let [cpu, gpu] =
            [("cpu", Device::flex()), ("gpu", Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))].map(
                |(run, device)| {
                    let log = Log::default();
                    let run = format!("{model}-{}-{run}", recipe.unfreeze_last);
                    train(Job { device, ..folder.job(model, &run, twenty_steps(recipe.clone())) }, &log)
                        .expect("trained");
                    log.losses.into_inner().expect("not poisoned")
                },
            );
        assert!(cpu.len() >= 20 && cpu.len() == gpu.len(), "{model}: {} steps", cpu.len());
        let off = cpu.iter().zip(&gpu).map(|(cpu, gpu)| (cpu - gpu).abs()).fold(0.0, f32::max);
        assert!(off <= 1e-3, "{model}: a loss is off by {off}: {cpu:?} and {gpu:?}");
    }
}

#[test]
fn layers_that_are_not_there_cannot_learn() {
    let folder = Folder::new("untunable");
    let refused = train(folder.job("baseline", "run", tuning(1)), &Log::default());
    assert!(matches!(refused, Err(TrainError::NothingToUnfreeze)));
    let recipe = Recipe { unfreeze_last: 4, ..tuning(1) };
    let refused = train(folder.job("hubert", "run", recipe), &Log::default());
    assert!(matches!(refused, Err(TrainError::TooManyUnfrozen { unfrozen: 4, layers: 3 })));
}

#[test]
fn a_run_that_was_killed_ends_as_an_unbroken_one() {
    assert_resumes("mfcc2", || Recipe { epochs: 3, ..short("mfcc2") });
}

#[test]
fn fine_tuning_that_was_killed_ends_as_an_unbroken_one() {
    assert_resumes("voice", || tuning(3));
}

/// Weights are drawn from one generator for the whole process.
#[test]
fn trainings_at_once_do_not_take_each_others_numbers() {
    let folder = Folder::new("at-once");
    let recipe = || Recipe { epochs: 1, ..short("baseline") };
    let runs = ["a", "b", "c", "d", "e", "f"];
    std::thread::scope(|scope| {
        for run in runs {
            let job = folder.job("baseline", run, recipe());
            scope.spawn(move || train(job, &Log::default()).expect("trained"));
        }
    });
    let weights = |run: &str| folder.read(&format!("{run}/model/model.safetensors"));
    assert!(runs[1..].iter().all(|run| weights(run) == weights("a")));
}

/// The same seed gives the same weights to the last bit, in one piece or killed in the middle of an epoch and resumed.
fn assert_resumes(model: &str, recipe: impl Fn() -> Recipe) {
    let folder = Folder::new(&format!("resumes-{model}"));
    train(folder.job(model, "whole", recipe()), &Log::default()).expect("trained");

    let job = folder.job(model, "killed", recipe());
    let killed = std::thread::spawn(move || {
        let _ = train(job, &Log { dies_after: Some(1), ..Log::default() });
    });
    assert!(killed.join().is_err(), "the watcher panics in the second epoch");
    // What a kill leaves while a checkpoint is being saved.
    let partial = folder.0.join("killed/checkpoints/partial");
    fs::create_dir_all(&partial).expect("created");
    fs::write(partial.join("network.bpk"), b"half").expect("written");

    let rest = Log::default();
    train(folder.job(model, "killed", recipe()), &rest).expect("resumed");
    let epochs: Vec<usize> = rest.epochs.into_inner().expect("not poisoned").iter().map(|e| e.0).collect();
    assert_eq!(epochs, [2, 3], "the first epoch is not done twice");
    for file in ["model/model.safetensors", "model/model.json"] {
        assert!(
            folder.read(&format!("whole/{file}")) == folder.read(&format!("killed/{file}")),
            "{file} differs"
        );
    }

    let other = Recipe { learning_rate: 0.5, ..recipe() };
    let refused = train(folder.job(model, "killed", other), &Log::default());
    assert!(matches!(refused, Err(TrainError::Run(RunError::OtherRun { .. }))));
}

#[test]
fn unreadable_recordings_are_reported_and_left_out() {
    let folder = Folder::new("unreadable");
    let broken = folder.0.join("corpus/1001_IEO_ANG_XX.wav");
    fs::write(&broken, b"no recording").expect("written");
    let log = Log::default();
    let trained = train(folder.job("baseline", "run", short("baseline")), &log).expect("trained");
    assert_eq!(log.unreadable.into_inner().expect("not poisoned"), [broken]);
    assert_eq!(trained.manifest.metrics.clips + trained.manifest.training.clips, 113);
}

#[test]
fn too_few_clips_are_refused() {
    let folder = Folder::new("few");
    let refused = train(folder.job("mfcc1", "run", Recipe { batch: 128, ..short("mfcc1") }), &Log::default());
    assert!(matches!(refused, Err(TrainError::TooFew { train: 90, validation: 6, test: 24 })));
}

/// The networks that take speaker references learn, the same each time, and only from clips that train.
#[test]
fn speaker_networks_learn_from_other_clips_of_the_speaker() {
    let folder = Folder::new("speaker");
    train(folder.job("voice", "run", short("voice")), &Log::default()).expect("trained");
    let model_folder = folder.0.join("run/model");
    let model = Model::load(&model_folder, &Device::flex()).expect("loads");
    let utterances = corpus::find(&folder.0.join("corpus"), &Corpus::ALL).expect("found").utterances;
    let recipe = ModelEntry::find("voice").expect("known").recipe("speaker").expect("usable");
    let recipe = Recipe { epochs: 4, batch: 8, waveform: None, ..recipe };
    let architecture = SpeakerNetworkConfig::new(model.manifest().front_end.rows()).with_hidden([8, 6]);
    let job = SpeakerJob {
        model: &model,
        folder: &model_folder,
        utterances: &utterances,
        leave_one_out: true,
        architecture: architecture.clone(),
        recipe: &recipe,
        cache: &folder.0.join("cache"),
    };
    let steps = Mutex::new(0);
    let fit = || {
        let networks =
            train_speaker(&job, &Log::default(), &|_, of| *steps.lock().expect("not poisoned") = of);
        let networks = networks.expect("trained");
        assert!(networks.without.is_empty(), "there are no other corpora");
        QuantizedSpeakerNetwork::new(&networks.network, &architecture).expect("numbers")
    };
    let rounded = fit();
    assert_eq!(rounded.bytes, fit().bytes);
    assert_eq!(*steps.lock().expect("not poisoned"), 2 * 4 * (90 / 8));

    let mut manifest = model.manifest().clone();
    let head = |weights| SpeakerHead {
        architecture: architecture.clone(),
        calibration: Calibration::default(),
        weights,
        other_corpora: Vec::new(),
        voices: None,
        scores: Vec::new(),
    };
    manifest.speaker = Some(head(rounded.file()));
    fs::write(model_folder.join("speaker-0123abcd.safetensors"), "of an older head").expect("written");
    save_speaker_head(&manifest, &rounded, &model_folder).expect("written");
    assert!(!model_folder.join("speaker-0123abcd.safetensors").exists());
    let mut analyzer = Analyzer::new(Model::load(&model_folder, &Device::flex()).expect("loads"));
    let sample = fs::read("www/samples/1053_IEO_ANG_HI.opus").expect("there");
    let alone = analyzer.analyze_file(&sample).expect("readable");
    analyzer.set_speaker(alone.enrolment().cloned()).expect("its own");
    let conditioned = analyzer.reclassify(alone.clone());
    assert_ne!(conditioned.output, alone.output);
    assert_eq!(conditioned.speaker.expect("conditioned on a reference").unconditioned, alone.prediction);
}
