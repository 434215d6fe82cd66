//! The pipeline from a file or a microphone to a prediction, for the command line and the browser alike.

mod follow;
mod on_gpu;
#[cfg(not(target_arch = "wasm32"))]
mod path;
mod section;
#[cfg(not(target_arch = "wasm32"))]
mod shared;

pub use follow::WindowReferences;
pub use on_gpu::Trial;
#[cfg(not(target_arch = "wasm32"))]
pub use path::FileError;
#[cfg(not(target_arch = "wasm32"))]
pub use shared::SharedAnalyzer;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;

#[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
use burn::cubecl::future::block_on;
use serde::{Deserialize, Serialize};
use symphonia::core::io::MediaSource;
use web_time::Instant;

use section::Section;

use crate::audio::{
    self, AudioError, Channel, Clip, Limits, Quality, QualityNote, ReadOptions, Recording, SAMPLE_RATE_HZ,
    Stream,
};
use crate::custom::{CustomClassifier, CustomError};
use crate::features::{FeatureMap, FrontEnd, FrontEndSettings};
#[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
use crate::model::GpuModel;
use crate::model::{
    Calibration, Conditioning, Emotion, Model, Output, Prediction, SpeakerReference, SpeakerReferenceError,
};
#[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
use crate::nn::gpu::GpuError;

/// Duration of each stage in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Timings {
    /// Decoding, mixing and resampling.
    pub decode_ms: f64,
    /// Measuring the quality of the input.
    pub quality_ms: f64,
    /// Extracting the features.
    pub features_ms: f64,
    /// Running the network.
    pub model_ms: f64,
}

/// The device that ran the most expensive part of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The CPU.
    Cpu,
    /// The GPU, through WebGPU in the browser and through its counterparts elsewhere.
    WebGpu,
}

/// The complete analysis of a recording.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// Name of the model.
    pub model: String,
    /// The part of the recording that was classified.
    pub clip: Clip,
    /// The quality of the recording.
    pub quality: Quality,
    /// A probability for each emotion.
    pub prediction: Prediction,
    /// The output of the model, before calibration.
    pub output: Output,
    /// The calibration of the probabilities.
    pub calibration: Calibration,
    /// The features of the clip, before normalisation.
    pub features: FeatureMap,
    /// The embedding of the clip.
    pub embedding: Vec<f32>,
    enrolment: Option<SpeakerReference>,
    custom: Option<BTreeMap<String, f32>>,
    /// The reference that the prediction is conditioned on, if there is one.
    pub speaker: Option<Conditioned>,
    /// Length of the whole recording, in seconds.
    pub duration_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// The device that ran the model.
    pub backend: Backend,
    /// Duration of each stage.
    pub timings: Timings,
}

/// The speaker reference that a prediction is conditioned on.
#[derive(Debug, Clone)]
pub struct Conditioned {
    /// The reference.
    pub reference: SpeakerReference,
    /// The unconditioned prediction.
    pub unconditioned: Prediction,
    /// The calibration of the unconditioned prediction.
    pub calibration: Calibration,
}

/// How reliable a prediction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The likeliest emotion has a probability at which the model is right at least two times in three.
    Likely,
    /// It leads, but another may well be right.
    Leaning,
    /// No emotion has a probability at which the model is right more often than wrong.
    Unsure,
    /// There is no speech.
    NoSpeech,
}

impl Certainty {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Likely, Self::Leaning, Self::Unsure, Self::NoSpeech];

    /// Its name in JSON and CSV.
    pub fn name(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::Leaning => "leaning",
            Self::Unsure => "unsure",
            Self::NoSpeech => "no-speech",
        }
    }
}

/// A label with its certainty and the probabilities behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Opinion {
    /// The likeliest emotion.
    pub label: Emotion,
    /// How reliable the label is.
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

/// The opinion of a [`CustomClassifier`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct CustomOpinion {
    /// The likeliest class.
    pub label: String,
    /// How reliable the label is.
    pub certainty: Certainty,
    /// A probability for each class.
    pub probabilities: BTreeMap<String, f32>,
}

impl CustomOpinion {
    /// Probabilities were calibrated on few clips, of which the classifier knew the others: no thresholds are fitted.
    const LIKELY_FROM: f32 = 2.0 / 3.0;
    const UNSURE_BELOW: f32 = 0.5;

    fn new(probabilities: &BTreeMap<String, f32>) -> Self {
        let (label, &probability) =
            probabilities.iter().max_by(|a, b| a.1.total_cmp(b.1)).expect("there are classes");
        let certainty = match probability {
            p if p >= Self::LIKELY_FROM => Certainty::Likely,
            p if p >= Self::UNSURE_BELOW => Certainty::Leaning,
            _ => Certainty::Unsure,
        };
        Self { label: label.clone(), certainty, probabilities: probabilities.clone() }
    }
}

/// The reference of the speaker that a prediction is conditioned on, and the unconditioned opinion.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct SpeakerSummary {
    /// Number of clips in the reference.
    pub clips: u64,
    /// Their total length, in seconds of audio that was encoded.
    pub seconds: f32,
    /// Variance of the clips' embeddings: 1 is that of the training set. None of one clip.
    pub variance: Option<f32>,
    /// The prevailing emotion of a one-sided reference, if that is not neutral: more varied clips would help.
    pub one_sided: Option<Emotion>,
    /// The unconditioned opinion.
    #[serde(rename = "alone")]
    pub unconditioned: Opinion,
}

/// A summary of an analysis: the JSON of the command line and of the browser.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(hashmap_as_object, missing_as_null))]
pub struct Report {
    /// The label with its certainty and probabilities.
    #[serde(flatten)]
    pub opinion: Opinion,
    /// The reference that the opinion is conditioned on, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<SpeakerSummary>,
    /// The opinion among classes of the user's own, if there are any; none without speech.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomOpinion>,
    /// Notes on the recording for the user.
    pub notes: Vec<Note>,
    /// Measurements behind the notes.
    pub quality: Quality,
    /// Name of the model.
    pub model: String,
    /// The device that ran it.
    pub backend: Backend,
    /// Length of the whole recording, in seconds.
    pub duration_s: f32,
    /// Start of the clip in the recording, in seconds.
    #[serde(rename = "heard_from_s")]
    pub clip_start_s: f32,
    /// Length of the clip in seconds, without padding.
    #[serde(rename = "heard_s")]
    pub clip_s: f32,
    /// Sample rate of the source, in Hz.
    pub source_rate_hz: u32,
    /// Duration of each stage.
    pub timings: Timings,
}

/// A quality note with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Note {
    /// Its stable name.
    pub code: audio::QualityNote,
    /// What is wrong and what to do about it.
    pub advice: Cow<'static, str>,
}

impl Note {
    /// The text of a note on a recording from which `lost_s` seconds are missing.
    pub fn new(code: audio::QualityNote, lost_s: f32) -> Self {
        Self { code, advice: code.advice(lost_s) }
    }
}

impl Analysis {
    /// The speaker reference of this recording, to be merged with those of others; `None` without speech, or for models that take no
    /// reference.
    pub fn enrolment(&self) -> Option<&SpeakerReference> {
        self.enrolment.as_ref().filter(|_| !self.quality.has_no_speech())
    }

    /// Summarizes the analysis.
    pub fn report(&self) -> Report {
        let opinion =
            |prediction, calibration| Opinion::new(prediction, calibration, self.quality.has_no_speech());
        let notes = self.quality.notes.iter();
        Report {
            opinion: opinion(&self.prediction, &self.calibration),
            speaker: self.speaker.as_ref().map(|Conditioned { reference, unconditioned, calibration }| {
                SpeakerSummary {
                    clips: reference.clips(),
                    seconds: reference.seconds(),
                    variance: reference.variance(),
                    one_sided: reference.one_sided(),
                    unconditioned: opinion(unconditioned, calibration),
                }
            }),
            custom: self.custom.as_ref().filter(|_| !self.quality.has_no_speech()).map(CustomOpinion::new),
            notes: notes.map(|&code| Note::new(code, self.quality.lost_s)).collect(),
            quality: self.quality.clone(),
            model: self.model.clone(),
            backend: self.backend,
            duration_s: self.duration_s,
            clip_start_s: self.clip.start_s(),
            clip_s: self.clip.recorded().len() as f32 / SAMPLE_RATE_HZ as f32,
            source_rate_hz: self.source_rate_hz,
            timings: self.timings,
        }
    }
}

/// Length in seconds above which a recording gets the note that only a part of it was analysed.
const EXCERPT_S: f32 = 30.0;

/// A recording prepared for feature extraction: its clip and quality.
#[derive(Debug, Clone)]
pub struct Prepared {
    clip: Clip,
    quality: Quality,
    duration_s: f32,
    source_rate_hz: u32,
    decode_ms: f64,
    quality_ms: f64,
}

/// Is called with the error when a GPU stops.
#[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
type OnGpuFailure = Box<dyn FnOnce(&GpuError) + Send>;

/// A model with everything it needs to analyse recordings.
pub struct Analyzer {
    model: Model,
    log_mel: FrontEnd,
    read: ReadOptions,
    speaker: Option<(SpeakerReference, Conditioning)>,
    custom: Option<CustomClassifier>,
    #[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
    gpu: Option<(GpuModel, OnGpuFailure)>,
}

impl Analyzer {
    /// Wraps a model. Recordings are decoded only as far as its clip reaches from the start of the first speech.
    pub fn new(model: Model) -> Self {
        let log_mel = FrontEnd::new(&FrontEndSettings::log_mel()).expect("the paper's settings");
        Self {
            model,
            log_mel,
            read: ReadOptions::default(),
            speaker: None,
            custom: None,
            #[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
            gpu: None,
        }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The limits above which recordings are rejected.
    pub fn limits(&self) -> &Limits {
        &self.read.limits
    }

    /// Selects one channel of subsequent recordings, or a mix of all.
    pub fn choose_channel(&mut self, channel: Option<Channel>) {
        self.read.channel = channel;
    }

    /// Conditions subsequent predictions on a reference of the speaker, or on none. A reference without clips counts as none.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] if the model takes none, or the reference belongs to another model.
    pub fn set_speaker(&mut self, reference: Option<SpeakerReference>) -> Result<(), SpeakerReferenceError> {
        self.speaker = match reference {
            Some(reference) => {
                self.model.condition_on(&reference)?.map(|conditioning| (reference, conditioning))
            }
            None => None,
        };
        Ok(())
    }

    /// Also classifies subsequent clips by a custom classifier, or by none.
    ///
    /// # Errors
    /// [`CustomError`] if it belongs to another model.
    pub fn set_custom(&mut self, classifier: Option<CustomClassifier>) -> Result<(), CustomError> {
        if let Some(classifier) = &classifier {
            let model = self.model.manifest();
            classifier.check_model(&model.name, &model.weights.sha256, model.front_end.rows())?;
        }
        self.custom = classifier;
        Ok(())
    }

    /// Runs the model's networks on a GPU from now on. If that stops, `on_failure` gets the error, and the CPU is used in its
    /// place; each analysis says what it ran on.
    #[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
    pub fn use_gpu(&mut self, model: GpuModel, on_failure: impl FnOnce(&GpuError) + Send + 'static) {
        self.gpu = Some((model, Box::new(on_failure)));
    }

    /// The model, for explanations.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    /// The model with its current conditioning on a speaker reference, for explanations.
    pub fn model_and_conditioning(&mut self) -> (&mut Model, Option<&Conditioning>) {
        (&mut self.model, self.speaker.as_ref().map(|(_, conditioning)| conditioning))
    }

    /// The calibration of the current predictions.
    pub fn calibration(&self) -> &Calibration {
        self.model.calibration(self.speaker.as_ref().map(|(_, conditioning)| conditioning))
    }

    /// Classifies an analysed recording again, conditioned on the current speaker reference.
    pub fn reclassify(&self, analysis: Analysis) -> Analysis {
        let start = Instant::now();
        let Classification { output, calibration, prediction, speaker } =
            self.classify(&analysis.features, self.model.output_of(&analysis.features, &analysis.embedding));
        let timings = Timings { model_ms: ms_since(start), ..analysis.timings };
        Analysis { output, calibration, prediction, speaker, timings, ..analysis }
    }

    /// Classifies a clip from its features and its unconditioned output, conditioned on the speaker reference if one is set.
    fn classify(&self, features: &FeatureMap, unconditioned: Output) -> Classification {
        let calibration = *self.model.calibration(None);
        let prediction = calibration.predict(&unconditioned);
        let Some((reference, conditioning)) = &self.speaker else {
            return Classification { output: unconditioned, calibration, prediction, speaker: None };
        };
        let speaker = Conditioned { reference: reference.clone(), unconditioned: prediction, calibration };
        let output =
            self.model.conditioned_output(&self.model.normalised(features), &unconditioned, conditioning);
        let calibration = *self.model.calibration(Some(conditioning));
        Classification {
            prediction: calibration.predict(&output),
            output,
            calibration,
            speaker: Some(speaker),
        }
    }

    /// Analyses an audio file from its bytes.
    ///
    /// # Errors
    /// [`AudioError`] if the file cannot be decoded.
    pub fn analyze_file(&mut self, bytes: &[u8]) -> Result<Analysis, AudioError> {
        let prepared = self.prepare_file(bytes)?;
        Ok(self.read(prepared))
    }

    /// Analyses an audio file of any size, of which it reads what it needs; the same bits as of its bytes.
    ///
    /// # Errors
    /// As [`Analyzer::analyze_file`].
    pub fn analyze_source(&mut self, source: impl MediaSource) -> Result<Analysis, AudioError> {
        let prepared = self.prepare_source(source, Instant::now())?;
        Ok(self.read(prepared))
    }

    /// Analyses raw mono samples at any supported rate.
    ///
    /// # Errors
    /// [`AudioError`] if there are none, or the rate is not supported.
    pub fn analyze_samples(&mut self, samples: &[f32], rate_hz: u32) -> Result<Analysis, AudioError> {
        let prepared = self.prepare_samples(samples, rate_hz)?;
        Ok(self.read(prepared))
    }

    /// Prepares the clip of an audio file.
    ///
    /// # Errors
    /// As [`Analyzer::analyze_file`].
    pub fn prepare_file(&self, bytes: &[u8]) -> Result<Prepared, AudioError> {
        let start = Instant::now();
        self.read.limits.check_size(bytes.len())?;
        self.prepare_source(Cursor::new(bytes), start)
    }

    fn prepare_source(&self, source: impl MediaSource, start: Instant) -> Result<Prepared, AudioError> {
        let stream = Stream::open(Box::new(source), &self.read.limits)?;
        let mut stream = stream.with_channel(self.read.channel);
        let section = Section::find(self.reach(), || stream.next_block())?;
        Ok(self.prepare(section, |samples| stream.recording(samples), start))
    }

    /// Prepares the clip of raw mono samples.
    ///
    /// # Errors
    /// As [`Analyzer::analyze_samples`].
    pub fn prepare_samples(&self, samples: &[f32], rate_hz: u32) -> Result<Prepared, AudioError> {
        let start = Instant::now();
        let recording = audio::from_samples(samples, rate_hz, &self.read)?;
        self.prepare_recording(recording, start)
    }

    /// Prepares the clip of the raw samples of several channels.
    ///
    /// # Errors
    /// As [`audio::from_channels`].
    pub fn prepare_channels(&self, channels: &[&[f32]], rate_hz: u32) -> Result<Prepared, AudioError> {
        let start = Instant::now();
        let recording = audio::from_channels(channels, rate_hz, &self.read)?;
        self.prepare_recording(recording, start)
    }

    /// Computes the log-mel spectrogram of a clip, for visualization.
    pub fn log_mel(&mut self, clip: &Clip) -> FeatureMap {
        self.log_mel.extract(clip.samples())
    }

    /// Extracts the features of a prepared clip and classifies it.
    pub fn read(&mut self, prepared: Prepared) -> Analysis {
        #[cfg(all(feature = "webgpu", not(target_arch = "wasm32")))]
        if let Some((mut gpu, on_failure)) = self.gpu.take() {
            let (analysis, error) = block_on(self.read_on(&mut gpu, prepared));
            match error {
                None => self.gpu = Some((gpu, on_failure)),
                Some(error) => on_failure(&error),
            }
            return analysis;
        }
        let start = Instant::now();
        let features = self.model.features(&prepared.clip);
        let features_ms = ms_since(start);
        let embedding = self.model.embed(features.clone());
        let output = self.model.output_of(&features, &embedding);
        let networks = NetworkOutput { features, features_ms, embedding, output, backend: Backend::Cpu };
        self.complete(prepared, networks, start)
    }

    fn prepare_recording(&self, mut recording: Recording, start: Instant) -> Result<Prepared, AudioError> {
        let mut samples = Some(std::mem::take(&mut recording.samples));
        let section = Section::find(self.reach(), || Ok(samples.take()))?;
        Ok(self.prepare(section, |samples| Recording { samples, ..recording }, start))
    }

    /// Number of samples at the start of a recording that a clip may use.
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

    /// Completes an analysis, whose extraction of features began at `start`.
    fn complete(&self, prepared: Prepared, networks: NetworkOutput, start: Instant) -> Analysis {
        let Prepared { clip, quality, duration_s, source_rate_hz, decode_ms, quality_ms } = prepared;
        let NetworkOutput { features, features_ms, embedding, output, backend } = networks;
        let Classification { output, calibration, prediction, speaker } = self.classify(&features, output);
        let unconditioned = speaker.as_ref().map_or(&prediction, |speaker| &speaker.unconditioned);
        let enrolment = self.model.enrol(&features, clip.recorded().len(), unconditioned);
        let custom = self.custom.as_ref().zip(enrolment.as_ref()).map(|(classifier, enrolment)| {
            let probabilities = classifier.predict(enrolment).expect("of this model");
            classifier.names().map(str::to_owned).zip(probabilities).collect()
        });
        let timings = Timings { decode_ms, quality_ms, features_ms, model_ms: ms_since(start) - features_ms };
        Analysis {
            model: self.model.manifest().name.clone(),
            clip,
            quality,
            prediction,
            output,
            calibration,
            features,
            embedding,
            enrolment,
            custom,
            speaker,
            duration_s,
            source_rate_hz,
            backend,
            timings,
        }
    }
}

/// What the networks say of a clip, without the speaker's other clips.
struct NetworkOutput {
    features: FeatureMap,
    features_ms: f64,
    embedding: Vec<f32>,
    output: Output,
    backend: Backend,
}

/// The result of classifying a clip.
struct Classification {
    output: Output,
    calibration: Calibration,
    prediction: Prediction,
    speaker: Option<Conditioned>,
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_certainties_are_those_in_json() {
        for certainty in Certainty::ALL {
            assert_eq!(serde_json::to_value(certainty).expect("a word"), certainty.name());
        }
    }
}
