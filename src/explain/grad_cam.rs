//! Gradient-weighted class activation mapping (Selvaraju et al., 2017): the channels of the last convolution, weighted by the
//! mean of their gradients, are summed, and negative values are clipped.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Explanation, Method, Summary, in_hz, seconds, span, to_heat};
use crate::features::FeatureMap;
use crate::model::{Emotion, Model};
use crate::nn::classifiers::Classifier;
use crate::nn::mode;

/// Explains a prediction by Grad-CAM; `None` for models with an encoder.
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
    let heat = upsample(&coarse, size);
    let values = input.into_data().try_to_vec().expect("features are f32");
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
    Some(Explanation { summary, coarse, heat, input: Some(FeatureMap::new(values, size[0])) })
}

/// Returns the heat map of the logit of one `class`, at the resolution of the last convolution: 0 to 1, all zeros if nothing
/// raises the logit. A network that first averages over time gives one column.
///
/// # Shapes
/// - maps: `[1, rows, columns]`, the input of the network
///
/// # Panics
/// If the network has no convolutions.
pub fn grad_cam(network: &Classifier, maps: Tensor<3>, class: usize) -> FeatureMap {
    // Gradients are computed only for the layers after the last convolution.
    let activation = network.last_activation(maps).expect("a network with convolutions");
    let [_, _, rows, columns] = activation.dims();
    let activation = activation.autodiff().require_grad();
    let logit = mode::in_eval_mode(|| {
        let network = network.clone().fork(&activation.device()).no_grad();
        network.classify_activation(activation.clone()).narrow(1, class, 1)
    });
    let gradient = activation.grad(&logit.sum().backward()).expect("the logit depends on the convolution");
    let weights = gradient.mean_dim(3).mean_dim(2);
    let map: Tensor<4> = (activation.inner() * weights).sum_dim(1);
    let mut values: Vec<f32> = map.into_data().try_to_vec().expect("maps are f32");
    to_heat(&mut values);
    // In the baseline, the means of the rows are along the columns.
    FeatureMap::new(values, if rows == 1 { columns } else { rows })
}

/// Upsamples a map to the size of the features; a map without a time axis keeps its one column.
pub fn upsample(map: &FeatureMap, [rows, columns]: [usize; 2]) -> FeatureMap {
    let columns = if map.columns() == 1 { 1 } else { columns };
    let mut fine = upsampled(map, [rows, columns]);
    to_heat(&mut fine);
    FeatureMap::new(fine, rows)
}

/// Bilinear interpolation between the centres of cells, each of which covers the rows and columns that were pooled into it;
/// rows and columns that pooling left out at the ends have the value of the last cell.
fn upsampled(map: &FeatureMap, [rows, columns]: [usize; 2]) -> Vec<f32> {
    let positions = |size: usize, cells: usize| -> Vec<(usize, usize, f32)> {
        let stride = pooling_factor(size, cells) as f32;
        let last = cells - 1;
        (0..size)
            .map(|i| {
                let at = ((i as f32 + 0.5) / stride - 0.5).clamp(0.0, last as f32);
                let low = at as usize;
                (low, (low + 1).min(last), at - low as f32)
            })
            .collect()
    };
    let across = positions(columns, map.columns());
    let mut fine = Vec::with_capacity(rows * columns);
    for (low, high, share) in positions(rows, map.rows()) {
        let (low, high) = (map.row(low), map.row(high));
        let at = |column: usize| low[column] + (high[column] - low[column]) * share;
        fine.extend(across.iter().map(|&(left, right, share)| at(left) + (at(right) - at(left)) * share));
    }
    fine
}

/// The factor of repeated pooling by 2, which leaves out odd rows and columns.
fn pooling_factor(size: usize, cells: usize) -> usize {
    let mut by = 1;
    while size / (2 * by) >= cells {
        by *= 2;
    }
    by
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_covers_what_was_pooled_into_it() {
        // Five columns pooled by two: the fifth is left out.
        let map = FeatureMap::new(vec![0.0, 1.0], 1);
        assert_eq!(upsampled(&map, [1, 5]), [0.0, 0.25, 0.75, 1.0, 1.0]);
        let map = FeatureMap::new(vec![0.0, 1.0], 2);
        assert_eq!(upsampled(&map, [4, 1]), [0.0, 0.25, 0.75, 1.0]);
    }

    #[test]
    fn the_pooling_factor_follows_from_the_sizes() {
        for (size, cells, by) in
            [(41, 5, 8), (216, 27, 8), (126, 15, 8), (41, 10, 4), (128, 128, 1), (7, 1, 4)]
        {
            assert_eq!(pooling_factor(size, cells), by, "{size} to {cells}");
        }
    }
}
