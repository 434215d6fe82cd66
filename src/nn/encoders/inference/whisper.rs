//! Whisper's encoder.

use super::backend::{Backend, NormAxis};
use super::layer::Layer;
use super::weights::{DenseWeights, NormWeights, Weights};
use super::{Buffers, Trace, run_layers};
use crate::nn::encoders::WhisperConfig;
use crate::nn::quant::Epilogue;

pub struct Whisper<B: Backend> {
    mels: usize,
    width: usize,
    conv1: B::Dense,
    conv2: B::Dense,
    positions: B::Values,
    layers: Vec<Layer<B>>,
    layer_norm: Option<B::Norm>,
}

impl<B: Backend> Whisper<B> {
    pub fn new(config: &WhisperConfig, backend: &mut B, weights: Weights) -> Self {
        let WhisperConfig { mels, width, layers, final_norm, .. } = *config;
        let layer = config.layer();
        let mut positions = B::Values::default();
        let values = weights("embed_positions").expect("checked beforehand").into_parameter().values;
        backend.load(&mut positions, &values);
        Self {
            mels,
            width,
            conv1: backend.dense(vec![DenseWeights::load(weights, "conv1")]),
            conv2: backend.dense(vec![DenseWeights::load(weights, "conv2")]),
            positions,
            layers: (0..layers)
                .map(|i| Layer::load(backend, weights, &format!("layers.{i}"), layer))
                .collect(),
            layer_norm: final_norm
                .then(|| backend.norm(NormWeights::load(weights, "layer_norm", layer.epsilon))),
        }
    }

    /// Encodes a row-major log-mel map; frames beyond the positions are truncated.
    pub fn forward(
        &self,
        backend: &mut B,
        map: &[f32],
        buffers: &mut Buffers<B>,
        trace: &mut Trace<B>,
    ) -> B::Values {
        let Self { mels, width, .. } = *self;
        let columns = map.len() / mels;
        let frames = columns.min(2 * B::len(&self.positions) / width);
        let mut transposed = vec![0.0; frames * mels];
        for (row, values) in map.chunks_exact(columns).enumerate() {
            transposed[row..]
                .iter_mut()
                .step_by(mels)
                .zip(values)
                .for_each(|(transposed, value)| *transposed = *value);
        }
        // The convolutions pad with one frame of zeros on both sides.
        let Buffers { convolved: [current, padded], .. } = buffers;
        backend.load(current, &transposed);
        backend.pad(current, mels, 1, [1, 1], padded);
        backend.linear(&self.conv1, padded, mels, Epilogue::Gelu, current);
        backend.pad(current, width, 1, [1, 1], padded);
        let mut x = B::Values::default();
        backend.linear(&self.conv2, padded, 2 * width, Epilogue::Gelu, &mut x);
        backend.add(&mut x, &self.positions);
        let mut last = run_layers(&self.layers, backend, x, buffers, trace);
        if let Some(norm) = &self.layer_norm {
            backend.normalise(norm, NormAxis::Channels, Epilogue::None, &mut last);
        }
        last
    }
}
