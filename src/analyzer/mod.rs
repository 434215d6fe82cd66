//! The whole way from a file or a microphone to a reading, as the command line and the browser both use it.

mod follow;
#[cfg(target_arch = "wasm32")]
mod on_gpu;
mod section;

#[cfg(target_arch = "wasm32")]
pub use on_gpu::Trial;

pub use follow::WindowReferences;

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
use crate::model::{
    Calibration, Conditioning, Emotion, Model, Output, Prediction, SpeakerReference, SpeakerReferenceError,
};
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
    /// How that became probabilities.
    pub calibration: Calibration,
    /// The features of the clip, before normalisation.
    pub features: FeatureMap,
    /// The [features that the model decided by](Model::represent).
    pub representation: Vec<f32>,
    enrolment: Option<SpeakerReference>,
    /// The reference that it was read beside, if it was.
    pub speaker: Option<Beside>,
    /// Length of the whole recording, in seconds.
    pub duration_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// What ran the model.
    pub backend: Backend,
    /// How long each stage took.
    pub timings: Timings,
}

/// The speaker reference that a clip was read beside.
#[derive(Debug, Clone)]
pub struct Beside {
    /// The reference.
    pub reference: SpeakerReference,
    /// What the model says of the clip alone.
    pub alone: Prediction,
    /// How the logits of that became probabilities.
    pub calibration: Calibration,
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

/// A label with how much weight it can bear, and what is behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Opinion {
    /// The likeliest emotion.
    pub label: Emotion,
    /// How much weight that can bear.
    pub certainty: Certainty,
    /// A probability for each emotion.
    pub probabilities: BTreeMap<Emotion, f32>,
}

impl Opinion {
    fn new(prediction: &Prediction, calibration: &Calibration, has_no_speech: bool) -> Self {
        let (label, probability) = prediction.ranked()[0];
        let certainty = match probability {
            _ if has_no_speech => Certainty::NoSpeech,
            p if p >= calibration.likely_from => Certainty::Likely,
            p if p >= calibration.unsure_below => Certainty::Leaning,
            _ => Certainty::Unsure,
        };
        Self { label, certainty, probabilities: Emotion::ALL.map(|e| (e, prediction.of(e))).into() }
    }
}

/// What other clips of the speaker a reading rests on, and what they changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeakerSummary {
    /// How many they are.
    pub clips: u64,
    /// How long together, in seconds of what the model heard.
    pub seconds: f32,
    /// How varied they are: [`SpeakerReference::variance`].
    pub variance: Option<f32>,
    /// The emotion that most of it seems to be, if that is not neutral: more varied clips would help.
    pub one_sided: Option<Emotion>,
    /// What is said of the recording alone.
    pub alone: Opinion,
}

/// An [`Analysis`] in plain words and numbers: the JSON of the command line and of the browser.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What is said.
    #[serde(flatten)]
    pub opinion: Opinion,
    /// Beside which other clips of the speaker, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<SpeakerSummary>,
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
    /// The speaker reference of this recording, to be merged with those of others; none without speech, or of models that take no
    /// reference.
    pub fn enrolment(&self) -> Option<&SpeakerReference> {
        self.enrolment.as_ref().filter(|_| !self.quality.has_no_speech())
    }

    /// Sums up what `model` said.
    pub fn report(&self, model: &Model) -> Report {
        let opinion =
            |prediction, calibration| Opinion::new(prediction, calibration, self.quality.has_no_speech());
        let notes = self.quality.notes.iter();
        Report {
            opinion: opinion(&self.prediction, &self.calibration),
            speaker: self.speaker.as_ref().map(|Beside { reference, alone, calibration }| SpeakerSummary {
                clips: reference.clips(),
                seconds: reference.seconds(),
                variance: reference.variance(),
                one_sided: reference.one_sided(),
                alone: opinion(alone, calibration),
            }),
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
    speaker: Option<(SpeakerReference, Conditioning)>,
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
            speaker: None,
            #[cfg(target_arch = "wasm32")]
            gpu: None,
        }
    }

    /// The model that reads.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What a recording may ask for before it is refused.
    pub fn limits(&self) -> &Limits {
        &self.read.limits
    }

    /// Reads one channel of the recordings that follow, or all of them mixed.
    pub fn choose_channel(&mut self, channel: Option<Channel>) {
        self.read.channel = channel;
    }

    /// Reads the recordings that follow beside other clips of their speaker, or each by itself. A reference of no clips is none.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] when the model takes none, or the reference belongs to another.
    pub fn set_speaker(&mut self, reference: Option<SpeakerReference>) -> Result<(), SpeakerReferenceError> {
        self.speaker = match reference {
            Some(reference) => {
                self.model.condition_on(&reference)?.map(|conditioning| (reference, conditioning))
            }
            None => None,
        };
        Ok(())
    }

    /// The same, to be looked into.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    /// The same, to be explained, with what it is given of the speaker reference.
    pub fn model_and_conditioning(&mut self) -> (&mut Model, Option<&Conditioning>) {
        (&mut self.model, self.speaker.as_ref().map(|(_, conditioning)| conditioning))
    }

    /// How logits become probabilities of what is read now.
    pub fn calibration(&self) -> &Calibration {
        self.model.calibration(self.speaker.as_ref().map(|(_, conditioning)| conditioning))
    }

    /// Reads what was read before again, beside the speaker reference that is set now.
    pub fn read_again(&self, analysis: Analysis) -> Analysis {
        let start = Instant::now();
        let Said { output, calibration, prediction, speaker } =
            self.said(&analysis.features, &analysis.representation);
        let timings = Timings { model_ms: ms_since(start), ..analysis.timings };
        Analysis { output, calibration, prediction, speaker, timings, ..analysis }
    }

    /// What the model says of a clip, beside the speaker reference if one is set.
    fn said(&self, features: &FeatureMap, representation: &[f32]) -> Said {
        let alone = self.model.output_of(features, representation);
        let calibration = *self.model.calibration(None);
        let prediction = calibration.predict(&alone);
        let Some((reference, conditioning)) = &self.speaker else {
            return Said { output: alone, calibration, prediction, speaker: None };
        };
        let beside = Beside { reference: reference.clone(), alone: prediction, calibration };
        let output = self.model.conditioned_output(&self.model.normalised(features), &alone, conditioning);
        let calibration = *self.model.calibration(Some(conditioning));
        Said { prediction: calibration.predict(&output), output, calibration, speaker: Some(beside) }
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
        let representation = self.model.represent(features.clone());
        let Said { output, calibration, prediction, speaker } = self.said(&features, &representation);
        let alone = speaker.as_ref().map_or(&prediction, |beside| &beside.alone);
        let enrolment = self.model.enrol(&features, clip.recorded().len(), alone);
        let timings = Timings { decode_ms, quality_ms, features_ms, model_ms: ms_since(start) };
        Analysis {
            clip,
            quality,
            prediction,
            output,
            calibration,
            features,
            representation,
            enrolment,
            speaker,
            duration_s,
            source_rate_hz,
            backend,
            timings,
        }
    }
}

/// What a model says of a clip.
struct Said {
    output: Output,
    calibration: Calibration,
    prediction: Prediction,
    speaker: Option<Beside>,
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
