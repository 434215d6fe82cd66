//! Gradient times input of an encoder's pooled features, spread over the frames that they are pooled from.
//!
//! With `g` the gradient of the log-probability with regard to a normalised feature, `T` frames `h` of one value, their mean
//! `m` and deviation `s`, and `μ`, `σ` the mean and deviation of the feature over the training clips, frame `t` adds
//! `g (h_t - μ) / (σ T)` by the mean and `g ((h_t - m)² / s - μ) / (σ T)` by the deviation. The sum over all frames is the
//! feature's gradient times input, since it is pooled from them.

use burn::tensor::activation::log_softmax;

use super::{to_heat, with_gradients};
use crate::features::FeatureMap;
use crate::model::{Embedding, Emotion, Extractor, Model, Statistics};
use crate::nn::learning;

/// Frames on either side that a frame's heat is averaged with: encoders spread a sound over a fifth of a second.
const SMOOTH: usize = 5;

/// The heat of each frame in one row.
///
/// # Panics
/// If the model has no encoder.
pub fn heat(model: &mut Model, samples: &[f32], emotion: Emotion) -> FeatureMap {
    let mut heat = smoothed(&contributions(model, samples, emotion));
    to_heat(&mut heat);
    FeatureMap::new(heat, 1)
}

/// What each frame adds to the log-probability, to the first order.
fn contributions(model: &mut Model, samples: &[f32], emotion: Emotion) -> Vec<f32> {
    let Extractor::Embedding { encoder, embedding } = model.extractor() else {
        panic!("only what an encoder hears is attributed to time")
    };
    let embedding = embedding.clone();
    let heard = encoder.encode(samples).hidden_states;
    let pooled = embedding.summarise(|number| heard[number].clone());
    let pooled: Vec<f32> = pooled.into_data().try_to_vec().expect("states are f32");
    let gradient = gradient(model, FeatureMap::new(pooled.clone(), pooled.len()), emotion);
    let states = embedding.states.iter().map(|&number| {
        let state: Vec<f32> = heard[number].clone().into_data().try_to_vec().expect("states are f32");
        state
    });
    spread(model, &embedding, states, &pooled, &gradient)
}

/// Of the log-probability, with regard to the normalised features.
fn gradient(model: &Model, features: FeatureMap, emotion: Emotion) -> Vec<f32> {
    let input = model.input(features).autodiff().require_grad();
    let score = learning::held(|| {
        let scores = with_gradients(model.network()).forward(input.clone());
        log_softmax(scores, 1).narrow(1, emotion.index(), 1)
    });
    let gradient = input.grad(&score.sum().backward()).expect("the score depends on the features");
    gradient.into_data().try_to_vec().expect("gradients are f32")
}

/// Each feature's gradient times input, to the frames.
fn spread(
    model: &Model,
    embedding: &Embedding,
    states: impl Iterator<Item = Vec<f32>>,
    pooled: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    let normalise = &model.manifest().normalise;
    let width = embedding.encoder.network.width();
    let has_deviation = embedding.statistics == Statistics::MeanAndDeviation;
    let mut sums = Vec::new();
    for (number, state) in states.enumerate() {
        let frames = state.len() / width;
        sums.resize(frames, 0.0_f32);
        let first = number * width * if has_deviation { 2 } else { 1 };
        let slope = |row: usize| gradient[row] / (normalise.std[row] * frames as f32);
        for (sum, frame) in sums.iter_mut().zip(state.chunks_exact(width)) {
            for (i, value) in frame.iter().enumerate() {
                let mean = first + i;
                *sum += slope(mean) * (value - normalise.mean[mean]);
                if has_deviation {
                    let deviation = mean + width;
                    let from_mean = (value - pooled[mean]).powi(2) / pooled[deviation];
                    *sum += slope(deviation) * (from_mean - normalise.mean[deviation]);
                }
            }
        }
    }
    sums
}

fn smoothed(values: &[f32]) -> Vec<f32> {
    (0..values.len())
        .map(|i| {
            let around = &values[i.saturating_sub(SMOOTH)..(i + SMOOTH + 1).min(values.len())];
            around.iter().sum::<f32>() / around.len() as f32
        })
        .collect()
}
