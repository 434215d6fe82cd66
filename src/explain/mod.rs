//! Explanations of predictions.
//!
//! ```text
//! samples ─ features ─▶ FeatureMap ─ last convolution, gradient ─▶ Explanation   (Grad-CAM)
//!         └ with one part after the other occluded ─ model ─▶ Occlusion ─▶ Explanation (models with an encoder)
//! ```
//!
//! A heat map shows which parts of the input a model's own logit or probability depends on. It shows neither where a person would
//! perceive the emotion, nor what the model would predict for that part alone.

mod encoder_view;
#[cfg(feature = "autodiff")]
mod grad_cam;
mod occlusion;
mod span;
mod variance;

pub use encoder_view::{EncoderView, attention, encoder_view};
#[cfg(feature = "autodiff")]
pub use grad_cam::{explain_by_gradient, grad_cam, upsample};
pub use occlusion::{Occlusion, occluded, occluded_output, parts};
pub use variance::{EmbeddingVariance, Ranked};

use serde::Serialize;

use crate::audio::SAMPLE_RATE_HZ;
use crate::features::{FeatureKind, FeatureMap, FrontEndSettings, mel_band_edges_hz};
#[cfg(feature = "autodiff")]
use crate::model::{Conditioning, Model};
use crate::model::{Emotion, Features};

/// How a heat map was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Gradient-weighted class activation mapping of the last convolution (Selvaraju et al., 2017).
    GradCam,
    /// By how much the probability falls when a part is silent (occlusion; Zeiler and Fergus, 2014).
    #[serde(rename = "silencing")]
    Occlusion,
}

/// Which parts of a clip the probability of one emotion depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// A summary of the map.
    pub summary: Summary,
    /// The heat map at the resolution of the method, 0 to 1, 1 where the emotion was raised the most. Rows are those of the
    /// features, lowest first, reduced by pooling; there is one row if the map has only a time axis, and one column if it has
    /// none. All zeros if nothing raised the emotion.
    pub coarse: FeatureMap,
    /// The heat map at the size of the features, or with one row or column.
    pub heat: FeatureMap,
    /// The normalised input of the model, if it is a feature map.
    pub input: Option<FeatureMap>,
}

/// A summary of an explanation: the JSON of the command line and of the browser.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct Summary {
    /// The emotion that is explained.
    pub emotion: Emotion,
    /// Its probability, 0 to 1.
    pub probability: f32,
    /// The method that computed the map.
    pub method: Method,
    /// Length of the clip that the map covers, in seconds.
    pub clip_s: f32,
    /// The shortest part of the clip with half of the heat, in seconds from the clip's start; none if the map has no time
    /// axis, or is empty.
    pub seconds: Option<[f32; 2]>,
    /// The fewest adjacent rows with half of the heat, first and last; none if the map has one row, or is empty.
    pub rows: Option<[usize; 2]>,
    /// The frequency range of these rows in Hz, if they are mel bands.
    pub hz: Option<[f32; 2]>,
}

/// Explains the probability of `emotion`, or else of the likeliest one, for a clip of mono samples at 16 kHz. A model with an
/// encoder classifies the clip up to 26 times for it, conditioned on other clips of the speaker if there are any; others once.
#[cfg(feature = "autodiff")]
pub fn explain(
    model: &mut Model,
    samples: &[f32],
    emotion: Option<Emotion>,
    speaker: Option<&Conditioning>,
) -> Explanation {
    explain_by_gradient(model, samples, emotion).unwrap_or_else(|| {
        let occlusion = Occlusion::of(model, samples, speaker);
        occlusion.explain(emotion.unwrap_or(occlusion.whole.label()), samples.len())
    })
}

fn seconds(samples: usize) -> f32 {
    samples as f32 / SAMPLE_RATE_HZ as f32
}

/// The frequency range of rows of mel bands.
fn in_hz(features: &Features, [first, last]: [usize; 2]) -> Option<[f32; 2]> {
    let Features::Map(FrontEndSettings { kind: FeatureKind::LogMel, sample_rate_hz, n_mels, .. }) = features
    else {
        return None;
    };
    let edges = mel_band_edges_hz(*sample_rate_hz, *n_mels);
    Some([edges[first] as f32, edges[last + 2] as f32])
}

/// Divides by the largest value and clips at 0, so that the largest is 1; all zeros if none is above 0.
fn to_heat(values: &mut [f32]) {
    let top = values.iter().copied().fold(0.0_f32, f32::max);
    let scale = if top > 0.0 { top.recip() } else { 0.0 };
    values.iter_mut().for_each(|value| *value = value.max(0.0) * scale);
}
