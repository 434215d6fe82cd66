//! The whole way from a file or a microphone to a reading, as the command line and the browser both use it.

mod follow;
#[cfg(target_arch = "wasm32")]
mod on_gpu;
mod section;

#[cfg(target_arch = "wasm32")]
pub use on_gpu::Trial;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;

use serde::Serialize;
use web_time::Instant;

use section::Section;

use crate::audio::{
    self, AudioError, Channel, Clip, Limits, Quality, QualityNote, ReadOptions, Recording, SAMPLE_RATE_HZ,
    Stream,
};
use crate::features::{FeatureMap, FrontEnd, FrontEndSettings};
use crate::model::{Emotion, Model, Output, Prediction};
#[cfg(target_arch = "wasm32")]
use crate::nn::encoders::GpuInference;

/// Milliseconds that each stage took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timings {
    /// Decoding, mixing and resampling.
    pub decode_ms: f64,
    /// Measuring the input's quality.
    pub quality_ms: f64,
    /// Making the feature map.
    pub features_ms: f64,
    /// Running the network.
    pub model_ms: f64,
}

/// What ran the part of a model that takes the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The processor.
    Cpu,
    /// The browser's graphics processor.
    WebGpu,
}

/// Everything that is said of one recording.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The part of the recording that the model heard.
    pub clip: Clip,
    /// Whether the recording was fit to be read.
    pub quality: Quality,
    /// A probability for each emotion.
    pub prediction: Prediction,
    /// What the model said, before calibration.
    pub output: Output,
    /// The [features that the model decided by](Model::represent).
    pub representation: Vec<f32>,
    /// Length of the whole recording, in seconds.
    pub duration_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// What ran the model.
    pub backend: Backend,
    /// How long each stage took.
    pub timings: Timings,
}

/// How much weight a reading can bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The likeliest emotion has a probability with which the model is right at least two times in three.
    Likely,
    /// It leads, but another may well be right.
    Leaning,
    /// No emotion has a probability from which the model is right more often than wrong: it cannot tell.
    Unsure,
    /// There is no speech to read an emotion from.
    NoSpeech,
}

/// An [`Analysis`] in plain words and numbers: the JSON of the command line and of the browser.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The likeliest emotion.
    pub label: Emotion,
    /// How much weight that can bear.
    pub certainty: Certainty,
    /// A probability for each emotion.
    pub probabilities: BTreeMap<Emotion, f32>,
    /// What a person should know about the recording.
    pub notes: Vec<Note>,
    /// Measurements behind the notes.
    pub quality: Quality,
    /// Name of the model.
    pub model: String,
    /// What ran it.
    pub backend: Backend,
    /// Length of the whole recording, in seconds.
    pub duration_s: f32,
    /// Where in the recording the model began to listen, in seconds.
    pub heard_from_s: f32,
    /// Seconds it heard; the rest of its clip is silence.
    pub heard_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// How long each stage took.
    pub timings: Timings,
}

/// A quality note in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Its stable name.
    pub code: audio::QualityNote,
    /// What is wrong and what to do about it.
    pub advice: Cow<'static, str>,
}

impl Note {
    /// Puts a note in words, of a recording from which so many seconds are missing.
    pub fn new(code: audio::QualityNote, lost_s: f32) -> Self {
        Self { code, advice: code.advice(lost_s) }
    }
}

impl Analysis {
    /// Sums up what `model` said.
    pub fn report(&self, model: &Model) -> Report {
        let (label, probability) = self.prediction.ranked()[0];
        let calibration = model.manifest().calibration;
        let certainty = match probability {
            _ if self.quality.has_no_speech() => Certainty::NoSpeech,
            p if p >= calibration.likely_from => Certainty::Likely,
            p if p >= calibration.unsure_below => Certainty::Leaning,
            _ => Certainty::Unsure,
        };
        let notes = self.quality.notes.iter();
        Report {
            label,
            certainty,
            probabilities: Emotion::ALL.map(|e| (e, self.prediction.of(e))).into(),
            notes: notes.map(|&code| Note::new(code, self.quality.lost_s)).collect(),
            quality: self.quality.clone(),
            model: model.manifest().name.clone(),
            backend: self.backend,
            duration_s: self.duration_s,
            heard_from_s: self.clip.start_s(),
            heard_s: self.clip.recorded().len() as f32 / SAMPLE_RATE_HZ as f32,
            source_rate_hz: self.source_rate_hz,
            timings: self.timings,
        }
    }
}

/// Seconds of a recording beyond which it is said that a part of it was read.
const EXCERPT_S: f32 = 30.0;

/// A recording ready to be read: what the model is to hear of it.
#[derive(Debug, Clone)]
pub struct Prepared {
    clip: Clip,
    quality: Quality,
    duration_s: f32,
    source_rate_hz: u32,
    decode_ms: f64,
    quality_ms: f64,
}

/// A model with everything it needs to read recordings, one after the other.
pub struct Analyzer {
    model: Model,
    picture: FrontEnd,
    read: ReadOptions,
    #[cfg(target_arch = "wasm32")]
    gpu: Option<GpuInference>,
}

impl Analyzer {
    /// Wraps a model. Recordings are decoded only as far as its clip reaches from their first speech on.
    pub fn new(model: Model) -> Self {
        let picture = FrontEnd::new(&FrontEndSettings::log_mel()).expect("the paper's settings");
        Self {
            model,
            picture,
            read: ReadOptions::default(),
            #[cfg(target_arch = "wasm32")]
            gpu: None,
        }
    }

    /// The model that reads.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The same, to be explained.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    /// What a recording may ask for before it is refused.
    pub fn limits(&self) -> &Limits {
        &self.read.limits
    }

    /// Reads one channel of the recordings that follow, or all of them mixed.
    pub fn choose_channel(&mut self, channel: Option<Channel>) {
        self.read.channel = channel;
    }

    /// Reads an audio file from its bytes.
    ///
    /// # Errors
    /// [`AudioError`] when the file cannot be decoded.
    pub fn analyze_file(&mut self, bytes: &[u8]) -> Result<Analysis, AudioError> {
        let prepared = self.prepare_file(bytes)?;
        Ok(self.read(prepared))
    }

    /// Reads raw mono samples at any supported rate.
    ///
    /// # Errors
    /// [`AudioError`] when there are none, or the rate is unsupported.
    pub fn analyze_samples(&mut self, samples: &[f32], rate_hz: u32) -> Result<Analysis, AudioError> {
        let prepared = self.prepare_samples(samples, rate_hz)?;
        Ok(self.read(prepared))
    }

    /// The part of an audio file that the model is to hear.
    ///
    /// # Errors
    /// As of [`Analyzer::analyze_file`].
    pub fn prepare_file(&self, bytes: &[u8]) -> Result<Prepared, AudioError> {
        let start = Instant::now();
        self.read.limits.check_size(bytes.len())?;
        let stream = Stream::open(Box::new(Cursor::new(bytes)), &self.read.limits)?;
        let mut stream = stream.with_channel(self.read.channel);
        let section = Section::find(self.reach(), || stream.next_block())?;
        Ok(self.prepare(section, |samples| stream.recording(samples), start))
    }

    /// The part of raw samples that the model is to hear.
    ///
    /// # Errors
    /// As of [`Analyzer::analyze_samples`].
    pub fn prepare_samples(&self, samples: &[f32], rate_hz: u32) -> Result<Prepared, AudioError> {
        let start = Instant::now();
        let recording = audio::from_samples(samples, rate_hz, &self.read)?;
        self.prepare_recording(recording, start)
    }

    /// The part of the raw samples of several channels that the model is to hear.
    ///
    /// # Errors
    /// As of [`audio::from_channels`].
    pub fn prepare_channels(&self, channels: &[&[f32]], rate_hz: u32) -> Result<Prepared, AudioError> {
        let start = Instant::now();
        let recording = audio::from_channels(channels, rate_hz, &self.read)?;
        self.prepare_recording(recording, start)
    }

    /// The log-mel picture of a clip, for people to look at.
    pub fn picture(&mut self, clip: &Clip) -> FeatureMap {
        self.picture.extract(clip.samples())
    }

    /// Reads what the model is to hear.
    pub fn read(&mut self, prepared: Prepared) -> Analysis {
        let start = Instant::now();
        let features = self.model.features(&prepared.clip);
        self.conclude(prepared, features, start, Backend::Cpu)
    }

    fn prepare_recording(&self, mut recording: Recording, start: Instant) -> Result<Prepared, AudioError> {
        let mut samples = Some(std::mem::take(&mut recording.samples));
        let section = Section::find(self.reach(), || Ok(samples.take()))?;
        Ok(self.prepare(section, |samples| Recording { samples, ..recording }, start))
    }

    /// Samples of a recording that a clip can reach.
    fn reach(&self) -> usize {
        (self.model.manifest().clip.reach_s() * SAMPLE_RATE_HZ as f32).ceil() as usize
    }

    fn prepare(
        &self,
        section: Section,
        recording: impl FnOnce(Vec<f32>) -> Recording,
        start: Instant,
    ) -> Prepared {
        let decode_ms = ms_since(start);
        let start = Instant::now();
        let Section { samples, start: first, speech, is_given_up } = section;
        let recording = recording(samples);
        let clip = Clip::cut(&recording.samples, &self.model.manifest().clip, &speech);
        let mut quality = Quality::measure(&recording, &clip.range(), &speech);
        let clip = clip.of_part(first);
        if is_given_up {
            quality.notes.push(QualityNote::SearchedInPart);
        } else if recording.duration_s > EXCERPT_S && !speech.is_empty() {
            quality.notes.push(QualityNote::Excerpt);
        }
        Prepared {
            clip,
            quality,
            duration_s: recording.duration_s,
            source_rate_hz: recording.source_rate_hz,
            decode_ms,
            quality_ms: ms_since(start),
        }
    }

    /// Says what the model makes of features, which took since `start` to make.
    fn conclude(
        &self,
        prepared: Prepared,
        features: FeatureMap,
        start: Instant,
        backend: Backend,
    ) -> Analysis {
        let Prepared { clip, quality, duration_s, source_rate_hz, decode_ms, quality_ms } = prepared;
        let features_ms = ms_since(start);
        let start = Instant::now();
        let distance = self.model.distance(&features);
        let representation = self.model.represent(features);
        let output = Output { logits: self.model.decide(&representation), distance };
        let prediction = self.model.manifest().calibration.predict(&output);
        let timings = Timings { decode_ms, quality_ms, features_ms, model_ms: ms_since(start) };
        Analysis {
            clip,
            quality,
            prediction,
            output,
            representation,
            duration_s,
            source_rate_hz,
            backend,
            timings,
        }
    }
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
