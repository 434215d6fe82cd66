//! Whisper's encoder.

use super::backend::{Backend, Over};
use super::layer::Layer;
use super::weights::{DenseWeights, NormWeights, Weights};
use super::{Buffers, Trace, run};
use crate::nn::encoders::WhisperConfig;
use crate::nn::quant::Then;

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
            conv1: backend.dense(vec![DenseWeights::take(weights, "conv1")]),
            conv2: backend.dense(vec![DenseWeights::take(weights, "conv2")]),
            positions,
            layers: (0..layers)
                .map(|i| Layer::take(backend, weights, &format!("layers.{i}"), layer))
                .collect(),
            layer_norm: final_norm
                .then(|| backend.norm(NormWeights::take(weights, "layer_norm", layer.epsilon))),
        }
    }

    /// Of a log-mel map, row by row; what is beyond the positions is not heard.
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
        let mut turned = vec![0.0; frames * mels];
        for (row, values) in map.chunks_exact(columns).enumerate() {
            turned[row..].iter_mut().step_by(mels).zip(values).for_each(|(turned, value)| *turned = *value);
        }
        // A frame of silence stands on either side of what a convolution hears.
        let Buffers { convolved: [heard, padded], .. } = buffers;
        backend.load(heard, &turned);
        backend.pad(heard, mels, 1, [1, 1], padded);
        backend.product(&self.conv1, padded, mels, Then::Gelu, heard);
        backend.pad(heard, width, 1, [1, 1], padded);
        let mut x = B::Values::default();
        backend.product(&self.conv2, padded, 2 * width, Then::Gelu, &mut x);
        backend.add(&mut x, &self.positions);
        let mut last = run(&self.layers, backend, x, buffers, trace);
        if let Some(norm) = &self.layer_norm {
            backend.normalise(norm, Over::Channels, Then::Keep, &mut last);
        }
        last
    }
}
