//! wav2vec 2.0 and HuBERT.

use super::backend::{Backend, NormAxis};
use super::layer::Layer;
use super::weights::{DenseWeights, NormWeights, Part, Weights};
use super::{Buffers, Trace, run_layers};
use crate::nn::encoders::{FeatureNorm, Wav2Vec2Config};
use crate::nn::parameters::Parameter;
use crate::nn::quant::{Epilogue, Quantized};
use crate::nn::weights::Stored;

/// Epsilon of the norms of the convolutions in burn and transformers.
const CONV_EPSILON: f64 = 1e-5;

pub struct Wav2Vec2<B: Backend> {
    width: usize,
    convs: Vec<ConvLayer<B>>,
    project_norm: Option<B::Norm>,
    projection: B::Dense,
    positions: PositionalConv<B>,
    layer_norm: Option<B::Norm>,
    layers: Vec<Layer<B>>,
    norm_first: bool,
}

struct ConvLayer<B: Backend> {
    conv: B::Dense,
    /// Distance between the starts of two consecutive windows, in values.
    stride: usize,
    outputs: usize,
    norm: Option<(NormAxis, B::Norm)>,
}

/// The grouped convolution that computes positional embeddings.
struct PositionalConv<B: Backend> {
    conv: B::Dense,
    groups: usize,
    kernel: usize,
}

impl<B: Backend> Wav2Vec2<B> {
    pub fn new(config: &Wav2Vec2Config, backend: &B, weights: Weights) -> Self {
        let Wav2Vec2Config { width, layers, norm_first, epsilon, .. } = *config;
        let layer = config.layer();
        let axis = match config.feature_norm {
            FeatureNorm::Group => NormAxis::Time,
            FeatureNorm::Layer => NormAxis::Channels,
        };
        let mut inputs = 1;
        let mut convs = Vec::new();
        for (index, &outputs) in config.conv_channels.iter().enumerate() {
            let path = format!("feature_extractor.conv_layers.{index}");
            let part = Part::load(weights, &format!("{path}.conv"));
            // The input is the samples: quantization would lose quiet ones, and save little.
            let conv = if index == 0 { DenseWeights::as_floats(part) } else { DenseWeights::concat([part]) };
            let is_normed = config.feature_norm == FeatureNorm::Layer || index == 0;
            let norm = is_normed.then(|| {
                let norm = NormWeights::load(weights, &format!("{path}.layer_norm"), CONV_EPSILON);
                (axis, backend.norm(norm))
            });
            let stride = config.conv_strides[index] * inputs;
            convs.push(ConvLayer { conv: backend.dense(vec![conv]), stride, outputs, norm });
            inputs = outputs;
        }
        let mut norm = |is_present: bool, path: &str| {
            is_present.then(|| backend.norm(NormWeights::load(weights, path, epsilon)))
        };
        let project_norm = norm(config.project_norm, "feature_projection.layer_norm");
        let layer_norm = norm(config.final_norm || !norm_first, "encoder.layer_norm");
        Self {
            width,
            convs,
            project_norm,
            projection: backend.dense(vec![DenseWeights::load(weights, "feature_projection.projection")]),
            positions: PositionalConv::new(config, backend, weights),
            layer_norm,
            layers: (0..layers)
                .map(|index| Layer::load(backend, weights, &format!("encoder.layers.{index}"), layer))
                .collect(),
            norm_first,
        }
    }

    /// Encodes samples.
    pub fn forward(
        &self,
        backend: &mut B,
        samples: &[f32],
        buffers: &mut Buffers<B>,
        trace: &mut Trace<B>,
    ) -> B::Values {
        let Buffers { convolved: [current, next], .. } = buffers;
        backend.load(current, samples);
        for layer in &self.convs {
            layer.forward(backend, current, next);
            std::mem::swap(current, next);
        }
        let norm = |backend: &mut B, norm: &Option<B::Norm>, x: &mut B::Values| {
            norm.iter().for_each(|norm| backend.normalise(norm, NormAxis::Channels, Epilogue::None, x));
        };
        norm(backend, &self.project_norm, current);
        let mut x = B::Values::default();
        let channels = self.convs.last().map_or(1, |conv| conv.outputs);
        backend.linear(&self.projection, current, channels, Epilogue::None, &mut x);
        self.positions.add_positions(backend, &mut x, self.width, buffers);
        if !self.norm_first {
            norm(backend, &self.layer_norm, &mut x);
        }
        let mut last = run_layers(&self.layers, backend, x, buffers, trace);
        if self.norm_first {
            norm(backend, &self.layer_norm, &mut last);
        }
        last
    }
}

impl<B: Backend> ConvLayer<B> {
    fn forward(&self, backend: &mut B, x: &B::Values, out: &mut B::Values) {
        let Some((axis, norm)) = &self.norm else {
            return backend.linear(&self.conv, x, self.stride, Epilogue::Gelu, out);
        };
        backend.linear(&self.conv, x, self.stride, Epilogue::None, out);
        backend.normalise(norm, *axis, Epilogue::Gelu, out);
    }
}

impl<B: Backend> PositionalConv<B> {
    fn new(config: &Wav2Vec2Config, backend: &B, weights: Weights) -> Self {
        let Part { weight, bias, .. } = Part::load(weights, "encoder.pos_conv_embed.conv");
        let bias = bias.expect("checked beforehand");
        let outputs = config.width / config.position_groups;
        let weights = split_outputs(weight, config.position_groups);
        let groups = weights.into_iter().zip(bias.chunks_exact(outputs)).map(|(weight, bias)| {
            DenseWeights::concat([Part { weight, bias: Some(bias.to_vec()), scale: 1.0 }])
        });
        let conv = backend.dense(groups.collect());
        Self { conv, groups: config.position_groups, kernel: config.position_kernel }
    }

    fn add_positions(&self, backend: &mut B, x: &mut B::Values, width: usize, buffers: &mut Buffers<B>) {
        let Buffers { convolved: [padded, out], .. } = buffers;
        // The reference implementation pads an even kernel by half on both sides and drops the last frame.
        let before = self.kernel / 2;
        backend.pad(x, width, self.groups, [before, self.kernel - 1 - before], padded);
        backend.linear(&self.conv, padded, width / self.groups, Epilogue::Gelu, out);
        backend.add(x, out);
    }
}

/// Splits the output channels of a weight into `count` equal parts.
fn split_outputs(weight: Stored, count: usize) -> Vec<Stored> {
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
            parts
                .map(|(codes, scales)| Stored::Packed(Quantized::from_codes(codes, &shape, scales)))
                .collect()
        }
    }
}
