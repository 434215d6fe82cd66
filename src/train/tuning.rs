//! Fine-tuning the last layers of an encoder together with the classifier.
//!
//! The hidden states before them are computed once and cached, as feature maps are.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

use super::dataset::normalisation;
use super::inputs::Inputs;
use super::{Dataset, TrainError};
use crate::encoder::{
    Description, EncoderError, Precision, Source, encoder_tensors, last_layers, save, with_last_layers,
};
use crate::model::{Embedding, Features, Normalisation};
use crate::nn::encoders::LastLayers;
use crate::nn::weights::StoredParameters;
use crate::parallel;

/// Clips that the normalisation of the embedding is computed from; more change nothing.
const SURVEYED: usize = 1000;

/// An encoder whose last layers are fine-tuned.
pub struct Tuning {
    pub(super) embedding: Embedding,
    /// The encoder's tensors before fine-tuning.
    pub(super) tensors: StoredParameters,
    /// Layers before the cached hidden state.
    pub(super) before: usize,
    /// Number of last layers that are fine-tuned.
    pub(super) unfrozen: usize,
    pub(super) normalise: Normalisation,
}

impl Tuning {
    /// Unfreezes the last layers of the encoder in `folder`.
    ///
    /// # Errors
    /// [`TrainError`] when there is no encoder, it has fewer layers, or cannot be read.
    pub fn new(features: &Features, folder: Option<&Path>, unfrozen: usize) -> Result<Self, TrainError> {
        let (Features::Embedding(embedding), Some(folder)) = (features, folder) else {
            return Err(TrainError::NothingToUnfreeze);
        };
        let network = &embedding.encoder.network;
        if unfrozen > network.layers() {
            return Err(TrainError::TooManyUnfrozen { unfrozen, layers: network.layers() });
        }
        // Hidden states of the embedding that lie before the fine-tuned layers are needed, too.
        let lowest = embedding.states.iter().copied().min().unwrap_or(0);
        Ok(Self {
            embedding: embedding.clone(),
            tensors: encoder_tensors(network, embedding.encoder.read_tensors(folder)?, &Device::flex())?,
            before: lowest.min(network.layers() - unfrozen),
            unfrozen,
            normalise: Normalisation { mean: Vec::new(), std: Vec::new() },
        })
    }

    /// The frames to cache, and the tensors to compute them with.
    pub fn frames(&self) -> (Inputs, StoredParameters) {
        let Description { name, input, network, .. } = &self.embedding.encoder;
        // With its shards, so that frames of another encoder of the same shape are not taken for these.
        let shards = self.embedding.encoder.shards.clone();
        let network = network.clone().cut(self.before);
        let frames_of = Description { name: name.clone(), input: input.clone(), network, shards };
        (Inputs::Frames { frames_of }, self.tensors.clone())
    }

    /// The layers before fine-tuning.
    pub fn layers(&self, device: &Device) -> LastLayers {
        let network = &self.embedding.encoder.network;
        self.unfreeze(last_layers(network, &self.tensors, self.before, device))
    }

    /// The layers with random weights, for loading others into.
    pub fn fresh_layers(&self, device: &Device) -> LastLayers {
        self.unfreeze(self.embedding.encoder.network.last_layers(self.before, device))
    }

    fn unfreeze(&self, layers: LastLayers) -> LastLayers {
        layers.unfreeze_last(self.unfrozen)
    }

    /// Sets the normalisation of the embedding: the `known` one, or that by the layers before fine-tuning over the clips at
    /// `indices`.
    pub fn survey(
        &mut self,
        known: Option<Normalisation>,
        dataset: &Dataset,
        indices: &[usize],
    ) -> Normalisation {
        self.normalise = known.unwrap_or_else(|| self.surveyed(dataset, indices));
        self.normalise.clone()
    }

    fn surveyed(&mut self, dataset: &Dataset, indices: &[usize]) -> Normalisation {
        let layers = self.layers(&Device::flex());
        let rows = self.embedding.rows();
        self.normalise = Normalisation { mean: vec![0.0; rows], std: vec![1.0; rows] };
        let step = indices.len().div_ceil(SURVEYED).max(1);
        let surveyed: Vec<usize> = indices.iter().copied().step_by(step).collect();
        let embedded = parallel::map(&surveyed, vec![(); parallel::cores()], |(), &index| {
            let embedded = self.embed(&layers, &dataset.maps[index][0], &Device::flex());
            embedded.into_data().try_to_vec::<f32>().expect("embeddings are f32")
        });
        normalisation(&embedded.iter().map(|map| &map[..]).collect::<Vec<_>>(), rows)
    }

    /// The normalised embedding of a clip, `[1, rows, 1]`, from its cached frames.
    pub fn embed(&self, layers: &LastLayers, frames: &[f32], device: &Device) -> Tensor<3> {
        let width = self.embedding.encoder.network.width();
        let frames = TensorData::new(frames.to_vec(), [width, frames.len() / width]);
        let frames = Tensor::<2>::from_data(frames, device).swap_dims(0, 1).unsqueeze::<3>();
        let states = layers.forward(frames);
        let embedded = self.embedding.pool(|number| states[number - self.before].clone());
        let row = |values: &[f32]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [1, values.len()]), device)
        };
        ((embedded - row(&self.normalise.mean)) / row(&self.normalise.std)).unsqueeze_dim(2)
    }

    /// Writes the encoder with tuned `layers` into `folder`, in eight bits; returns the features of the
    /// finished model.
    ///
    /// # Errors
    /// [`EncoderError`] when a file cannot be written.
    pub fn save(&self, layers: &LastLayers, folder: &Path) -> Result<Features, EncoderError> {
        let Embedding { encoder, states, statistics } = self.embedding.clone();
        let tensors = with_last_layers(&encoder.network, self.tensors.clone(), self.before, layers);
        let source = Source { description: encoder, tensors };
        let encoder = save(source, Precision::Int8, folder)?;
        Ok(Features::Embedding(Embedding { encoder, states, statistics }))
    }
}
