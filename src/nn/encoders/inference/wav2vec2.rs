//! wav2vec 2.0 and HuBERT.

use super::dense::{Dense, Part};
use super::layer::Layer;
use super::norm::Norm;
use super::{Buffers, Trace, run};
use crate::nn::activation::gelu;
use crate::nn::encoders::{FeatureNorm, Wav2Vec2Config};
use crate::nn::parameters::Parameter;
use crate::nn::quant::{Activations, Quantised, Then, Windows};
use crate::nn::weights::Stored;

/// What burn and transformers add to the variances of the convolutions' norms.
const CONV_EPSILON: f64 = 1e-5;

pub struct Wav2Vec2 {
    pub width: usize,
    pub heads: usize,
    convs: Vec<ConvLayer>,
    project_norm: Option<Norm>,
    projection: Dense,
    positions: Positions,
    layer_norm: Option<Norm>,
    layers: Vec<Layer>,
    norm_first: bool,
}

struct ConvLayer {
    conv: Dense,
    /// Values from the start of a window to that of the next.
    stride: usize,
    norm: Option<(FeatureNorm, Norm)>,
}

/// The convolution that tells positions: in each group of channels over its own.
struct Positions {
    groups: Vec<Dense>,
    kernel: usize,
}

impl Wav2Vec2 {
    pub fn new(config: &Wav2Vec2Config, weights: super::Weights) -> Self {
        let Wav2Vec2Config { width, heads, layers, norm_first, epsilon, .. } = *config;
        let layer = config.layer();
        let mut inputs = 1;
        let mut convs = Vec::new();
        for (index, &channels) in config.conv_channels.iter().enumerate() {
            let path = format!("feature_extractor.conv_layers.{index}");
            let part = Part::take(weights, &format!("{path}.conv"));
            // The samples themselves: quiet ones must not be rounded away, and there is little to win.
            let conv = if index == 0 { Dense::exact(part) } else { Dense::beside([part]) };
            let is_normed = config.feature_norm == FeatureNorm::Layer || index == 0;
            let norm = is_normed.then(|| {
                (config.feature_norm, Norm::take(weights, &format!("{path}.layer_norm"), CONV_EPSILON))
            });
            convs.push(ConvLayer { conv, stride: config.conv_strides[index] * inputs, norm });
            inputs = channels;
        }
        let projection = "feature_projection";
        Self {
            width,
            heads,
            convs,
            project_norm: config
                .project_norm
                .then(|| Norm::take(weights, &format!("{projection}.layer_norm"), epsilon)),
            projection: Dense::take(weights, &format!("{projection}.projection")),
            positions: Positions::new(config, weights),
            layer_norm: (config.final_norm || !norm_first)
                .then(|| Norm::take(weights, "encoder.layer_norm", epsilon)),
            layers: (0..layers)
                .map(|index| Layer::take(weights, &format!("encoder.layers.{index}"), layer))
                .collect(),
            norm_first,
        }
    }

    /// Of samples.
    pub fn forward(&self, samples: &[f32], buffers: &mut Buffers, trace: &mut Trace) -> Vec<f32> {
        let Buffers { convolved: [heard, next], rounded, .. } = buffers;
        heard.clear();
        heard.extend_from_slice(samples);
        for layer in &self.convs {
            layer.forward(heard, rounded, next);
            std::mem::swap(heard, next);
        }
        if let Some(norm) = &self.project_norm {
            norm.over_channels(heard);
        }
        let windows = Windows::rows(heard, self.projection.inputs());
        let mut x = vec![0.0; windows.count * self.width];
        self.projection.forward(windows, Then::Keep, rounded, &mut x);
        self.positions.add_to(&mut x, buffers);
        let norm = |x: &mut [f32]| self.layer_norm.iter().for_each(|norm| norm.over_channels(x));
        if !self.norm_first {
            norm(&mut x);
        }
        let mut last = run(&self.layers, x, buffers, trace);
        if self.norm_first {
            norm(&mut last);
        }
        last
    }
}

impl ConvLayer {
    fn forward(&self, x: &[f32], rounded: &mut Activations, out: &mut Vec<f32>) {
        let windows = Windows::sliding(x, self.conv.inputs(), self.stride);
        out.resize(windows.count * self.conv.outputs(), 0.0);
        let Some((kind, norm)) = &self.norm else {
            return self.conv.forward(windows, Then::Gelu, rounded, out);
        };
        self.conv.forward(windows, Then::Keep, rounded, out);
        match kind {
            FeatureNorm::Group => norm.over_time(out),
            FeatureNorm::Layer => norm.over_channels(out),
        }
        gelu(out);
    }
}

impl Positions {
    fn new(config: &Wav2Vec2Config, weights: super::Weights) -> Self {
        let Part { weight, bias, .. } = Part::take(weights, "encoder.pos_conv_embed.conv");
        let bias = bias.expect("checked beforehand");
        let outputs = config.width / config.position_groups;
        let weights = divided(weight, config.position_groups);
        let groups = weights
            .into_iter()
            .zip(bias.chunks_exact(outputs))
            .map(|(weight, bias)| Dense::beside([Part { weight, bias: Some(bias.to_vec()), scale: 1.0 }]));
        Self { groups: groups.collect(), kernel: config.position_kernel }
    }

    fn add_to(&self, x: &mut [f32], buffers: &mut Buffers) {
        let Buffers { convolved: [padded, out], rounded, .. } = buffers;
        let channels = self.groups[0].outputs();
        let width = channels * self.groups.len();
        let frames = x.len() / width;
        out.resize(frames * channels, 0.0);
        for (group, dense) in self.groups.iter().enumerate() {
            padded.clear();
            // The reference pads an even kernel by half on both sides and drops the last frame.
            padded.resize((frames + self.kernel - 1) * channels, 0.0);
            let inside = padded[self.kernel / 2 * channels..].chunks_exact_mut(channels);
            for (padded, x) in inside.zip(x.chunks_exact(width)) {
                padded.copy_from_slice(&x[group * channels..][..channels]);
            }
            let windows = Windows::sliding(padded, dense.inputs(), channels);
            dense.forward(windows, Then::Gelu, rounded, out);
            for (x, out) in x.chunks_exact_mut(width).zip(out.chunks_exact(channels)) {
                x[group * channels..][..channels].iter_mut().zip(out).for_each(|(x, out)| *x += out);
            }
        }
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
