//! A trained model: its description, `model.json`, and its weights.
//!
//! `models/shipped/<name>/` on disk holds `model.json`, `model.safetensors` and a `CARD.md` for people. All settings that turn
//! a recording into the network's input (clip, front end, normalisation) are in `model.json`, none in the code.

mod calibration;
mod emotion;
mod features;
mod manifest;
mod prediction;
mod speaker_reference;

pub(crate) use calibration::distance;
pub use calibration::{Calibration, Output};
pub use emotion::Emotion;
pub use features::{Embedding, Extractor, Features, Statistics};
pub use manifest::{
    Manifest, Metrics, Normalisation, ReferenceDraw, ReferenceScore, SpeakerHead, Training, UnseenCorpus,
};
pub use prediction::Prediction;
pub use speaker_reference::{Conditioning, SpeakerReference, SpeakerReferenceError};

use burn::tensor::{Device, Tensor, TensorData};

use speaker_reference::Owner;

use crate::audio::Clip;
use crate::encoder::EncoderError;
use crate::features::{FeatureMap, FrontEndError};
use crate::nn::classifiers::{Classifier, SpeakerNetwork};
use crate::nn::parameters;
use crate::nn::weights::{self, StoredParameters, WeightsError, WeightsFile, in_floats};
use crate::vad::speech_segments;

/// Why a model could not be loaded or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// `model.json` cannot be used.
    #[error("the model description (model.json) cannot be used: {0}")]
    Manifest(String),
    /// The weights are not the file that `model.json` describes.
    #[error("the model's {0}; load the model again")]
    Weights(#[from] WeightsError),
    /// The weights do not fit the architecture.
    #[error(transparent)]
    Mismatch(#[from] parameters::ParameterMismatch),
    /// The front-end settings are out of range.
    #[error(transparent)]
    FrontEnd(#[from] FrontEndError),
    /// The encoder that it needs cannot be used.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
}

impl ModelError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) | Self::FrontEnd(_) => "model-description",
            Self::Weights(_) | Self::Mismatch(_) => "model-weights",
            Self::Encoder(error) => error.code(),
            Self::File { .. } => "model-file",
        }
    }
}

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
    /// requested one after the other, in their order.
    ///
    /// # Errors
    /// The error of `bytes_of`, or [`ModelError`] when the parts do not belong together or are damaged.
    pub fn from_parts(
        manifest: &str,
        mut bytes_of: impl FnMut(&WeightsFile) -> Result<Vec<u8>, ModelError>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let manifest = Manifest::parse(manifest)?;
        let bytes = bytes_of(&manifest.weights)?;
        manifest.weights.check(&bytes)?;
        let network =
            parameters::apply(manifest.architecture.init(device), in_floats(weights::read(bytes)?))?;
        let tensors = match manifest.front_end.encoder() {
            Some(encoder) => encoder.tensors(&mut bytes_of)?,
            None => StoredParameters::new(),
        };
        let extractor = Extractor::new(&manifest.front_end, tensors, device)?;
        let speaker = match &manifest.speaker {
            Some(head) => {
                let bytes = bytes_of(&head.weights)?;
                head.weights.check(&bytes)?;
                Some(parameters::apply(head.architecture.init(device), in_floats(weights::read(bytes)?))?)
            }
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

    /// The same by the model's encoder on a GPU.
    ///
    /// # Errors
    /// [`GpuError`](crate::nn::encoders::GpuError) when it stops.
    ///
    /// # Panics
    /// If the model has no encoder.
    #[cfg(target_arch = "wasm32")]
    pub async fn features_on(
        &mut self,
        gpu: &mut crate::nn::encoders::GpuInference,
        samples: &[f32],
    ) -> Result<FeatureMap, crate::nn::encoders::GpuError> {
        self.extractor.extract_on(gpu, samples).await
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

    fn owner(&self) -> Owner<'_> {
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

    /// The logits of an [embedding](Self::embed), in the order of [`Emotion::ALL`].
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

#[cfg(not(target_arch = "wasm32"))]
mod files {
    use std::fs;
    use std::path::Path;

    use super::{Manifest, Model, ModelError};
    #[cfg(feature = "train")]
    use crate::nn::classifiers::Classifier;
    use crate::nn::classifiers::{SpeakerNetwork, SpeakerNetworkConfig};
    use crate::nn::parameters::{self, Parameter};
    use crate::nn::weights::{self, Storage, WeightsFile, in_floats};
    use burn::tensor::Device;

    fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> ModelError {
        let path = path.display().to_string();
        move |source| ModelError::File { path, source }
    }

    impl Model {
        /// Loads the model in `folder`.
        ///
        /// # Errors
        /// [`ModelError`] when a file is missing or damaged.
        pub fn load(folder: impl AsRef<Path>, device: &Device) -> Result<Self, ModelError> {
            let folder = folder.as_ref();
            let path = folder.join("model.json");
            let text = fs::read_to_string(&path).map_err(file_error(&path))?;
            let bytes_of = |file: &WeightsFile| {
                let path = folder.join(&file.file);
                fs::read(&path).map_err(file_error(&path))
            };
            Self::from_parts(&text, bytes_of, device)
        }
    }

    /// Writes `network` as quantized weights and `manifest`, whose weights entry is filled in, into `folder`, with a
    /// copy of the encoder's files from the folder `encoder`, if the model needs one.
    ///
    /// Each file is written whole under another name and then renamed, so that a crash leaves the old model or the
    /// new one.
    #[cfg(feature = "train")]
    pub(crate) fn save(
        mut manifest: Manifest,
        network: &Classifier,
        encoder: Option<&Path>,
        folder: &Path,
    ) -> Result<Manifest, ModelError> {
        let bytes = weights::write(&parameters::collect(network), storage);
        manifest.weights = WeightsFile::describe("model.safetensors", &bytes);
        fs::create_dir_all(folder).map_err(file_error(folder))?;
        write_whole(&folder.join(&manifest.weights.file), &bytes)?;
        if let Some(encoder) = encoder {
            for shard in manifest.front_end.encoder().map_or(&[][..], |encoder| &encoder.shards) {
                let path = encoder.join(&shard.file);
                let bytes = fs::read(&path).map_err(file_error(&path))?;
                write_whole(&folder.join(&shard.file), &bytes)?;
            }
        }
        write_whole(&folder.join("model.json"), manifest.to_json().as_bytes())?;
        Ok(manifest)
    }

    /// The network as it would be loaded from its file: with quantized weights.
    #[cfg(feature = "train")]
    pub(crate) fn as_saved(
        network: &Classifier,
        manifest: &Manifest,
        device: &Device,
    ) -> Result<Classifier, ModelError> {
        let parameters = in_floats(weights::read(weights::write(&parameters::collect(network), storage))?);
        Ok(parameters::apply(manifest.architecture.init(device), parameters)?)
    }

    /// A speaker network with quantized weights, and the bytes of its file.
    #[derive(Debug, Clone)]
    pub struct QuantizedSpeakerNetwork {
        /// The network.
        pub network: SpeakerNetwork,
        /// The file.
        pub bytes: Vec<u8>,
    }

    impl QuantizedSpeakerNetwork {
        /// Quantizes the weights of a network.
        ///
        /// # Errors
        /// [`ModelError`] when they are not finite, or not of these sizes.
        pub fn new(
            network: &SpeakerNetwork,
            architecture: &SpeakerNetworkConfig,
        ) -> Result<Self, ModelError> {
            let bytes = weights::write(&parameters::collect(network), storage);
            let quantized = in_floats(weights::read(bytes.clone())?);
            Ok(Self { network: parameters::apply(architecture.init(&Device::flex()), quantized)?, bytes })
        }

        /// The description of its file in a `model.json`.
        pub fn file(&self) -> WeightsFile {
            // A name of its own, so that the previous file stays in place until model.json names this one.
            let name = &WeightsFile::describe("", &self.bytes).sha256[..8];
            WeightsFile::describe(&format!("speaker-{name}.safetensors"), &self.bytes)
        }
    }

    /// Writes the weights of a speaker head that `manifest` describes into `folder`, then the manifest, and deletes the
    /// previous head's file.
    ///
    /// # Errors
    /// [`ModelError`] when a file cannot be written.
    pub fn save_speaker_head(
        manifest: &Manifest,
        network: &QuantizedSpeakerNetwork,
        folder: &Path,
    ) -> Result<(), ModelError> {
        let file = network.file().file;
        write_whole(&folder.join(&file), &network.bytes)?;
        write_whole(&folder.join("model.json"), manifest.to_json().as_bytes())?;
        let is_older =
            |name: &str| name.starts_with("speaker-") && name.ends_with(".safetensors") && name != file;
        for entry in fs::read_dir(folder).map_err(file_error(folder))?.flatten() {
            if entry.file_name().to_str().is_some_and(is_older) {
                fs::remove_file(entry.path()).map_err(file_error(&entry.path()))?;
            }
        }
        Ok(())
    }

    /// Number of values from which a dense matrix takes seven bits per weight instead of eight: it makes up most of the
    /// file, and the loss is not measurable (see the model's card).
    const LARGE_MATRIX: usize = 1_000_000;

    /// Matrices and kernels are quantized; everything else is small.
    fn storage(parameter: &Parameter) -> Storage {
        let bits = if parameter.values.len() >= LARGE_MATRIX { 7 } else { 8 };
        match parameter.shape.len() {
            0 | 1 => Storage::Exact,
            // burn keeps dense weights as [inputs, outputs] and convolutions as [outputs, inputs, ...].
            2 => Storage::Packed { axis: 1, bits },
            _ => Storage::Packed { axis: 0, bits },
        }
    }

    fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
        crate::files::write_atomically(path, bytes).map_err(file_error(path))
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use files::{QuantizedSpeakerNetwork, save_speaker_head};
#[cfg(feature = "train")]
pub(crate) use files::{as_saved, save};
