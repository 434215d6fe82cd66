//! Convolutions over time as matrix products, channels last. burn's compute the gradient of a kernel as a convolution as
//! long as the input, which is too slow for training.

use burn::tensor::Tensor;

/// A strided convolution without padding. Frames at the end that do not fill the kernel are left out.
///
/// # Shapes
/// - x: `[batch, frames, inputs]`
/// - kernel: `[outputs, inputs, width]`, as in PyTorch
/// - output: `[batch, 1 + (frames - width) / stride, outputs]`
pub fn convolve(x: Tensor<3>, kernel: Tensor<3>, bias: Option<Tensor<1>>, stride: usize) -> Tensor<3> {
    let [outputs, inputs, width] = kernel.dims();
    let windows = windows(x, width, stride);
    let [batch, count, _] = windows.dims();
    let kernel = kernel.permute([2, 1, 0]).reshape([width * inputs, outputs]);
    let product = windows.reshape([batch * count, width * inputs]).matmul(kernel);
    let product = match bias {
        Some(bias) => product + bias.unsqueeze::<2>(),
        None => product,
    };
    product.reshape([batch, count, outputs])
}

/// A grouped convolution with stride 1, without padding.
///
/// # Shapes
/// - x: `[batch, frames, inputs]`
/// - kernel: `[outputs, inputs / groups, width]`
/// - output: `[batch, 1 + frames - width, outputs]`
pub fn convolve_groups(x: Tensor<3>, kernel: Tensor<3>, bias: Tensor<1>, groups: usize) -> Tensor<3> {
    let [outputs, inputs, width] = kernel.dims();
    let windows = windows(x, width, 1);
    let [batch, count, _] = windows.dims();
    let windows = windows.reshape([batch * count, width, groups, inputs]).permute([2, 0, 1, 3]).reshape([
        groups,
        batch * count,
        width * inputs,
    ]);
    let kernel = kernel.reshape([groups, outputs / groups, inputs, width]).permute([0, 3, 2, 1]).reshape([
        groups,
        width * inputs,
        outputs / groups,
    ]);
    windows.matmul(kernel).swap_dims(0, 1).reshape([batch, count, outputs]) + bias.unsqueeze::<3>()
}

/// Unfolds the windows of the kernel, frame by frame: `[batch, positions, width * inputs]`.
fn windows(x: Tensor<3>, width: usize, stride: usize) -> Tensor<3> {
    let [batch, frames, inputs] = x.dims();
    let positions = 1 + (frames - width) / stride;
    // Frames are grouped by strides; a window is a number of consecutive groups, the last one truncated.
    let strides = positions + width.div_ceil(stride) - 1;
    let missing = (strides * stride).saturating_sub(frames);
    let x = match missing {
        0 => x,
        _ => {
            let padding = Tensor::zeros([batch, missing, inputs], &x.device());
            Tensor::cat(vec![x, padding], 1)
        }
    };
    let x = x.narrow(1, 0, strides * stride).reshape([batch, strides, stride * inputs]);
    let parts = (0..width).step_by(stride).enumerate().map(|(part, start)| {
        let part = x.clone().narrow(1, part, positions);
        if width - start < stride { part.narrow(2, 0, (width - start) * inputs) } else { part }
    });
    Tensor::cat(parts.collect(), 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::module::conv1d;
    use burn::tensor::ops::ConvOptions;
    use burn::tensor::{Device, Distribution, Tolerance};

    #[test]
    fn convolutions_equal_burns() {
        let device = Device::flex();
        let random = |shape: [usize; 3]| Tensor::<3>::random(shape, Distribution::Default, &device);
        for (frames, width, stride) in [(40, 10, 5), (44, 10, 5), (9, 3, 2), (10, 3, 2), (8, 2, 2), (5, 5, 3)]
        {
            let (x, kernel) = (random([2, frames, 3]), random([4, 3, width]));
            let bias = Tensor::<1>::from_floats([0.1, 0.2, 0.3, 0.4], &device);
            let ours = convolve(x.clone(), kernel.clone(), Some(bias.clone()), stride).swap_dims(1, 2);
            let options = ConvOptions::new([stride], [0], [1], 1);
            let burns = conv1d(x.swap_dims(1, 2), kernel, Some(bias), options);
            ours.into_data().assert_approx_eq::<f32>(&burns.into_data(), Tolerance::absolute(1e-5));
        }
        let (x, kernel) = (random([2, 12, 6]), random([6, 2, 4]));
        let bias = Tensor::<1>::ones([6], &device);
        let ours = convolve_groups(x.clone(), kernel.clone(), bias.clone(), 3).swap_dims(1, 2);
        let burns = conv1d(x.swap_dims(1, 2), kernel, Some(bias), ConvOptions::new([1], [0], [1], 3));
        ours.into_data().assert_approx_eq::<f32>(&burns.into_data(), Tolerance::absolute(1e-5));
    }
}
