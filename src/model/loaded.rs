//! A loaded model.

use burn::tensor::{Device, Tensor, TensorData};

use super::manifest::load_network;
use super::speaker_reference::Owner;
use super::{
    Accelerator, Calibration, Classified, Conditioning, Extractor, Manifest, ModelError, Output, Prediction,
    SpeakerReference, SpeakerReferenceError, distance,
};
use crate::audio::Clip;
use crate::features::FeatureMap;
use crate::nn::classifiers::{Classifier, SpeakerNetwork};
use crate::nn::gpu::GpuError;
use crate::nn::parameters;
use crate::nn::weights::{StoredParameters, WeightsFile};
use crate::vad::speech_segments;

/// A network with its weights, and everything needed to feed it.
#[derive(Clone)]
pub struct Model {
    manifest: Manifest,
    extractor: Extractor,
    network: Classifier,
    speaker: Option<SpeakerNetwork>,
    device: Device,
}

impl Model {
    /// Builds a model from the text of its `model.json` and the bytes of its [files](Manifest::files), which are
    /// requested one after the other, in their order, and [checked](WeightsFile::checked) by `bytes_of`.
    ///
    /// # Errors
    /// The error of `bytes_of`, or [`ModelError`] when the parts do not belong together or are damaged.
    pub fn from_parts(
        manifest: &str,
        mut bytes_of: impl FnMut(&WeightsFile) -> Result<Vec<u8>, ModelError>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let manifest = Manifest::parse(manifest)?;
        let network = load_network(manifest.architecture.init(device), &manifest.weights, &mut bytes_of)?;
        let tensors = match manifest.front_end.encoder() {
            Some(encoder) => encoder.tensors(&mut bytes_of)?,
            None => StoredParameters::new(),
        };
        let extractor = Extractor::new(&manifest.front_end, tensors, device)?;
        let speaker = match &manifest.speaker {
            Some(head) => Some(load_network(head.architecture.init(device), &head.weights, &mut bytes_of)?),
            None => None,
        };
        Ok(Self { manifest, extractor, network, speaker, device: device.clone() })
    }

    /// The model's description.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Number of parameters of the classifier, running statistics included.
    pub fn parameter_count(&self) -> usize {
        parameters::collect(&self.network).values().map(|parameter| parameter.values.len()).sum()
    }

    /// Cuts the model's input clip from a recording.
    pub fn clip(&self, recording: &[f32]) -> Clip {
        Clip::cut(recording, &self.manifest.clip, &speech_segments(recording))
    }

    /// The features of a clip, before normalisation.
    pub fn features(&mut self, clip: &Clip) -> FeatureMap {
        self.features_of(clip.samples())
    }

    /// The same of mono samples at 16 kHz.
    pub fn features_of(&mut self, samples: &[f32]) -> FeatureMap {
        self.extractor.extract(samples)
    }

    /// The same with the encoder, if there is one, on a GPU.
    ///
    /// # Errors
    /// [`GpuError`] when it stops.
    pub async fn features_on(
        &mut self,
        gpu: &mut impl Accelerator,
        samples: &[f32],
    ) -> Result<FeatureMap, GpuError> {
        self.extractor.extract_on(gpu, samples).await
    }

    /// The embedding of a feature map and its unconditioned output, by the classifier on a GPU.
    ///
    /// # Errors
    /// [`GpuError`] when it stops.
    pub async fn classify_on(
        &self,
        gpu: &mut impl Accelerator,
        features: &FeatureMap,
    ) -> Result<(Vec<f32>, Output), GpuError> {
        let map = self.normalised(features);
        let Classified { embedding, logits } = gpu.classify(&map, features.rows()).await?;
        let logits =
            logits.try_into().map_err(|_| GpuError::Failed("it gave another number of logits".to_owned()))?;
        Ok((embedding, Output { logits, distance: distance(&map, features.columns()) }))
    }

    /// Predicts the emotion from a feature map, conditioned on other clips of the speaker if there are any.
    pub fn predict(&self, features: FeatureMap, speaker: Option<&Conditioning>) -> Prediction {
        self.calibration(speaker).predict(&self.output(features, speaker))
    }

    /// How logits become probabilities, with a reference of the speaker and without.
    pub fn calibration(&self, speaker: Option<&Conditioning>) -> &Calibration {
        match (speaker, &self.manifest.speaker) {
            (Some(_), Some(head)) => &head.calibration,
            _ => &self.manifest.calibration,
        }
    }

    /// The output for a feature map, before calibration.
    pub fn output(&self, features: FeatureMap, speaker: Option<&Conditioning>) -> Output {
        let unconditioned = self.output_of(&features, &self.embed(features.clone()));
        match speaker {
            Some(conditioning) => {
                self.conditioned_output(&self.normalised(&features), &unconditioned, conditioning)
            }
            None => unconditioned,
        }
    }

    /// The unconditioned output for a clip, from its features and their [embedding](Self::embed).
    pub(crate) fn output_of(&self, features: &FeatureMap, embedding: &[f32]) -> Output {
        let distance = distance(&self.normalised(features), features.columns());
        Output { logits: self.classify(embedding), distance }
    }

    /// The output conditioned on other clips of the speaker, from the normalised features and the unconditioned output.
    ///
    /// # Panics
    /// If the model has no speaker head; then it gives no [`Conditioning`], either.
    pub(crate) fn conditioned_output(
        &self,
        features: &[f32],
        unconditioned: &Output,
        conditioning: &Conditioning,
    ) -> Output {
        let network = self.speaker.as_ref().expect("a model without a speaker head gives no conditioning");
        conditioning.output(network, features, unconditioned, &self.device)
    }

    /// A speaker reference as an input of the model; none if it is empty.
    ///
    /// # Errors
    /// [`SpeakerReferenceError`] when the model takes none, or the reference belongs to another.
    pub fn condition_on(
        &self,
        reference: &SpeakerReference,
    ) -> Result<Option<Conditioning>, SpeakerReferenceError> {
        match self.speaker {
            Some(_) => reference.conditioning(self.owner()),
            None => Err(SpeakerReferenceError::NotTaken(self.manifest.name.clone())),
        }
    }

    /// A speaker reference without clips.
    ///
    /// # Errors
    /// [`SpeakerReferenceError::NotTaken`] when the model takes none.
    pub fn empty_reference(&self) -> Result<SpeakerReference, SpeakerReferenceError> {
        match self.speaker {
            Some(_) => Ok(SpeakerReference::empty(self.owner())),
            None => Err(SpeakerReferenceError::NotTaken(self.manifest.name.clone())),
        }
    }

    /// The speaker reference of one clip, from its features, its number of samples at 16 kHz, and its unconditioned
    /// prediction; none if the model takes no references.
    pub(crate) fn enrol(
        &self,
        features: &FeatureMap,
        samples: usize,
        unconditioned: &Prediction,
    ) -> Option<SpeakerReference> {
        self.speaker.as_ref()?;
        Some(SpeakerReference::of_clip(self.owner(), &self.normalised(features), samples, unconditioned))
    }

    pub(super) fn owner(&self) -> Owner<'_> {
        let Manifest { name, weights, front_end, .. } = &self.manifest;
        Owner { name, weights: &weights.sha256, rows: front_end.rows() }
    }

    /// The values of a feature map, normalised row by row.
    pub(crate) fn normalised(&self, features: &FeatureMap) -> Vec<f32> {
        let mut values = features.values().to_vec();
        self.manifest.normalise.apply(&mut values, features.columns());
        values
    }

    /// The [embedding](Classifier::embed) of a feature map.
    pub fn embed(&self, features: FeatureMap) -> Vec<f32> {
        let embedded = self.network.embed(self.input(features));
        embedded.into_data().try_to_vec().expect("features are f32")
    }

    /// The logits of an [embedding](Self::embed), in the order of [`Emotion::ALL`](super::Emotion::ALL).
    pub fn classify(&self, embedding: &[f32]) -> [f32; 7] {
        let values = TensorData::new(embedding.to_vec(), [1, embedding.len()]);
        let logits = self.network.classify(Tensor::from_data(values, &self.device));
        let logits: Vec<f32> = logits.into_data().try_to_vec().expect("logits are f32");
        logits.try_into().expect("the manifest was checked: one output an emotion")
    }

    /// The network's input for a feature map: a batch of one, normalised.
    pub(crate) fn input(&self, features: FeatureMap) -> Tensor<3> {
        let shape = [1, features.rows(), features.columns()];
        let mut values = features.into_values();
        self.manifest.normalise.apply(&mut values, shape[2]);
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    /// The networks of the speaker head, if the model has one.
    pub fn speaker_network(&self) -> Option<&SpeakerNetwork> {
        self.speaker.as_ref()
    }

    pub(crate) fn network(&self) -> &Classifier {
        &self.network
    }

    pub(crate) fn extractor(&mut self) -> &mut Extractor {
        &mut self.extractor
    }
}
