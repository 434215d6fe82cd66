//! GELU on tensors. burn's own calls the C library for the error function and the exponential of each value, which takes
//! longer in training than the matrix products around it, with gradients and without.

use burn::tensor::Tensor;

/// `x Φ(x)` of each value.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "train")]
    if on_cpu::is_on_cpu(&x) {
        return on_cpu::gelu(x);
    }
    burn::tensor::activation::gelu(x)
}

#[cfg(feature = "train")]
mod on_cpu {
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::flex::FlexTensor;
    use burn::backend::{Autodiff, DispatchDevice, Flex};
    use burn::tensor::{Tensor, TensorData};

    use crate::nn::activation;

    /// Returns whether a tensor is on the CPU, with autodiff or without.
    pub fn is_on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
        matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_))
    }

    #[derive(Debug)]
    struct GeluBackward;

    impl Backward<Flex, 1> for GeluBackward {
        /// The input.
        type State = FlexTensor;

        fn backward(self, ops: Ops<FlexTensor, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
            let grad_output = gradients.consume::<Flex>(&ops.node);
            if let [Some(node)] = ops.parents {
                let (mut derivatives, shape) = copied(ops.state);
                activation::gelu_derivative(&mut derivatives);
                let (grad_output, _) = copied(grad_output);
                derivatives
                    .iter_mut()
                    .zip(grad_output)
                    .for_each(|(derivative, grad_output)| *derivative *= grad_output);
                gradients
                    .register::<Flex>(node.id, FlexTensor::from_data(TensorData::new(derivatives, shape)));
            }
        }
    }

    pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
        if !x.device().is_autodiff() {
            let x = x.try_into_primitive::<Flex>().expect("a tensor on a device of flex");
            return Tensor::from_primitive::<Flex>(activated(x));
        }
        let x = x.try_into_primitive::<Autodiff<Flex>>().expect("a tensor on an autodiff device of flex");
        let (x, node) = x.into_parts();
        let y = activated(x.clone());
        let y = match GeluBackward.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(x, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        };
        Tensor::from_primitive::<Autodiff<Flex>>(y)
    }

    fn activated(x: FlexTensor) -> FlexTensor {
        let (mut values, shape) = copied(x);
        activation::gelu(&mut values);
        FlexTensor::from_data(TensorData::new(values, shape))
    }

    fn copied(tensor: FlexTensor) -> (Vec<f32>, Vec<usize>) {
        let tensor = tensor.to_contiguous();
        let shape = tensor.layout().shape().to_vec();
        (tensor.as_slice().expect("contiguous f32 values").to_vec(), shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution, Tolerance};

    #[test]
    fn values_and_gradients_are_burns() {
        let device = Device::flex().autodiff();
        let values = Tensor::<2>::random([7, 50], Distribution::Normal(0.0, 2.0), &device);
        // Contiguous and transposed.
        for is_transposed in [false, true] {
            let results = [gelu::<2>, burn::tensor::activation::gelu::<2>].map(|gelu| {
                let x = values.clone().detach().require_grad();
                let y = gelu(if is_transposed { x.clone().swap_dims(0, 1) } else { x.clone() });
                let gradients = (y.clone() * y.clone()).sum().backward();
                (y.into_data(), x.grad(&gradients).expect("tracked").into_data())
            });
            let [(y, gradient), (burns, burns_gradient)] = results;
            y.assert_approx_eq::<f32>(&burns, Tolerance::absolute(2e-6));
            gradient.assert_approx_eq::<f32>(&burns_gradient, Tolerance::absolute(5e-6));
        }
    }
}
