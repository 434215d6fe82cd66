//! Batch normalisation by the statistics that were gathered in training.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use super::learning;

/// What each channel is multiplied with, and what is added to it.
pub fn scale_and_shift(norm: &BatchNorm) -> [Tensor<1>; 2] {
    let deviation = (norm.running_var.value() + norm.epsilon).sqrt();
    let scale = norm.gamma.val() / deviation;
    let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
    [scale, shift]
}

/// By the batch's own statistics where the network learns, which burn does wherever gradients are kept.
///
/// # Shapes
/// - input and output: `[batch, channels]`
pub fn forward(norm: &BatchNorm, x: Tensor<2>) -> Tensor<2> {
    if learning::is_on(&x.device()) {
        return norm.forward(x);
    }
    let [scale, shift] = scale_and_shift(norm).map(|each| each.unsqueeze::<2>());
    x * scale + shift
}
