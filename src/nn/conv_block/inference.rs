//! The block's forward pass with running statistics on the CPU.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, TensorData};

use super::kernels::{Sizes, convolve, normalise_and_pool};

/// Convolution, ReLU, `scale` and `shift` of each channel, and pooling, on a flex device without autodiff.
///
/// # Panics
/// If the tensors are on another device.
pub fn forward(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    pool: [usize; 2],
) -> Tensor<4> {
    let [batch, in_channels, rows, columns] = x.dims();
    let [out_channels, _, kernel_rows, kernel_columns] = weight.dims();
    let sizes = Sizes {
        batch,
        in_channels,
        out_channels,
        rows,
        columns,
        kernel: [kernel_rows, kernel_columns],
        pool,
    };
    let [x, weight] = [x, weight].map(primitive);
    let [bias, scale, shift] = [bias, scale, shift].map(primitive);
    let activation = convolve(values(&x), values(&weight), values(&bias), &sizes);
    let pooled = normalise_and_pool(&activation, values(&scale), values(&shift), &sizes);
    let [pooled_rows, pooled_columns] = sizes.pooled();
    let pooled =
        FlexTensor::from_data(TensorData::new(pooled, [batch, out_channels, pooled_rows, pooled_columns]));
    Tensor::from_primitive::<Flex>(pooled)
}

fn primitive<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    let tensor = tensor.try_into_primitive::<Flex>().expect("a tensor on a flex device");
    tensor.to_contiguous()
}

/// The values of a contiguous tensor.
pub fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("contiguous f32 values")
}
