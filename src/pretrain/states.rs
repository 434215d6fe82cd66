//! Distillation: predict the hidden states of a stronger encoder.

use std::sync::Arc;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::StdRng;

use super::objective::{Batch, LossMetrics, LossOutput, MaskedEncoder, Objective};
use super::teacher::Standardization;

/// Projects a student's hidden states to the teacher's width. A student as wide as its teacher needs no projection.
#[derive(Module, Debug)]
pub struct StateHead {
    projections: Option<Vec<Linear>>,
    /// Whether the one target is the input of the teacher's first layer, predicted by the convolutions alone.
    input_only: bool,
    /// How the teacher's states are standardized, one each.
    #[module(skip)]
    standardizations: Arc<[Standardization]>,
}

impl StateHead {
    /// A head that predicts all hidden states that have a standardization.
    pub fn new(width: usize, standardizations: &[Standardization], device: &Device) -> Self {
        let teacher = standardizations.first().map_or(0, Standardization::width);
        let dense = || LinearConfig::new(width, teacher).init(device);
        Self {
            projections: (width != teacher).then(|| standardizations.iter().map(|_| dense()).collect()),
            input_only: false,
            standardizations: standardizations.into(),
        }
    }

    /// A head that predicts the input of the teacher's first layer.
    pub fn for_input(width: usize, standardizations: &[Standardization], device: &Device) -> Self {
        Self { input_only: true, ..Self::new(width, standardizations, device) }
    }

    /// Mean squared error of the last states, as a share of the targets' variance.
    ///
    /// # Shapes
    /// - states: `[batch, frames, width]` each, at least as many as there are targets
    /// - targets: `batch * frames * width` each, standardized
    fn unexplained(&self, states: &[Tensor<3>], targets: &[Vec<f32>]) -> Tensor<1> {
        let last = &states[states.len() - targets.len()..];
        let mut loss = None;
        for (number, ((state, targets), standard)) in
            last.iter().zip(targets).zip(self.standardizations.iter()).enumerate()
        {
            let device = state.device();
            let row = |values: &[f32]| {
                Tensor::<3>::from_data(TensorData::new(values.to_vec(), [1, 1, values.len()]), &device)
            };
            let predicted = match &self.projections {
                Some(projections) => projections[number].forward(state.clone()),
                None => (state.clone() - row(&standard.mean)) / row(&standard.deviation),
            };
            let variance = targets.iter().map(|value| value * value).sum::<f32>() / targets.len() as f32;
            let targets = Tensor::from_data(TensorData::new(targets.clone(), predicted.shape()), &device);
            let states = self.standardizations.len() as f32;
            let error = (predicted - targets).square().mean() / (variance.max(1e-6) * states);
            loss = Some(match loss {
                Some(sum) => sum + error,
                None => error,
            });
        }
        loss.expect("there is a state")
    }
}

impl Objective for StateHead {
    fn loss(&self, encoder: &MaskedEncoder, batch: &Batch, _rng: &mut StdRng) -> LossOutput {
        let (_, frames) = encoder.extract_features(batch);
        let states = if self.input_only {
            vec![encoder.add_positions(frames)]
        } else {
            encoder.encode(frames).hidden_states
        };
        let loss = self.unexplained(&states, batch.targets.states());
        let unexplained: f32 = loss.clone().into_scalar();
        LossOutput { loss, metrics: LossMetrics { accuracy: 1.0 - unexplained, chance: 0.0, used: 1.0 } }
    }

    fn uses_layers(&self) -> bool {
        !self.input_only
    }
}
