//! Training encoders without labels from end to end, on a small made-up corpus.

#![cfg(not(target_arch = "wasm32"))]

use std::f32::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use burn::tensor::Device;
use sottovoce::corpus;
use sottovoce::encoder::{Input, Precision, Source, SpeechEncoder, save};
use sottovoce::pretrain::{
    EncoderKind, PretrainError, PretrainJob, PretrainRecipe, PretrainWatcher, Step, pretrain,
};
use sottovoce::run::RunError;

/// A network that trains in seconds.
const NETWORK: &str = "
[network]
conv_channels = [8, 8, 8, 16, 16, 16, 32]
width = 32
layers = 2
heads = 4
hidden = 64
position_kernel = 8
position_groups = 4

[changes]
speed = [1.0, 1.0]
mixed = 0.1
mixed_snr_db = [10.0, 20.0]
noisy = 0.3
noisy_snr_db = [20.0, 30.0]
roomy = 0.1
roomy_s = [0.1, 0.2]
";
const UNITS: &str = "[objective]\nkind = 'units'\nclusters = 8\nunmasked = 0.5";
const CONTRAST: &str = "[objective]\nkind = 'contrast'\ngroups = 2\nentries = 8\nwidth = 16\ndiversity = 0.1";
const MASK: &str = "[mask]\nstarts = 0.1\nlength = 4";
const NO_MASK: &str = "[mask]\nstarts = 0.0\nlength = 4";

fn recipe(kind: EncoderKind, steps: usize, mask: &str, objective: &str) -> PretrainRecipe {
    let head = "batch = 8\ncrop_s = 1.0\nlearning_rate = 3e-3\nrising = 0.1\nweight_decay = 0.01";
    PretrainRecipe::parse(&format!("steps = {steps}\n{head}\n{NETWORK}\n{mask}\n{objective}"), kind)
        .expect("sound")
}

struct Folder(PathBuf);

impl Folder {
    /// Twenty actors who sing the same seven tones in turn, each from a tone of their own on, a tenth of a second a tone.
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sottovoce-{}-{name}", std::process::id()));
        let corpus = folder.join("corpus");
        fs::create_dir_all(&corpus).expect("created");
        for actor in 0..20_usize {
            for (place, emotion) in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"].into_iter().enumerate() {
                // Files of the same bytes would be one recording.
                let level = 0.3 + 0.001 * (6 * actor + place) as f32;
                let samples = (0..32_000).map(|n| {
                    let pitch = 200.0 * 1.5_f32.powi(((n / 1_600 + actor) % 7) as i32);
                    (level * (TAU * pitch * n as f32 / 16_000.0).sin() * 32_767.0) as i16
                });
                let mut wav = b"RIFF\x24\xfa\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\0\xfa\0\0".to_vec();
                samples.for_each(|sample| wav.extend_from_slice(&sample.to_le_bytes()));
                fs::write(corpus.join(format!("{}_IEO_{emotion}_XX.wav", 1001 + actor)), wav)
                    .expect("written");
            }
        }
        Self(folder)
    }

    fn job(&self, kind: EncoderKind, run: &str, recipe: PretrainRecipe) -> PretrainJob {
        PretrainJob {
            kind,
            name: "small".to_owned(),
            utterances: corpus::find(&self.0.join("corpus"), &corpus::Corpus::PAPER)
                .expect("found")
                .utterances,
            recipe,
            teacher: None,
            init_from: None,
            seed: 1,
            device: Device::flex(),
            run: self.0.join(run),
        }
    }

    /// A teacher with random weights.
    fn teacher(&self) -> PathBuf {
        let (published, imported) = (self.0.join("published"), self.0.join("teacher"));
        fs::create_dir_all(&published).expect("created");
        let fixture = |file: &str| format!("tests/fixtures/encoders/hubert_base.{file}");
        fs::copy(fixture("config.json"), published.join("config.json")).expect("copied");
        fs::copy(fixture("weights.safetensors"), published.join("model.safetensors")).expect("copied");
        let source = Source::open(&published).expect("readable").checked().expect("complete");
        save(source, Precision::F32, &imported).expect("written");
        imported
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Remembers the log, and dies at a step, as if killed.
#[derive(Default)]
struct Log {
    steps: Mutex<Vec<Step>>,
    dies_at: Option<usize>,
}

impl Log {
    fn ends(self) -> [Step; 2] {
        let steps = self.steps.into_inner().expect("not poisoned");
        [steps[0].clone(), steps[steps.len() - 1].clone()]
    }
}

impl PretrainWatcher for Log {
    fn read(&self, _total: usize) {}

    fn unreadable(&self, path: &Path, reason: &str) {
        panic!("{}: {reason}", path.display());
    }

    fn started(&self, _seconds: f32) {}

    fn stepped(&self, step: usize, _steps: usize, _loss: f32) {
        assert!(self.dies_at != Some(step), "killed");
    }

    fn logged(&self, step: &Step) {
        self.steps.lock().expect("not poisoned").push(step.clone());
    }
}

#[test]
fn hubert_predicts_the_units_of_masked_frames() {
    let folder = Folder::new("hubert");
    let log = Log::default();
    let first = recipe(EncoderKind::HuBert, 160, MASK, UNITS);
    let description = pretrain(folder.job(EncoderKind::HuBert, "run", first), &log).expect("trained");
    let [first, last] = log.ends();
    assert!(last.loss < 0.7 * first.loss, "{first:?}, {last:?}");
    assert!(last.metrics.accuracy > last.metrics.chance + 0.2, "{last:?}");
    assert!(last.metrics.used > 0.8, "{last:?}");
    // The written encoder can be loaded, and encodes.
    let mut encoder = SpeechEncoder::load(&folder.0.join("run/encoder"), &Device::flex()).expect("loads");
    assert_eq!(encoder.encode(&vec![0.1; 16_000]).last_hidden_state.dims(), [1, 49, 32]);
    assert_eq!(description.network.layers(), 2);

    // The second round: units of the hidden states of the first one's last layer.
    let units = "[objective]\nkind = 'units'\nstate = 2\nclusters = 8\nunmasked = 0.5";
    let second = recipe(EncoderKind::HuBert, 160, MASK, units);
    let log = Log::default();
    let teacher = Some(folder.0.join("run/encoder"));
    pretrain(PretrainJob { teacher, ..folder.job(EncoderKind::HuBert, "second", second) }, &log)
        .expect("trained");
    let [first, last] = log.ends();
    assert!(last.loss < 0.7 * first.loss, "{first:?}, {last:?}");
    assert!(last.metrics.accuracy > last.metrics.chance + 0.2, "{last:?}");
}

#[test]
fn wav2vec2_identifies_masked_frames_and_uses_its_codebooks() {
    let folder = Folder::new("wav2vec2");
    let log = Log::default();
    let recipe = recipe(EncoderKind::Wav2Vec2, 240, MASK, CONTRAST);
    pretrain(folder.job(EncoderKind::Wav2Vec2, "run", recipe), &log).expect("trained");
    let [first, last] = log.ends();
    assert!(last.loss < first.loss, "{first:?}, {last:?}");
    assert!(last.metrics.accuracy > last.metrics.chance + 0.2, "{last:?}");
    assert!(last.metrics.used > 0.5, "{last:?}");
}

#[test]
fn a_student_learns_the_hidden_states_of_its_teacher() {
    let folder = Folder::new("states");
    let objective = "[objective]\nkind = 'states'\nstates = [1, 2]";
    let recipe = recipe(EncoderKind::Wav2Vec2, 120, NO_MASK, objective);
    let log = Log::default();
    let job =
        PretrainJob { teacher: Some(folder.teacher()), ..folder.job(EncoderKind::Wav2Vec2, "run", recipe) };
    pretrain(job, &log).expect("trained");
    let [first, last] = log.ends();
    assert!(last.loss < 0.7 * first.loss, "{first:?}, {last:?}");
    assert!(last.metrics.accuracy > 0.3, "{last:?}");
}

#[test]
fn convolutions_learn_the_input_of_the_first_layer_and_layers_are_frozen() {
    let folder = Folder::new("ears");
    let train = |steps, run, init_from| {
        let mut recipe = recipe(EncoderKind::Wav2Vec2, steps, NO_MASK, "[objective]\nkind = 'first_state'");
        (recipe.network.init_mel_bands, recipe.network.normalize) = (true, false);
        let log = Log::default();
        let job = PretrainJob {
            teacher: Some(folder.teacher()),
            init_from,
            ..folder.job(EncoderKind::Wav2Vec2, run, recipe)
        };
        let description = pretrain(job, &log).expect("trained");
        assert_eq!(description.input, Input::Samples { normalise: false });
        log.ends()
    };
    train(1, "once", None);
    let once = folder.0.join("once/encoder");
    let [first, last] = train(120, "more", Some(once.clone()));
    assert!(last.loss < 0.7 * first.loss && last.metrics.accuracy > 0.3, "{first:?}, {last:?}");
    let weights = |folder: &Path| Source::open(folder).expect("readable").tensors;
    let (before, after) = (weights(&once), weights(&folder.0.join("more/encoder")));
    assert!(before.keys().any(|name| name.contains("layers.1.")));
    for (name, before) in &before {
        let is_trained = !name.starts_with("encoder.layers")
            && name != "encoder.layer_norm.weight"
            && name != "encoder.layer_norm.bias";
        assert_eq!(*before != after[name], is_trained, "{name}");
    }
}

#[test]
fn a_run_that_was_killed_ends_with_the_same_encoder() {
    let folder = Folder::new("killed");
    let recipe = recipe(EncoderKind::Wav2Vec2, 110, MASK, CONTRAST);
    let job = |run| folder.job(EncoderKind::Wav2Vec2, run, recipe.clone());
    let whole = pretrain(job("whole"), &Log::default()).expect("trained");
    let dying = Log { dies_at: Some(105), ..Log::default() };
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pretrain(job("killed"), &dying)));
    assert!(killed.is_err());
    let log = Log::default();
    let resumed = pretrain(job("killed"), &log).expect("resumed");
    assert_eq!(resumed.shards, whole.shards);
    assert_eq!(log.ends()[0].step, 110, "it goes on after step 100");

    let other = folder.job(EncoderKind::Wav2Vec2, "killed", PretrainRecipe { batch: 9, ..recipe.clone() });
    let refused = pretrain(other, &Log::default()).expect_err("another run's checkpoints");
    assert!(matches!(refused, PretrainError::Run(RunError::OtherRun { .. })), "{refused}");
}

#[test]
fn the_recipes_that_come_along_are_sound() {
    let files: Vec<_> = fs::read_dir("recipes/pretrain").expect("there").flatten().collect();
    assert!(files.len() >= 3);
    for file in files {
        let text = fs::read_to_string(file.path()).expect("readable");
        let kind =
            if text.contains("\nkind = \"units\"") { EncoderKind::HuBert } else { EncoderKind::Wav2Vec2 };
        PretrainRecipe::parse(&text, kind)
            .unwrap_or_else(|error| panic!("{}: {error}", file.path().display()));
    }
}

#[test]
fn mistakes_are_named() {
    let folder = Folder::new("mistakes");
    let text = format!(
        "steps = 1\nbatch = 8\ncrop_s = 1.0\nlearning_rate = 3e-3\nrising = 0.1\nweight_decay = 0.0\n{NETWORK}\n{MASK}\n{UNITS}"
    );
    let complaint = |text: &str, kind| PretrainRecipe::parse(text, kind).expect_err("refused").to_string();
    assert!(complaint(&text, EncoderKind::Wav2Vec2).contains("hubert learns from units"));
    assert!(
        complaint(&text.replace("heads = 4", "heads = 5"), EncoderKind::HuBert).contains("must divide width")
    );
    assert!(
        complaint(&text.replace("starts = 0.1", "starts = 0.0"), EncoderKind::HuBert)
            .contains("nothing to predict")
    );
    assert!(complaint(&text.replace("batch", "bach"), EncoderKind::HuBert).contains("bach"));

    let units = "[objective]\nkind = 'units'\nstate = 3\nclusters = 8\nunmasked = 0.5";
    let with_teacher = recipe(EncoderKind::HuBert, 1, MASK, units);
    let none = pretrain(folder.job(EncoderKind::HuBert, "run", with_teacher.clone()), &Log::default());
    assert!(none.expect_err("no teacher").to_string().contains("--teacher"));
    let job = folder.job(EncoderKind::HuBert, "run", recipe(EncoderKind::HuBert, 1, MASK, UNITS));
    let job = PretrainJob { init_from: Some(folder.teacher()), ..job };
    let other_sizes = pretrain(job, &Log::default()).expect_err("another width").to_string();
    assert!(other_sizes.contains("it must be as wide"), "{other_sizes}");
    let needless = PretrainJob {
        teacher: Some(folder.teacher()),
        ..folder.job(EncoderKind::HuBert, "run", recipe(EncoderKind::HuBert, 1, MASK, UNITS))
    };
    assert!(
        pretrain(needless, &Log::default()).expect_err("no use").to_string().contains("leave --teacher out")
    );
}

#[test]
fn the_command_line_trains_an_encoder_that_a_model_can_use() {
    let folder = Folder::new("command");
    let text = format!(
        "steps = 2\nbatch = 4\ncrop_s = 1.0\nlearning_rate = 3e-3\nrising = 0.1\nweight_decay = 0.0\n{NETWORK}\n{MASK}\n{UNITS}"
    );
    fs::write(folder.0.join("tiny.toml"), text).expect("written");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
            .current_dir(&folder.0)
            .args(arguments)
            .output()
            .expect("started");
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        assert!(output.status.success(), "{printed}");
        printed
    };
    let printed = run(&["pretrain", "hubert", "--data", "corpus", "--recipe", "tiny.toml"]);
    assert!(
        printed.contains("step 2: loss") && printed.contains("runs/pretrain-tiny-1/encoder"),
        "{printed}"
    );
    run(&["encoder", "import", "runs/pretrain-tiny-1/encoder", "--name", "tiny"]);
    let printed =
        run(&["train", "hubert", "--encoder", "encoders/tiny", "--data", "corpus", "--epochs", "1"]);
    assert!(printed.contains("hubert: accuracy"), "{printed}");
}
