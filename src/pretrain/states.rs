//! Distillation: say what a stronger encoder's hidden states are.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};

use super::student::{Figures, Outcome};
use super::teacher::Standard;

/// Brings a student's states to those of its teacher. A student as wide as its teacher is held against it directly.
#[derive(Module, Debug)]
pub struct StateHead {
    projections: Option<Vec<Linear>>,
}

impl StateHead {
    pub fn new(states: usize, [student, teacher]: [usize; 2], device: &Device) -> Self {
        let dense = || LinearConfig::new(student, teacher).init(device);
        Self { projections: (student != teacher).then(|| (0..states).map(|_| dense()).collect()) }
    }

    /// Mean squared error of the last states, as a share of the variance of what is told.
    ///
    /// # Shapes
    /// - states: `[batch, frames, width]` each, as many last ones as `told` has
    /// - told: `batch * frames * width` each, standardised
    pub fn loss(&self, states: &[Tensor<3>], told: &[Vec<f32>], standards: &[Standard]) -> Outcome {
        let last = &states[states.len() - told.len()..];
        let mut loss = None;
        for (number, ((state, told), standard)) in last.iter().zip(told).zip(standards).enumerate() {
            let device = state.device();
            let row = |values: &[f32]| {
                Tensor::<3>::from_data(TensorData::new(values.to_vec(), [1, 1, values.len()]), &device)
            };
            let said = match &self.projections {
                Some(projections) => projections[number].forward(state.clone()),
                None => (state.clone() - row(&standard.mean)) / row(&standard.deviation),
            };
            let variance = told.iter().map(|value| value * value).sum::<f32>() / told.len() as f32;
            let told = Tensor::from_data(TensorData::new(told.clone(), said.shape()), &device);
            let error = (said - told).square().mean() / (variance.max(1e-6) * standards.len() as f32);
            loss = Some(match loss {
                Some(sum) => sum + error,
                None => error,
            });
        }
        let loss: Tensor<1> = loss.expect("there is a state");
        let unexplained: f32 = loss.clone().into_scalar();
        Outcome { loss, figures: Figures { found: 1.0 - unexplained, chance: 0.0, used: 1.0 } }
    }
}
