//! Whisper's encoder.

use super::dense::Dense;
use super::layer::Layer;
use super::norm::Norm;
use super::{Buffers, Trace, run};
use crate::nn::encoders::WhisperConfig;
use crate::nn::quant::{Then, Windows};

pub struct Whisper {
    mels: usize,
    pub width: usize,
    pub heads: usize,
    conv1: Dense,
    conv2: Dense,
    positions: Vec<f32>,
    layers: Vec<Layer>,
    layer_norm: Option<Norm>,
}

impl Whisper {
    pub fn new(config: &WhisperConfig, weights: super::Weights) -> Self {
        let WhisperConfig { mels, width, layers, heads, final_norm, .. } = *config;
        let layer = config.layer();
        Self {
            mels,
            width,
            heads,
            conv1: Dense::take(weights, "conv1"),
            conv2: Dense::take(weights, "conv2"),
            positions: weights("embed_positions").expect("checked beforehand").into_parameter().values,
            layers: (0..layers).map(|i| Layer::take(weights, &format!("layers.{i}"), layer)).collect(),
            layer_norm: final_norm.then(|| Norm::take(weights, "layer_norm", layer.epsilon)),
        }
    }

    /// Of a log-mel map, row by row; what is beyond the positions is not heard.
    pub fn forward(&self, map: &[f32], buffers: &mut Buffers, trace: &mut Trace) -> Vec<f32> {
        let Self { mels, width, .. } = *self;
        let columns = map.len() / mels;
        let frames = columns.min(2 * self.positions.len() / width);
        // A frame of silence stands on either side.
        let Buffers { convolved: [turned, between], rounded, .. } = buffers;
        turned.clear();
        turned.resize((frames + 2) * mels, 0.0);
        for (row, values) in map.chunks_exact(columns).enumerate() {
            for (frame, value) in values[..frames].iter().enumerate() {
                turned[(frame + 1) * mels + row] = *value;
            }
        }
        between.clear();
        between.resize((frames + 2) * width, 0.0);
        let windows = Windows::sliding(turned, 3 * mels, mels);
        self.conv1.forward(windows, Then::Gelu, rounded, &mut between[width..(frames + 1) * width]);
        let windows = Windows::sliding(between, 3 * width, 2 * width);
        let mut x = vec![0.0; windows.count * width];
        self.conv2.forward(windows, Then::Gelu, rounded, &mut x);
        x.iter_mut().zip(&self.positions).for_each(|(value, position)| *value += position);
        let mut last = run(&self.layers, x, buffers, trace);
        if let Some(norm) = &self.layer_norm {
            norm.over_channels(&mut last);
        }
        last
    }
}
