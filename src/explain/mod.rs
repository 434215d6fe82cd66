//! What decided a reading.
//!
//! ```text
//! samples ─ features ─▶ FeatureMap ─ last convolution, gradient ─▶ Explanation   (Grad-CAM)
//!         └ without one part after the other ─ model ─▶ Silencing ─▶ Explanation (models with an encoder)
//! ```
//!
//! A map says where a model's own score came from. It does not say that a person would have heard the emotion there, nor
//! what the model would say of that part alone.

mod encoder_view;
mod grad_cam;
mod silencing;
mod span;
mod variance;

pub use encoder_view::{EncoderView, attention, encoder_view};
pub use grad_cam::{enlarge, grad_cam};
pub use silencing::{Silencing, parts, silenced, without};
pub use variance::{FeatureVariance, Ranked};

use serde::Serialize;

use crate::audio::SAMPLE_RATE_HZ;
use crate::features::{FeatureKind, FeatureMap, FrontEndSettings, mel_band_edges_hz};
use crate::model::{Conditioning, Emotion, Features, Model};

/// How a heat map was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Gradient-weighted class activation mapping of the last convolution (Selvaraju et al., 2017).
    GradCam,
    /// By how much the probability falls when a part is silenced (occlusion; Zeiler and Fergus, 2014).
    Silencing,
}

/// Where in a clip the score of one emotion came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The map in a few numbers.
    pub summary: Summary,
    /// The map where the method made it, 0 to 1, 1 where the emotion was raised the most. Rows are those of the features,
    /// lowest first, made coarse by pooling; there is one row if the map tells times alone, and one column if it tells
    /// bands alone. All zeros if nothing raised the emotion.
    pub coarse: FeatureMap,
    /// The same at the size of the features, or with one row or column.
    pub heat: FeatureMap,
    /// What the model saw, normalised as it saw it, if it sees a picture.
    pub seen: Option<FeatureMap>,
}

/// An [`Explanation`] in a few numbers: the JSON of the command line and of the browser.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The emotion that is explained.
    pub emotion: Emotion,
    /// Its probability, 0 to 1.
    pub probability: f32,
    /// How the map was made.
    pub method: Method,
    /// Length of the clip that the map covers, in seconds.
    pub clip_s: f32,
    /// The shortest part of the clip with half of the heat, in seconds from the clip's start; none if the map tells no
    /// times, or is empty.
    pub seconds: Option<[f32; 2]>,
    /// The fewest neighbouring rows with half of the heat, first and last; none if the map tells no rows, or is empty.
    pub rows: Option<[usize; 2]>,
    /// The same in Hz, of mel bands.
    pub hz: Option<[f32; 2]>,
}

/// Says where in a clip of mono samples at 16 kHz the score of `emotion` came from; of the likeliest, if none is named. A
/// model with an encoder reads the clip up to 26 times for it, beside other clips of the speaker if there are any; others read it once.
pub fn explain(
    model: &mut Model,
    samples: &[f32],
    emotion: Option<Emotion>,
    speaker: Option<&Conditioning>,
) -> Explanation {
    explain_by_gradient(model, samples, emotion).unwrap_or_else(|| {
        let silencing = Silencing::of(model, samples, speaker);
        silencing.explain(emotion.unwrap_or(silencing.whole.label()), samples.len())
    })
}

/// The same, of models with convolutions alone.
pub fn explain_by_gradient(
    model: &mut Model,
    samples: &[f32],
    emotion: Option<Emotion>,
) -> Option<Explanation> {
    if model.manifest().front_end.encoder().is_some() {
        return None;
    }
    let features = model.features_of(samples);
    let prediction = model.predict(features.clone(), None);
    let emotion = emotion.unwrap_or(prediction.label());
    let size = [features.rows(), features.columns()];
    let input = model.input(features);
    let coarse = grad_cam(model.network(), input.clone(), emotion.index());
    let heat = enlarge(&coarse, size);
    let seen = input.into_data().try_to_vec().expect("features are f32");
    let rows = span::rows(&heat);
    let clip_s = seconds(samples.len());
    let summary = Summary {
        emotion,
        probability: prediction.of(emotion),
        method: Method::GradCam,
        clip_s,
        seconds: span::seconds(&heat, clip_s),
        rows,
        hz: rows.and_then(|rows| in_hz(&model.manifest().front_end, rows)),
    };
    Some(Explanation { summary, coarse, heat, seen: Some(FeatureMap::new(seen, size[0])) })
}

fn seconds(samples: usize) -> f32 {
    samples as f32 / SAMPLE_RATE_HZ as f32
}

/// What rows of mel bands reach over.
fn in_hz(features: &Features, [first, last]: [usize; 2]) -> Option<[f32; 2]> {
    let Features::Map(FrontEndSettings { kind: FeatureKind::LogMel, sample_rate_hz, n_mels, .. }) = features
    else {
        return None;
    };
    let edges = mel_band_edges_hz(*sample_rate_hz, *n_mels);
    Some([edges[first] as f32, edges[last + 2] as f32])
}

/// Divides by the largest value and cuts below 0, so that the largest is 1; all zeros if none is above 0.
fn to_heat(values: &mut [f32]) {
    let top = values.iter().copied().fold(0.0_f32, f32::max);
    let scale = if top > 0.0 { top.recip() } else { 0.0 };
    values.iter_mut().for_each(|value| *value = value.max(0.0) * scale);
}
