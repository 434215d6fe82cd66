//! Dropout with a seeded random number generator per thread.
//!
//! burn has one generator per device, so that two threads that train in parallel get different numbers from run to run.
//! Here each thread has its own, and runs are reproducible.

use burn::module::Module;
use burn::tensor::Tensor;

use super::mode;

/// Sets values to zero with a probability and scales the others up in training mode; the identity in evaluation mode.
#[derive(Module, Debug)]
pub struct Dropout {
    probability: f64,
}

impl Dropout {
    /// Drops each value with `probability`, from 0 to below 1.
    pub fn new(probability: f64) -> Self {
        assert!((0.0..1.0).contains(&probability), "a dropout probability is from 0 to below 1");
        Self { probability }
    }

    /// Keeps the shape.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if self.probability == 0.0 || !mode::is_training(&x.device()) {
            return x;
        }
        #[cfg(feature = "train")]
        let x = seeded::drop(x, self.probability);
        x
    }
}

#[cfg(feature = "train")]
pub use seeded::seed;

#[cfg(feature = "train")]
mod seeded {
    use std::cell::RefCell;

    use burn::tensor::{Tensor, TensorData};
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    thread_local! {
        static RNG: RefCell<StdRng> = RefCell::new(StdRng::seed_from_u64(0));
    }

    /// Seeds the generator of this thread.
    pub fn seed(seed: u64) {
        RNG.with_borrow_mut(|rng| *rng = StdRng::seed_from_u64(seed));
    }

    pub(super) fn drop<const D: usize>(x: Tensor<D>, probability: f64) -> Tensor<D> {
        let scale = (1.0 / (1.0 - probability)) as f32;
        let threshold = (probability * f64::from(u32::MAX)) as u32;
        let mask: Vec<f32> = RNG.with_borrow_mut(|rng| {
            let draw = |_| if rng.random::<u32>() < threshold { 0.0 } else { scale };
            (0..x.shape().num_elements()).map(draw).collect()
        });
        let mask = TensorData::new(mask, x.shape());
        let device = x.device();
        x * Tensor::from_data(mask, &device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn dropped() -> Vec<f32> {
        seed(5);
        let ones = Tensor::<2>::ones([40, 50], &Device::flex().autodiff());
        Dropout::new(0.3).forward(ones).into_data().try_to_vec().expect("f32")
    }

    #[test]
    fn dropout_has_its_probability_keeps_the_mean_and_repeats_for_a_seed() {
        let values = dropped();
        let zeros = values.iter().filter(|&&value| value == 0.0).count();
        assert!((500..700).contains(&zeros), "{zeros} of 2000");
        let mean = values.iter().sum::<f32>() / 2000.0;
        assert!((mean - 1.0).abs() < 0.1, "{mean}");
        assert_eq!(values, dropped());
    }

    #[test]
    fn nothing_is_dropped_in_evaluation_mode() {
        let ones = Tensor::<1>::ones([100], &Device::flex());
        assert_eq!(Dropout::new(0.5).forward(ones.clone()).into_data(), ones.into_data());
    }
}
