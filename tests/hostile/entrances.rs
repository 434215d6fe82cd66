//! The entry points for untrusted bytes, each as one function: the targets of fuzzing, through which the inputs it found are
//! replayed. None may panic, hang or allocate without limit on any input.

use std::io::Cursor;

use burn::tensor::Device;
use serde_json::{Value, json};
use sottovoce::analyzer::Analyzer;
use sottovoce::audio::{self, Limits, ReadOptions, Stream};
use sottovoce::custom::CustomClassifier;
use sottovoce::encoder::{self, Description, Precision, Source, SpeechEncoder};
use sottovoce::explain::{self, EmbeddingVariance, Occlusion};
use sottovoce::features::{FrontEndSettings, Steps};
use sottovoce::model::{
    Calibration, Emotion, Manifest, Model, Prediction, QuantizedSpeakerNetwork, SpeakerHead, SpeakerReference,
};
use sottovoce::nn::classifiers::SpeakerNetworkConfig;
use sottovoce::nn::weights::{StoredParameters, WeightsFile};

const WHISPER: &[u8] = include_bytes!("../fixtures/encoders/whisper.weights.safetensors");
const WHISPER_CONFIG: &str = include_str!("../fixtures/encoders/whisper.config.json");
const WAV2VEC2: &[u8] = include_bytes!("../fixtures/encoders/wav2vec2_base.weights.safetensors");
const WAV2VEC2_CONFIG: &str = include_str!("../fixtures/encoders/wav2vec2_base.config.json");
const HUBERT_CONFIG: &str = include_str!("../fixtures/encoders/hubert_base.config.json");
const OWN: &str = include_str!("../fixtures/own-model/model.json");
const OWN_WEIGHTS: &[u8] = include_bytes!("../fixtures/own-model/model.safetensors");
/// One description of each other architecture.
const DESCRIPTIONS: [&str; 5] = [
    OWN,
    include_str!("../../models/shipped/baseline/model.json"),
    include_str!("../../models/shipped/mfcc1/model.json"),
    include_str!("../../models/shipped/ms/model.json"),
    include_str!("../../models/shipped/hubert-small/model.json"),
];

/// Maximum seconds of a recording that are streamed.
const FOLLOWED_S: usize = 20;

/// An entry point with its name, which is that of its fuzzing target.
pub type Entrance = (&'static str, fn(&[u8]));

/// All entry points.
pub const ENTRANCES: [Entrance; 8] = [
    ("decode", decode),
    ("safetensors", safetensors),
    ("pytorch", pytorch),
    ("encoder_config", encoder_config),
    ("manifest", manifest),
    ("messages", messages),
    ("speaker_reference", speaker_reference),
    ("custom", custom),
];

/// An audio file, decoded and streamed.
pub fn decode(bytes: &[u8]) {
    let options = ReadOptions { stop_after_s: Some(10.0), ..ReadOptions::default() };
    if let Ok(recording) = audio::decode(bytes, &options) {
        assert!(recording.samples.iter().all(|sample| sample.is_finite()), "samples are numbers");
    }
    let Ok(mut stream) = Stream::open(Box::new(Cursor::new(bytes.to_vec())), &Limits::default()) else {
        return;
    };
    let mut followed = 0;
    while let Ok(Some(block)) = stream.next_block() {
        assert!(block.iter().all(|sample| sample.is_finite()), "samples are numbers");
        followed += block.len();
        if followed > FOLLOWED_S * audio::SAMPLE_RATE_HZ as usize {
            break;
        }
    }
}

/// The weights of an encoder in safetensors, which are imported.
pub fn safetensors(bytes: &[u8]) {
    let Ok(tensors) = encoder::read_weights("model.safetensors", bytes.to_vec()) else { return };
    import(WHISPER_CONFIG, None, tensors);
}

/// The weights of an encoder in PyTorch's format, which are imported.
pub fn pytorch(bytes: &[u8]) {
    let Ok(tensors) = encoder::read_weights("pytorch_model.bin", bytes.to_vec()) else { return };
    import(HUBERT_CONFIG, None, tensors);
}

/// The configuration of an encoder, in the format of Hugging Face and in ours.
pub fn encoder_config(bytes: &[u8]) {
    let Some((&kind, bytes)) = bytes.split_first() else { return };
    let of =
        |weights: &[u8]| encoder::read_weights("model.safetensors", weights.to_vec()).expect("a fixture");
    match kind % 4 {
        0 => import(&edited(WHISPER_CONFIG, bytes), None, of(WHISPER)),
        1 => import(&edited(WAV2VEC2_CONFIG, bytes), None, of(WAV2VEC2)),
        2 => import(
            WAV2VEC2_CONFIG,
            Some(&edited(r#"{"do_normalize": true, "sampling_rate": 16000}"#, bytes)),
            of(WAV2VEC2),
        ),
        _ => {
            let ours: Value = serde_json::from_str(OWN).expect("a fixture");
            let ours = edited(&ours["front_end"]["encoder"].to_string(), bytes);
            if let Ok(description) = Description::parse(&ours) {
                encode(&description, of(WAV2VEC2));
            }
        }
    }
}

/// A `model.json` with consistent files.
pub fn manifest(bytes: &[u8]) {
    let Some((&which, bytes)) = bytes.split_first() else { return };
    let text = edited(DESCRIPTIONS[usize::from(which) % DESCRIPTIONS.len()], bytes);
    let Ok(mut manifest) = Manifest::parse(&text) else { return };
    manifest.weights = WeightsFile::describe("model.safetensors", OWN_WEIGHTS);
    let mut text: Value = serde_json::to_value(&manifest).expect("plain data");
    if let Some(shards) = text.pointer_mut("/front_end/encoder/shards") {
        *shards = json!([WeightsFile::describe("encoder.safetensors", WAV2VEC2)]);
    }
    let bytes_of = |file: &WeightsFile| {
        Ok(if file.file == "encoder.safetensors" { WAV2VEC2 } else { OWN_WEIGHTS }.to_vec())
    };
    if let Ok(model) = Model::from_parts(&text.to_string(), bytes_of, &Device::flex()) {
        let analysis =
            Analyzer::new(model).analyze_samples(&sweep(20_000), audio::SAMPLE_RATE_HZ).expect("a sound");
        assert!(analysis.prediction.probabilities().iter().all(|share| (0.0..=1.0).contains(share)));
    }
}

/// Messages of the page to the engine in its worker, in any order and with any numbers.
pub fn messages(bytes: &[u8]) {
    let bytes_of = |file: &WeightsFile| {
        Ok(if file.file == "model.safetensors" { OWN_WEIGHTS } else { WAV2VEC2 }.to_vec())
    };
    let mut own: Value = serde_json::from_str(OWN).expect("a fixture");
    own["front_end"]["encoder"]["shards"] = json!([WeightsFile::describe("encoder.safetensors", WAV2VEC2)]);
    let model = Model::from_parts(&own.to_string(), bytes_of, &Device::flex()).expect("a fixture");
    let mut analyzer = Analyzer::new(model);
    let mut given = Given(bytes);
    for _ in 0..8 {
        let Some(kind) = given.byte() else { return };
        let samples = given.samples();
        match kind % 9 {
            0 => drop(analyzer.analyze_samples(&samples, given.number() as u32)),
            1 => drop(
                analyzer
                    .prepare_window(&samples, given.number() as u32)
                    .map(|window| window.map(|window| analyzer.read(window))),
            ),
            2 => drop(analyzer.limits().check_size(given.number())),
            3 => {
                let whole = Prediction::from(given.seven());
                let without = (0..given.number() % 30).map(|_| Prediction::from(given.seven())).collect();
                drop(Occlusion { whole, without }.explain(Emotion::ALL[given.number() % 7], given.number()));
            }
            4 => drop(explain::parts(given.number())),
            5 => {
                let to = given.number().min(samples.len());
                explain::occluded_output(analyzer.model_mut(), &samples, given.number().min(to)..to, None);
            }
            6 => {
                let clips: Vec<Vec<f32>> = (0..given.number() % 5).map(|_| given.samples()).collect();
                drop(EmbeddingVariance::of(clips.iter().map(|clip| &clip[..])));
            }
            7 => {
                let settings = FrontEndSettings {
                    n_fft: given.number(),
                    hop_length: given.number(),
                    n_mels: given.number(),
                    n_mfcc: given.number(),
                    ..FrontEndSettings::mfcc_rms()
                };
                drop(Steps::of(&samples, &settings, given.number()));
            }
            _ => drop(explain::explain(analyzer.model_mut(), &samples, None, None)),
        }
    }
}

/// A speaker reference from a file.
pub fn speaker_reference(bytes: &[u8]) {
    let mut analyzer = Analyzer::new(with_speaker_head());
    let none = analyzer.model().empty_reference().expect("it takes references");
    let Ok(mut reference) = SpeakerReference::parse(&edited(&none.to_json(), bytes)) else { return };
    let _ = reference.merge(&reference.clone());
    let _ = reference.remove(&none);
    let _ = (reference.seconds(), reference.variance(), reference.one_sided());
    assert_eq!(SpeakerReference::parse(&reference.to_json()).as_ref(), Ok(&reference));
    if analyzer.set_speaker(Some(reference)).is_ok() {
        let analysis = analyzer.analyze_samples(&sweep(20_000), audio::SAMPLE_RATE_HZ).expect("a sound");
        assert!(analysis.prediction.probabilities().iter().all(|share| (0.0..=1.0).contains(share)));
    }
}

/// A classifier for classes of a user's own.
pub fn custom(bytes: &[u8]) {
    let mut analyzer = Analyzer::new(with_speaker_head());
    let none = analyzer.model().empty_reference().expect("it takes references").to_json();
    let clip = |number: usize| {
        let mut clip: Value = serde_json::from_str(&none).expect("a reference");
        clip["clips"] = json!(1);
        clip["samples"] = json!(audio::SAMPLE_RATE_HZ);
        for (row, value) in clip["embedding"].as_array_mut().expect("values").iter_mut().enumerate() {
            *value = json!((row * 7 + number * 13) % 2048);
        }
        SpeakerReference::parse(&clip.to_string()).expect("a clip")
    };
    let clips: Vec<_> = (0..10).map(|number| (number % 2, clip(number))).collect();
    let names = ["one", "two"].map(str::to_owned);
    let trained = CustomClassifier::train(&names, &clips).expect("five clips of each");
    let Ok(classifier) = CustomClassifier::parse(&edited(&trained.to_json(), bytes)) else { return };
    assert_eq!(CustomClassifier::parse(&classifier.to_json()).as_ref(), Ok(&classifier));
    if let Ok(shares) = classifier.predict(&clips[0].1) {
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
    }
    if analyzer.set_custom(Some(classifier)).is_ok() {
        analyzer.analyze_samples(&sweep(20_000), audio::SAMPLE_RATE_HZ).expect("a sound").report();
    }
}

/// A model with a speaker head.
fn with_speaker_head() -> Model {
    let encoder_rows = Manifest::parse(OWN).expect("a fixture").front_end.rows();
    let architecture = SpeakerNetworkConfig::new(encoder_rows).with_hidden([4, 3]);
    let network = architecture.init(&Device::flex());
    let rounded = QuantizedSpeakerNetwork::new(&network, &architecture).expect("numbers");
    let mut own: Value = serde_json::from_str(OWN).expect("a fixture");
    own["front_end"]["encoder"]["shards"] = json!([WeightsFile::describe("encoder.safetensors", WAV2VEC2)]);
    own["speaker"] = json!(SpeakerHead {
        architecture,
        calibration: Calibration::default(),
        weights: rounded.file(),
        other_corpora: Vec::new(),
        voices: None,
        scores: Vec::new(),
    });
    let bytes_of = |file: &WeightsFile| {
        Ok(match file.file.as_str() {
            "model.safetensors" => OWN_WEIGHTS.to_vec(),
            "encoder.safetensors" => WAV2VEC2.to_vec(),
            _ => rounded.bytes.clone(),
        })
    };
    Model::from_parts(&own.to_string(), bytes_of, &Device::flex()).expect("a fixture")
}

/// Imports an encoder, reads it back and encodes samples with it.
fn import(config: &str, preprocessor: Option<&str>, tensors: StoredParameters) {
    let source = Source::from_published("hostile", config, preprocessor, tensors).and_then(Source::checked);
    let Ok(source) = source else { return };
    let mut files = Vec::new();
    let packed = encoder::pack(source, Precision::Int8, |_, bytes| {
        files.push(bytes);
        Ok::<(), encoder::EncoderError>(())
    });
    let description = packed.expect("nothing refuses the files");
    let mut files = files.into_iter();
    let tensors = description.tensors(|_| Ok::<_, encoder::EncoderError>(files.next().expect("one a shard")));
    encode(&description, tensors.expect("as written"));
}

fn encode(description: &Description, tensors: StoredParameters) {
    if let Ok(mut encoder) = SpeechEncoder::new(description, tensors, &Device::flex()) {
        encoder.encode(&sweep(3_000));
    }
}

fn sweep(samples: usize) -> Vec<f32> {
    (0..samples).map(|i| 0.3 * (i as f32 * i as f32 * 2e-6).sin()).collect()
}

/// A JSON text with edits from `bytes`, so that most of it stays valid: each edit is the index of a value and its replacement.
/// Bytes that begin with 0 are the text themselves.
fn edited(text: &str, bytes: &[u8]) -> String {
    let mut given = Given(bytes);
    if given.byte() == Some(0) {
        return String::from_utf8_lossy(given.0).into_owned();
    }
    let mut value: Value = serde_json::from_str(text).expect("a fixture");
    for _ in 0..6 {
        let Some(kind) = given.byte() else { break };
        let number = given.number();
        let with = match kind % 10 {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(0),
            3 => json!(number),
            4 => json!(-(number as f64)),
            5 => json!(f32::from_bits(number as u32)),
            6 => json!(1e300),
            7 => json!("gelu"),
            8 => json!([]),
            _ => json!([number, number]),
        };
        let mut places = count(&value);
        let place = given.number() % places.max(1);
        places = 0;
        replace(&mut value, place, &mut places, with);
    }
    value.to_string()
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

fn replace(value: &mut Value, place: usize, at: &mut usize, with: Value) {
    if *at == place {
        *at += 1;
        *value = with;
        return;
    }
    *at += 1;
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, place, at, with.clone())),
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| replace(value, place, at, with.clone()))
        }
        _ => {}
    }
}

/// A source of values from bytes.
struct Given<'a>(&'a [u8]);

impl Given<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// Any number, smaller ones more often; 0 at the end.
    fn number(&mut self) -> usize {
        let wide = self.byte().unwrap_or(0);
        (0..usize::from(wide) % 9).fold(0, |number, _| number << 8 | usize::from(self.byte().unwrap_or(0)))
    }

    fn float(&mut self) -> f32 {
        f32::from_bits((0..4).fold(0, |bits, _| bits << 8 | u32::from(self.byte().unwrap_or(0))))
    }

    fn seven(&mut self) -> [f32; 7] {
        std::array::from_fn(|_| self.float())
    }

    /// Samples of at most half a second, which repeat a few given numbers.
    fn samples(&mut self) -> Vec<f32> {
        let count = self.number() % 8_000;
        let numbers: Vec<f32> = (0..self.byte().unwrap_or(0) % 16).map(|_| self.float()).collect();
        numbers.into_iter().cycle().take(count).collect()
    }
}
