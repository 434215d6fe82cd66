//! The block's forward and backward pass in training on the CPU, as one operation of burn's autodiff.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Tensor, TensorData};

use super::gradients::{Saved, backward, statistics};
use super::inference::values;
use super::kernels::{Sizes, convolve, normalise_and_pool};

/// The output of a block with the batch statistics that normalised it.
pub struct TrainingOutput {
    /// `[batch, out_channels, pooled rows, pooled columns]`.
    pub maps: Tensor<4>,
    /// Mean of each channel before normalisation, detached from the graph.
    pub mean: Tensor<1>,
    /// Variance of each channel before normalisation, detached from the graph.
    pub variance: Tensor<1>,
}

/// The parameters of a block.
pub struct Parameters {
    pub weight: Tensor<4>,
    pub bias: Tensor<1>,
    pub gamma: Tensor<1>,
    pub beta: Tensor<1>,
}

#[derive(Debug, Clone)]
struct State {
    sizes: Sizes,
    x: FlexTensor,
    weight: FlexTensor,
    gamma: FlexTensor,
    activation: FlexTensor,
    mean: FlexTensor,
    inverse_deviation: FlexTensor,
}

#[derive(Debug)]
struct ConvBlockBackward;

impl Backward<Flex, 5> for ConvBlockBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 5>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x, weight, bias, gamma, beta] = ops.parents;
        let pooled = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let State { sizes, .. } = ops.state;
        let saved = Saved {
            x: values(&ops.state.x),
            weight: values(&ops.state.weight),
            gamma: values(&ops.state.gamma),
            activation: values(&ops.state.activation),
            mean: values(&ops.state.mean),
            inverse_deviation: values(&ops.state.inverse_deviation),
        };
        let computed = backward(values(&pooled), &saved, &sizes, x.is_some());
        if let (Some(node), Some(gradient)) = (x, computed.x) {
            let shape = [sizes.batch, sizes.in_channels, sizes.rows, sizes.columns];
            gradients.register::<Flex>(node.id, tensor(gradient, &shape));
        }
        let [kernel_rows, kernel_columns] = sizes.kernel;
        if let Some(node) = weight {
            let shape = [sizes.out_channels, sizes.in_channels, kernel_rows, kernel_columns];
            gradients.register::<Flex>(node.id, tensor(computed.weight, &shape));
        }
        for (node, gradient) in [(bias, computed.bias), (gamma, computed.gamma), (beta, computed.beta)] {
            if let Some(node) = node {
                gradients.register::<Flex>(node.id, tensor(gradient, &[sizes.out_channels]));
            }
        }
    }
}

/// Convolution, ReLU, normalisation by the statistics of the batch, and pooling, on an autodiff device of flex.
///
/// # Panics
/// If the tensors are on another device.
pub fn forward(x: Tensor<4>, parameters: Parameters, epsilon: f64, pool: [usize; 2]) -> TrainingOutput {
    let [batch, in_channels, rows, columns] = x.dims();
    let [out_channels, _, kernel_rows, kernel_columns] = parameters.weight.dims();
    let sizes = Sizes {
        batch,
        in_channels,
        out_channels,
        rows,
        columns,
        kernel: [kernel_rows, kernel_columns],
        pool,
    };
    let device = x.device().without_autodiff();
    let (x, x_node) = tracked(x).into_parts();
    let (weight, weight_node) = tracked(parameters.weight).into_parts();
    let (bias, bias_node) = tracked(parameters.bias).into_parts();
    let (gamma, gamma_node) = tracked(parameters.gamma).into_parts();
    let (beta, beta_node) = tracked(parameters.beta).into_parts();
    let [x, weight, gamma] = [x, weight, gamma].map(|tensor| tensor.to_contiguous());

    let activation = convolve(values(&x), values(&weight), values(&bias), &sizes);
    let (mean, variance) = statistics(&activation, &sizes);
    let inverse_deviation: Vec<f32> =
        variance.iter().map(|variance| (f64::from(*variance) + epsilon).sqrt().recip() as f32).collect();
    let scale: Vec<f32> = values(&gamma).iter().zip(&inverse_deviation).map(|(a, b)| a * b).collect();
    let shift: Vec<f32> = values(&beta)
        .iter()
        .zip(&mean)
        .zip(&scale)
        .map(|((beta, mean), scale)| beta - mean * scale)
        .collect();
    let pooled = normalise_and_pool(&activation, &scale, &shift, &sizes);

    let [pooled_rows, pooled_columns] = sizes.pooled();
    let pooled = tensor(pooled, &[batch, out_channels, pooled_rows, pooled_columns]);
    let nodes = [x_node, weight_node, bias_node, gamma_node, beta_node];
    let detached =
        |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), [out_channels]), &device);
    let (detached_mean, detached_variance) = (detached(&mean), detached(&variance));
    let maps = match ConvBlockBackward.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let state = State {
                sizes,
                x,
                weight,
                gamma,
                activation: tensor(activation, &[batch, out_channels, rows, columns]),
                mean: tensor(mean, &[out_channels]),
                inverse_deviation: tensor(inverse_deviation, &[out_channels]),
            };
            prepared.finish(state, pooled)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(pooled),
    };
    TrainingOutput {
        maps: Tensor::from_primitive::<Autodiff<Flex>>(maps),
        mean: detached_mean,
        variance: detached_variance,
    }
}

fn tracked<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Autodiff<Flex>> {
    tensor.try_into_primitive::<Autodiff<Flex>>().expect("a tensor on an autodiff device of flex")
}

fn tensor(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
}
