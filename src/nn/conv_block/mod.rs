//! The building block of all convolutional networks here: convolution, ReLU, batch normalisation, max pooling and dropout.

#[cfg(feature = "train")]
mod gradients;
#[cfg(feature = "cpu")]
mod inference;
#[cfg(feature = "cpu")]
mod kernels;
#[cfg(feature = "train")]
mod training;

#[cfg(feature = "cpu")]
use burn::backend::DispatchDevice;
use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::nn::dropout::Dropout;
use crate::nn::mode;

/// Sizes of a [`ConvBlock`].
#[derive(Config, Debug)]
pub struct ConvBlockConfig {
    /// Number of input channels.
    pub in_channels: usize,
    /// Number of output channels.
    pub out_channels: usize,
    /// Rows and columns of the kernel, odd; padding keeps the size of the map.
    #[config(default = "[3, 3]")]
    pub kernel: [usize; 2],
    /// Rows and columns of the pooling window; 1, 2 or 4 columns.
    #[config(default = "[2, 2]")]
    pub pool: [usize; 2],
    /// Dropout probability after pooling.
    #[config(default = 0.0)]
    pub dropout: f64,
}

impl ConvBlockConfig {
    /// Initializes the block with random weights.
    pub fn init(&self, device: &Device) -> ConvBlock {
        ConvBlock {
            conv: Conv2dConfig::new([self.in_channels, self.out_channels], self.kernel)
                .with_padding(PaddingConfig2d::Same)
                .init(device),
            norm: BatchNormConfig::new(self.out_channels).init(device),
            pool: MaxPool2dConfig::new(self.pool).with_strides(self.pool).init(),
            dropout: Dropout::new(self.dropout),
        }
    }
}

/// Convolution with padding that keeps the size, ReLU, batch normalisation, max pooling, dropout.
#[derive(Module, Debug)]
pub struct ConvBlock {
    conv: Conv2d,
    norm: BatchNorm,
    pool: MaxPool2d,
    dropout: Dropout,
}

impl ConvBlock {
    /// # Shapes
    /// - input: `[batch, in_channels, rows, columns]`
    /// - output: `[batch, out_channels, rows / pool, columns / pool]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let device = x.device();
        #[cfg(feature = "cpu")]
        let is_flex = matches!(x.device().without_autodiff().as_dispatch(), DispatchDevice::Flex(_));
        let pooled = match mode::is_training(&device) {
            #[cfg(feature = "train")]
            true if is_flex => self.train(x),
            #[cfg(feature = "cpu")]
            false if is_flex && !device.is_autodiff() => self.infer(x),
            true => self.composed(x),
            false => self.normalise_and_pool(self.activation(x)),
        };
        self.dropout.forward(pooled)
    }

    /// Returns the activation of the convolution, after ReLU: the first half of the block.
    ///
    /// # Shapes
    /// - input: `[batch, in_channels, rows, columns]`
    /// - output: `[batch, out_channels, rows, columns]`
    pub fn activation(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.conv.forward(x))
    }

    /// The second half: normalisation by the running statistics and pooling, without dropout.
    ///
    /// # Shapes
    /// - input: `[batch, out_channels, rows, columns]`
    /// - output: `[batch, out_channels, rows / pool, columns / pool]`
    pub fn normalise_and_pool(&self, activation: Tensor<4>) -> Tensor<4> {
        let [scale, shift] = self.scale_and_shift().map(|each| each.reshape([1, -1, 1, 1]));
        self.pool.forward(activation * scale + shift)
    }

    /// The block composed of burn's operations, for devices without kernels of their own; without dropout.
    pub fn composed(&self, x: Tensor<4>) -> Tensor<4> {
        self.pool.forward(self.norm.forward(self.activation(x)))
    }

    /// Scale and shift of each channel in normalisation by the running statistics.
    fn scale_and_shift(&self) -> [Tensor<1>; 2] {
        let deviation = (self.norm.running_var.value() + self.norm.epsilon).sqrt();
        let scale = self.norm.gamma.val() / deviation;
        let shift = self.norm.beta.val() - self.norm.running_mean.value() * scale.clone();
        [scale, shift]
    }

    /// The block in evaluation mode, with the running statistics.
    #[cfg(feature = "cpu")]
    fn infer(&self, x: Tensor<4>) -> Tensor<4> {
        let [scale, shift] = self.scale_and_shift();
        let bias = self.conv.bias.as_ref().expect("the block's convolution has a bias").val();
        inference::forward(x, self.conv.weight.val(), bias, scale, shift, self.pool.kernel_size)
    }

    /// The block as one fused operation in training mode; updates the running statistics as burn does.
    #[cfg(feature = "train")]
    fn train(&self, x: Tensor<4>) -> Tensor<4> {
        let device = x.device();
        let parameters = training::Parameters {
            weight: self.conv.weight.val(),
            bias: self.conv.bias.as_ref().expect("the block's convolution has a bias").val(),
            gamma: self.norm.gamma.val(),
            beta: self.norm.beta.val(),
        };
        let output = training::forward(x, parameters, self.norm.epsilon, self.pool.kernel_size);
        for (running, batch) in
            [(&self.norm.running_mean, output.mean), (&self.norm.running_var, output.variance)]
        {
            let previous = running.value_sync().without_autodiff();
            let updated = previous * (1.0 - self.norm.momentum) + batch * self.norm.momentum;
            running.update(updated.to_device(&device).detach());
        }
        output.maps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::parameters;
    use burn::tensor::{Distribution, TensorData};

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("f32")
    }

    #[track_caller]
    fn assert_close(ours: Vec<f32>, burns: Vec<f32>, what: &str) {
        assert_eq!(ours.len(), burns.len(), "{what}");
        let largest = burns.iter().fold(1e-3_f32, |largest, value| largest.max(value.abs()));
        for (a, b) in ours.into_iter().zip(burns) {
            assert!((a - b).abs() <= 2e-4 * largest, "{what}: {a} and {b}, the largest being {largest}");
        }
    }

    /// Compares maps, gradients and running statistics of the fused operation with those of burn's composition.
    #[test]
    fn training_equals_burns_operations() {
        let device = Device::flex().autodiff();
        device.seed(7);
        for (config, size) in [
            (ConvBlockConfig::new(3, 5), [4, 3, 9, 14]),
            (ConvBlockConfig::new(1, 4).with_pool([1, 1]), [2, 1, 6, 7]),
            (ConvBlockConfig::new(6, 8).with_kernel([1, 5]).with_pool([1, 4]), [3, 6, 1, 21]),
            (ConvBlockConfig::new(40, 8), [9, 40, 20, 54]), // several tiles
        ] {
            let block = config.init(&device);
            // Gammas of both signs, so that pooling selects the smallest activation in some channels.
            let mut named = parameters::collect(&block);
            for (i, gamma) in named.get_mut("norm.gamma").expect("present").values.iter_mut().enumerate() {
                *gamma = if i % 2 == 0 { 0.7 } else { -1.2 };
            }
            let ours = parameters::apply(block, named.clone()).expect("the same block");
            let burns = parameters::apply(config.init(&device), named).expect("the same block");
            let x = Tensor::<4>::random(size, Distribution::Normal(0.1, 1.0), &device);
            let results = [(&ours, true), (&burns, false)].map(|(block, fused)| {
                let x = x.clone().detach().require_grad();
                let y = if fused { block.train(x.clone()) } else { block.composed(x.clone()) };
                let weights: Vec<f32> =
                    (0..y.shape().num_elements()).map(|i| (i as f32 * 0.7).sin()).collect();
                let weights = Tensor::<4>::from_data(TensorData::new(weights, y.shape()), &device);
                let gradients = (y.clone() * weights).sum().backward();
                let of = |tensor: Tensor<1>| values(tensor.grad(&gradients).expect("tracked"));
                vec![
                    ("maps", values(y)),
                    ("x", values(x.grad(&gradients).expect("tracked"))),
                    ("weight", values(block.conv.weight.val().grad(&gradients).expect("tracked"))),
                    ("bias", of(block.conv.bias.as_ref().expect("present").val())),
                    ("gamma", of(block.norm.gamma.val())),
                    ("beta", of(block.norm.beta.val())),
                    ("running mean", values(block.norm.running_mean.value_sync())),
                    ("running variance", values(block.norm.running_var.value_sync())),
                ]
            });
            let [ours, burns] = results;
            for ((what, ours), (_, burns)) in ours.into_iter().zip(burns) {
                assert_close(ours, burns, what);
            }
        }
    }

    #[test]
    fn inference_equals_burns_operations() {
        let device = Device::flex();
        let block = ConvBlockConfig::new(3, 5).init(&device);
        let mut named = parameters::collect(&block);
        for (name, low) in [("norm.gamma", -1.0), ("norm.running_mean", -0.5), ("norm.running_var", 0.3)] {
            for (i, value) in named.get_mut(name).expect("present").values.iter_mut().enumerate() {
                *value = low + 0.4 * i as f32;
            }
        }
        let block = parameters::apply(block, named).expect("the same block");
        let x = Tensor::<4>::random([2, 3, 9, 14], Distribution::Normal(0.1, 1.0), &device);
        assert_close(values(block.forward(x.clone())), values(block.composed(x)), "maps");
    }
}
