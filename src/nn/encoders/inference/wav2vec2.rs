//! wav2vec 2.0 and HuBERT.

use super::backend::{Backend, Over};
use super::layer::Layer;
use super::weights::{DenseWeights, NormWeights, Part, Weights};
use super::{Buffers, Trace, run};
use crate::nn::encoders::{FeatureNorm, Wav2Vec2Config};
use crate::nn::parameters::Parameter;
use crate::nn::quant::{Quantised, Then};
use crate::nn::weights::Stored;

/// What burn and transformers add to the variances of the convolutions' norms.
const CONV_EPSILON: f64 = 1e-5;

pub struct Wav2Vec2<B: Backend> {
    width: usize,
    convs: Vec<ConvLayer<B>>,
    project_norm: Option<B::Norm>,
    projection: B::Dense,
    positions: Positions<B>,
    layer_norm: Option<B::Norm>,
    layers: Vec<Layer<B>>,
    norm_first: bool,
}

struct ConvLayer<B: Backend> {
    conv: B::Dense,
    /// Values from the start of a window to that of the next.
    stride: usize,
    outputs: usize,
    norm: Option<(Over, B::Norm)>,
}

/// The convolution that tells positions: in each group of channels over its own.
struct Positions<B: Backend> {
    conv: B::Dense,
    groups: usize,
    kernel: usize,
}

impl<B: Backend> Wav2Vec2<B> {
    pub fn new(config: &Wav2Vec2Config, backend: &B, weights: Weights) -> Self {
        let Wav2Vec2Config { width, layers, norm_first, epsilon, .. } = *config;
        let layer = config.layer();
        let over = match config.feature_norm {
            FeatureNorm::Group => Over::Time,
            FeatureNorm::Layer => Over::Channels,
        };
        let mut inputs = 1;
        let mut convs = Vec::new();
        for (index, &outputs) in config.conv_channels.iter().enumerate() {
            let path = format!("feature_extractor.conv_layers.{index}");
            let part = Part::take(weights, &format!("{path}.conv"));
            // The samples themselves: quiet ones must not be rounded away, and there is little to win.
            let conv = if index == 0 { DenseWeights::exact(part) } else { DenseWeights::beside([part]) };
            let is_normed = config.feature_norm == FeatureNorm::Layer || index == 0;
            let norm = is_normed.then(|| {
                let norm = NormWeights::take(weights, &format!("{path}.layer_norm"), CONV_EPSILON);
                (over, backend.norm(norm))
            });
            let stride = config.conv_strides[index] * inputs;
            convs.push(ConvLayer { conv: backend.dense(vec![conv]), stride, outputs, norm });
            inputs = outputs;
        }
        let mut norm = |is_there: bool, path: &str| {
            is_there.then(|| backend.norm(NormWeights::take(weights, path, epsilon)))
        };
        let project_norm = norm(config.project_norm, "feature_projection.layer_norm");
        let layer_norm = norm(config.final_norm || !norm_first, "encoder.layer_norm");
        Self {
            width,
            convs,
            project_norm,
            projection: backend.dense(vec![DenseWeights::take(weights, "feature_projection.projection")]),
            positions: Positions::new(config, backend, weights),
            layer_norm,
            layers: (0..layers)
                .map(|index| Layer::take(backend, weights, &format!("encoder.layers.{index}"), layer))
                .collect(),
            norm_first,
        }
    }

    /// Of samples.
    pub fn forward(
        &self,
        backend: &mut B,
        samples: &[f32],
        buffers: &mut Buffers<B>,
        trace: &mut Trace<B>,
    ) -> B::Values {
        let Buffers { convolved: [heard, next], .. } = buffers;
        backend.load(heard, samples);
        for layer in &self.convs {
            layer.forward(backend, heard, next);
            std::mem::swap(heard, next);
        }
        let norm = |backend: &mut B, norm: &Option<B::Norm>, x: &mut B::Values| {
            norm.iter().for_each(|norm| backend.normalise(norm, Over::Channels, Then::Keep, x));
        };
        norm(backend, &self.project_norm, heard);
        let mut x = B::Values::default();
        let channels = self.convs.last().map_or(1, |conv| conv.outputs);
        backend.product(&self.projection, heard, channels, Then::Keep, &mut x);
        self.positions.add_to(backend, &mut x, self.width, buffers);
        if !self.norm_first {
            norm(backend, &self.layer_norm, &mut x);
        }
        let mut last = run(&self.layers, backend, x, buffers, trace);
        if self.norm_first {
            norm(backend, &self.layer_norm, &mut last);
        }
        last
    }
}

impl<B: Backend> ConvLayer<B> {
    fn forward(&self, backend: &mut B, x: &B::Values, out: &mut B::Values) {
        let Some((over, norm)) = &self.norm else {
            return backend.product(&self.conv, x, self.stride, Then::Gelu, out);
        };
        backend.product(&self.conv, x, self.stride, Then::Keep, out);
        backend.normalise(norm, *over, Then::Gelu, out);
    }
}

impl<B: Backend> Positions<B> {
    fn new(config: &Wav2Vec2Config, backend: &B, weights: Weights) -> Self {
        let Part { weight, bias, .. } = Part::take(weights, "encoder.pos_conv_embed.conv");
        let bias = bias.expect("checked beforehand");
        let outputs = config.width / config.position_groups;
        let weights = divided(weight, config.position_groups);
        let groups = weights.into_iter().zip(bias.chunks_exact(outputs)).map(|(weight, bias)| {
            DenseWeights::beside([Part { weight, bias: Some(bias.to_vec()), scale: 1.0 }])
        });
        let conv = backend.dense(groups.collect());
        Self { conv, groups: config.position_groups, kernel: config.position_kernel }
    }

    fn add_to(&self, backend: &mut B, x: &mut B::Values, width: usize, buffers: &mut Buffers<B>) {
        let Buffers { convolved: [padded, out], .. } = buffers;
        // The reference pads an even kernel by half on both sides and drops the last frame.
        let before = self.kernel / 2;
        backend.pad(x, width, self.groups, [before, self.kernel - 1 - before], padded);
        backend.product(&self.conv, padded, width / self.groups, Then::Gelu, out);
        backend.add(x, out);
    }
}

/// A weight's output channels, in `count` equal parts.
fn divided(weight: Stored, count: usize) -> Vec<Stored> {
    let mut shape = weight.shape().to_vec();
    shape[0] /= count;
    let size = shape.iter().product();
    match weight {
        Stored::Floats(weight) => {
            let part =
                |values: &[f32]| Stored::Floats(Parameter { shape: shape.clone(), values: values.to_vec() });
            weight.values.chunks_exact(size).map(part).collect()
        }
        Stored::Packed(weight) => {
            let codes: Vec<i8> = weight.codes().collect();
            let parts = codes.chunks_exact(size).zip(weight.scales.chunks_exact(shape[0]));
            parts.map(|(codes, scales)| Stored::Packed(Quantised::of_codes(codes, &shape, scales))).collect()
        }
    }
}
