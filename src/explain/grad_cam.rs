//! Gradient-weighted class activation mapping (Selvaraju et al., 2017): each map of the last convolution counts by the
//! mean of its gradient, and what lowers the score is cut off.

use burn::module::Module;
use burn::tensor::Tensor;

use super::to_heat;
use crate::features::FeatureMap;
use crate::nn::classifiers::Classifier;
use crate::nn::learning;

/// The heat of the score of one `class` before softmax, as coarse as the maps of the last convolution: 0 to 1, all zeros if
/// nothing raises the score. A network that first means over time gives one column.
///
/// # Shapes
/// - maps: `[1, rows, columns]`, as the network takes them
///
/// # Panics
/// If the network has no convolutions.
pub fn grad_cam(network: &Classifier, maps: Tensor<3>, class: usize) -> FeatureMap {
    // Gradients are kept from the last convolution on only.
    let found = network.convolved(maps).expect("a network with convolutions");
    let [_, _, rows, columns] = found.dims();
    let found = found.autodiff().require_grad();
    let score = learning::held(|| {
        let network = network.clone().fork(&found.device()).no_grad();
        network.conclude(found.clone()).narrow(1, class, 1)
    });
    let gradient = found.grad(&score.sum().backward()).expect("the score depends on the convolution");
    let weights = gradient.mean_dim(3).mean_dim(2);
    let map: Tensor<4> = (found.inner() * weights).sum_dim(1);
    let mut values: Vec<f32> = map.into_data().try_to_vec().expect("maps are f32");
    to_heat(&mut values);
    // The baseline's line of means lies along the columns.
    FeatureMap::new(values, if rows == 1 { columns } else { rows })
}

/// The map at the size of the features that it was made of; still with one column if it tells no times.
pub fn enlarge(map: &FeatureMap, [rows, columns]: [usize; 2]) -> FeatureMap {
    let columns = if map.columns() == 1 { 1 } else { columns };
    let mut fine = enlarged(map, [rows, columns]);
    to_heat(&mut fine);
    FeatureMap::new(fine, rows)
}

/// Bilinear between the middles of cells, each of which stands for as many rows and columns as were pooled into it; what
/// pooling left over at the ends has the value of the last cell.
fn enlarged(map: &FeatureMap, [rows, columns]: [usize; 2]) -> Vec<f32> {
    let places = |size: usize, cells: usize| -> Vec<(usize, usize, f32)> {
        let stride = pooled_by(size, cells) as f32;
        let last = cells - 1;
        (0..size)
            .map(|i| {
                let at = ((i as f32 + 0.5) / stride - 0.5).clamp(0.0, last as f32);
                let low = at as usize;
                (low, (low + 1).min(last), at - low as f32)
            })
            .collect()
    };
    let across = places(columns, map.columns());
    let mut fine = Vec::with_capacity(rows * columns);
    for (low, high, share) in places(rows, map.rows()) {
        let (low, high) = (map.row(low), map.row(high));
        let at = |column: usize| low[column] + (high[column] - low[column]) * share;
        fine.extend(across.iter().map(|&(left, right, share)| at(left) + (at(right) - at(left)) * share));
    }
    fine
}

/// Pooling halves, and halves again, leaving out what is odd.
fn pooled_by(size: usize, cells: usize) -> usize {
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
    fn a_cell_stands_for_what_was_pooled_into_it() {
        // Five columns that were pooled by two: what the fifth holds nobody sees.
        let map = FeatureMap::new(vec![0.0, 1.0], 1);
        assert_eq!(enlarged(&map, [1, 5]), [0.0, 0.25, 0.75, 1.0, 1.0]);
        let map = FeatureMap::new(vec![0.0, 1.0], 2);
        assert_eq!(enlarged(&map, [4, 1]), [0.0, 0.25, 0.75, 1.0]);
    }

    #[test]
    fn pooling_is_found_from_the_sizes() {
        for (size, cells, by) in
            [(41, 5, 8), (216, 27, 8), (126, 15, 8), (41, 10, 4), (128, 128, 1), (7, 1, 4)]
        {
            assert_eq!(pooled_by(size, cells), by, "{size} to {cells}");
        }
    }
}
