//! Extraction of a model's features.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::{Accelerator, Embedding, Features, ModelError};
use crate::encoder::SpeechEncoder;
use crate::features::{FeatureMap, FrontEnd};
use crate::nn::gpu::GpuError;
use crate::nn::weights::StoredParameters;

/// Extracts [`Features`] from clips. Copies share the encoder's weights.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // A program holds a few.
pub enum Extractor {
    /// Of feature maps.
    Map(FrontEnd),
    /// Of embeddings.
    Embedding {
        /// The encoder.
        encoder: SpeechEncoder,
        /// How its hidden states are pooled.
        embedding: Embedding,
    },
}

impl Extractor {
    /// An extractor; only embeddings need an encoder's `tensors`.
    ///
    /// # Errors
    /// [`ModelError`] when a setting is out of its range, or the tensors are not those of the encoder.
    pub fn new(features: &Features, tensors: StoredParameters, device: &Device) -> Result<Self, ModelError> {
        Ok(match features {
            Features::Map(front_end) => Self::Map(FrontEnd::new(front_end)?),
            Features::Embedding(embedding) => Self::Embedding {
                encoder: SpeechEncoder::new(&embedding.encoder, tensors, device)?,
                embedding: embedding.clone(),
            },
        })
    }

    /// The features of mono samples at 16 kHz, with the encoder, if there is one, on a GPU.
    ///
    /// # Errors
    /// [`GpuError`] when the GPU stops.
    pub async fn extract_on(
        &mut self,
        gpu: &mut impl Accelerator,
        samples: &[f32],
    ) -> Result<FeatureMap, GpuError> {
        let (encoder, embedding) = match self {
            Self::Map(front_end) => return Ok(front_end.extract(samples)),
            Self::Embedding { encoder, embedding } => (encoder, embedding),
        };
        let input = encoder.prepare(samples);
        let states = gpu.encode(&input, &embedding.states).await?;
        let width = embedding.encoder.network.width();
        let states = embedding.states.iter().zip(states).map(|(&number, state)| {
            let shape = [1, state.len() / width, width];
            (number, Tensor::from_data(TensorData::new(state, shape), &Device::flex()))
        });
        let states: BTreeMap<usize, Tensor<3>> = states.collect();
        Ok(map_of(embedding.pool(|number| states[&number].clone()).swap_dims(0, 1)))
    }

    /// The features of mono samples at 16 kHz.
    pub fn extract(&mut self, samples: &[f32]) -> FeatureMap {
        self.extract_with(samples, |_, _| ())
    }

    /// The features of mono samples at 16 kHz; `augment` may change an encoder's input, and gets it row by row, with
    /// the number of rows.
    pub fn extract_with(&mut self, samples: &[f32], augment: impl FnOnce(&mut [f32], usize)) -> FeatureMap {
        match self {
            Self::Map(front_end) => front_end.extract(samples),
            Self::Embedding { encoder, embedding } => {
                let mut input = encoder.prepare(samples);
                augment(&mut input, encoder.input_rows());
                let states = encoder.encode_input(&input).hidden_states;
                map_of(embedding.pool(|number| states[number].clone()).swap_dims(0, 1))
            }
        }
    }
}

fn map_of(rows: Tensor<2>) -> FeatureMap {
    let [count, _] = rows.dims();
    FeatureMap::new(rows.into_data().try_to_vec().expect("states are f32"), count)
}
