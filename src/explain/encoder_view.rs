//! What an encoder makes of a clip, for people to look at.

use crate::features::FeatureMap;
use crate::model::{Extractor, Model};

/// How strongly an encoder answers.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderView {
    /// The absolute value of each latent dimension (rows) in each frame (columns), after the last layer that the model
    /// listens to.
    pub activations: FeatureMap,
    /// Its mean over time, of each dimension: the paper's Figure 5.
    pub mean: Vec<f32>,
}

/// How strongly a model's encoder answers to mono samples at 16 kHz; nothing if it has none.
pub fn encoder_view(model: &mut Model, samples: &[f32]) -> Option<EncoderView> {
    let Extractor::Embedding { encoder, embedding } = model.extractor() else { return None };
    let last = embedding.states.iter().copied().max()?;
    let state = encoder.encode(samples).hidden_states.swap_remove(last);
    let [_, frames, width] = state.dims();
    let turned = state.abs().swap_dims(1, 2).into_data();
    let activations = FeatureMap::new(turned.try_to_vec().expect("states are f32"), width);
    let mean = (0..width).map(|row| activations.row(row).iter().sum::<f32>() / frames as f32).collect();
    Some(EncoderView { activations, mean })
}

/// How much each frame (row) looks at each (column), of each head of each layer; rows sum to 1. Nothing if the model has no
/// encoder.
pub fn attention(model: &mut Model, samples: &[f32]) -> Option<Vec<Vec<FeatureMap>>> {
    let Extractor::Embedding { encoder, .. } = model.extractor() else { return None };
    let layers = encoder.attend(samples).attentions.into_iter().map(|layer| {
        let [_, heads, frames, _] = layer.dims();
        let values: Vec<f32> = layer.into_data().try_to_vec().expect("attention is f32");
        debug_assert_eq!(values.len(), heads * frames * frames);
        values.chunks_exact(frames * frames).map(|head| FeatureMap::new(head.to_vec(), frames)).collect()
    });
    Some(layers.collect())
}
