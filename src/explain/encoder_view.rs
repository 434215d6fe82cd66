//! Activations and attention weights of an encoder, for visualization.

use crate::features::FeatureMap;
use crate::model::{Extractor, Model};

/// Magnitudes of the activations of an encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderView {
    /// The absolute value of each hidden dimension (rows) in each frame (columns), after the last layer that the model uses.
    pub activations: FeatureMap,
    /// The mean over time of each dimension: the paper's Figure 5.
    pub mean: Vec<f32>,
}

/// Returns the activations of a model's encoder for mono samples at 16 kHz; `None` if the model has no encoder.
pub fn encoder_view(model: &mut Model, samples: &[f32]) -> Option<EncoderView> {
    let Extractor::Embedding { encoder, embedding } = model.extractor() else { return None };
    let last = embedding.states.iter().copied().max()?;
    let state = encoder.encode(samples).hidden_states.swap_remove(last);
    let [_, frames, width] = state.dims();
    let transposed = state.abs().swap_dims(1, 2).into_data();
    let activations = FeatureMap::new(transposed.try_to_vec().expect("states are f32"), width);
    let mean = (0..width).map(|row| activations.row(row).iter().sum::<f32>() / frames as f32).collect();
    Some(EncoderView { activations, mean })
}

/// Returns the attention weights of each head of each layer: how much each frame (row) attends to each other (column); rows sum to
/// 1. `None` if the model has no encoder.
pub fn attention(model: &mut Model, samples: &[f32]) -> Option<Vec<Vec<FeatureMap>>> {
    let Extractor::Embedding { encoder, .. } = model.extractor() else { return None };
    let layers = encoder.encode_with_attention(samples).attentions.into_iter().map(|layer| {
        let [_, heads, frames, _] = layer.dims();
        let values: Vec<f32> = layer.into_data().try_to_vec().expect("attention is f32");
        debug_assert_eq!(values.len(), heads * frames * frames);
        values.chunks_exact(frames * frames).map(|head| FeatureMap::new(head.to_vec(), frames)).collect()
    });
    Some(layers.collect())
}
