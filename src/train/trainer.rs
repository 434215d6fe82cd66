//! Epochs of training, and the steps they consist of.

use std::thread;

use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Device;
use burn::tensor::activation::log_softmax;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::batch::{Batch, Batches};
use super::checkpoint::State;
use super::history::Epoch;
use super::network::{Design, Network};
use super::{Recipe, Watcher};
use crate::nn::dropout;
use crate::nn::encoders::LastLayers;
use crate::nn::parameters::{self, Parameters};
use crate::run::derive_seed;

/// Trains a network on batches by a recipe.
pub struct Trainer<'a> {
    pub design: &'a Design,
    pub batches: &'a Batches<'a>,
    pub recipe: &'a Recipe,
    /// Of the order of clips and the changes to them.
    pub seed: u64,
    /// With gradients.
    pub device: &'a Device,
}

impl Trainer<'_> {
    /// One pass over the clips at `train`; returns the mean loss and the last learning rate.
    pub fn epoch(
        &self,
        epoch: usize,
        state: &mut State,
        before: &[Epoch],
        train: &[usize],
        watcher: &dyn Watcher,
    ) -> (f32, f64) {
        let losses: Vec<f32> = before.iter().map(|epoch| epoch.validation_loss).collect();
        let mut order = train.to_vec();
        order.shuffle(&mut StdRng::seed_from_u64(derive_seed(self.seed, &[epoch, 0, 0])));
        let steps = order.len() / self.recipe.batch;
        let (mut running_loss, mut learning_rate) = (0.0, 0.0);
        for (step, batch) in order.chunks_exact(self.recipe.batch).enumerate() {
            let taken = (epoch - 1) * steps + step + 1;
            learning_rate = self.recipe.learning_rate_at(taken as f64 / steps as f64, &losses);
            let (gradients, loss) = self.gradients(&state.network, batch, epoch, step + 1);
            self.step(state, gradients, learning_rate);
            // Batch normalisation keeps running statistics a thread and averages them only when a module leaves
            // training; left to itself, it would do so once an epoch, since every step has threads of its own.
            let now = state.network.valid();
            // At the start an average over many steps would be one over random weights.
            let kept = self.recipe.averaging.min((1 + taken) as f32 / (10 + taken) as f32);
            if self.recipe.averaging > 0.0 {
                average(&mut state.averaged, parameters::collect(&now), kept);
            } else if step + 1 == steps {
                state.averaged = parameters::collect(&now);
            }
            running_loss += (loss - running_loss) / (step + 1) as f32;
            watcher.stepped(epoch, step + 1, steps, running_loss);
        }
        (running_loss, learning_rate)
    }

    /// Moves the parameters by the gradients; each layer of the encoder has a learning rate of its own.
    fn step(&self, state: &mut State, gradients: GradientsParams, learning_rate: f64) {
        let network = state.network.clone();
        let layers = network.layers.iter().flat_map(LastLayers::parameter_groups).rev();
        let mut rates = ModuleLrScheduler::new(learning_rate);
        let mut rate = learning_rate * self.recipe.encoder_rate;
        for layer in layers {
            rates = rates.with_group(layer, rate);
            rate *= self.recipe.layer_decay;
        }
        state.network = state.optimizer.step(rates.step(), network, gradients);
    }

    /// Mean gradients of a batch, its shards computed side by side, with the mean cross-entropy.
    fn gradients(
        &self,
        network: &Network,
        batch: &[usize],
        epoch: usize,
        step: usize,
    ) -> (GradientsParams, f32) {
        let shards: Vec<&[usize]> = batch.chunks(batch.len().div_ceil(self.recipe.shards)).collect();
        let count = shards.len() as f32;
        let mut sum = GradientsAccumulator::new();
        let mut loss = 0.0;
        thread::scope(|scope| {
            let running: Vec<_> = shards
                .into_iter()
                .enumerate()
                .map(|(shard, indices)| {
                    // Leaves of its own: burn locks all graphs that share one, and shards would wait for each other.
                    let network = network.clone().fork(self.device);
                    let draws = derive_seed(self.seed, &[epoch, step, shard + 1]);
                    scope.spawn(move || {
                        dropout::seed(draws);
                        let mut rng = StdRng::seed_from_u64(draws);
                        let batch = self.batches.draw(indices, &mut rng, self.device);
                        self.shard(&network, &batch, count)
                    })
                })
                .collect();
            for shard in running {
                let (gradients, shard_loss) = shard.join().expect("a shard does not panic");
                sum.accumulate(network, gradients);
                loss += shard_loss;
            }
        });
        (sum.grads(), loss)
    }

    /// The part of one of `count` shards in the mean gradients and the mean cross-entropy.
    fn shard(&self, network: &Network, batch: &Batch, count: f32) -> (GradientsParams, f32) {
        let maps: Vec<&[f32]> = batch.maps.iter().map(|map| &map[..]).collect();
        let inputs = self.design.inputs(network.layers.as_ref(), &maps, self.device);
        let logits = network.classifier.forward(batch.mix(inputs));
        let share = maps.len() as f32 * count;
        let cross_entropy = (log_softmax(logits, 1) * batch.targets.clone()).sum().neg() / share;
        let loss: f32 = cross_entropy.clone().into_scalar();
        let total = match network.classifier.weight_penalty() {
            Some(penalty) => cross_entropy + penalty / count,
            None => cross_entropy,
        };
        (GradientsParams::from_grads(total.backward(), network), loss)
    }
}

/// Moves `average` towards `now`, of which it keeps `kept`.
pub fn average(average: &mut Parameters, now: Parameters, kept: f32) {
    for (average, now) in average.values_mut().zip(now.into_values()) {
        for (average, now) in average.values.iter_mut().zip(now.values) {
            *average = kept * *average + (1.0 - kept) * now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::{Description, Input};
    use crate::model::{Embedding, Emotion, Normalisation, Statistics};
    use crate::nn::classifiers::{Architecture, MlpConfig};
    use crate::nn::encoders::{EncoderConfig, WhisperConfig};
    use crate::nn::weights::StoredParameters;
    use crate::train::fit::optimizer;
    use crate::train::spectrogram::Gain;
    use crate::train::tuning::Tuning;
    use crate::train::{Dataset, Inputs, ModelEntry, Optimizer};

    const WIDTH: usize = 8;
    const RATE: f64 = 1e-3;

    /// Three layers of an encoder, of which two are fine-tuned.
    fn design() -> Design {
        let config = WhisperConfig::new().with_width(WIDTH).with_heads(2).with_hidden(12).with_layers(3);
        let encoder = Description {
            name: "small".to_owned(),
            input: Input::Samples { normalise: false },
            network: EncoderConfig::Whisper(config),
            shards: Vec::new(),
        };
        let embedding = Embedding { encoder, states: vec![3], statistics: Statistics::MeanAndDeviation };
        let rows = embedding.rows();
        let mlp =
            MlpConfig::new([rows, 1]).with_hidden([6, 5]).with_input_dropout(0.0).with_dropout([0.0; 2]);
        let normalise = Normalisation { mean: vec![0.1; rows], std: vec![0.5; rows] };
        let tuning =
            Tuning { embedding, tensors: StoredParameters::new(), before: 0, unfrozen: 2, normalise };
        Design { architecture: Architecture::Mlp(mlp), tuning: Some(tuning), classifier: None }
    }

    /// The first step of Adam moves a parameter by the learning rate, or, without a gradient, not at all.
    #[test]
    fn layers_learn_at_decaying_rates() {
        let design = design();
        let recipe = Recipe {
            optimizer: Optimizer::Adam,
            encoder_rate: 0.1,
            layer_decay: 0.5,
            ..ModelEntry::find("voice").expect("known").recipe("best").expect("usable")
        };
        let clip = |frames: usize| vec![(0..WIDTH * frames).map(|i| (i as f32).sin()).collect()];
        let maps: Vec<Vec<Vec<f32>>> = [3, 9, 5, 7, 4].map(clip).into();
        let dataset = Dataset { rows: WIDTH, maps, labels: Emotion::ALL[..5].to_vec() };
        let tuning = design.tuning.as_ref().expect("tuned");
        let frames = Inputs::Frames { frames_of: tuning.embedding.encoder.clone() };
        let clips = [0, 1, 2, 3, 4];
        let batches = Batches::new(&dataset, &recipe, Gain::new(&frames, &tuning.normalise), &clips);
        let device = Device::flex().autodiff();
        let trainer =
            Trainer { design: &design, batches: &batches, recipe: &recipe, seed: 1, device: &device };
        let network = Network {
            layers: design.fresh(&device).layers,
            classifier: crate::train::network::drawn(1, &device, |cpu| design.architecture.init(cpu)),
        };
        let before = parameters::collect(&network.valid());
        let mut state = State { network, optimizer: optimizer(&recipe), averaged: before.clone() };
        let (gradients, _) = trainer.gradients(&state.network, &clips, 1, 1);
        trainer.step(&mut state, gradients, RATE);

        let after = parameters::collect(&state.network.valid());
        let furthest = |part: &str| {
            let parts = before.iter().zip(after.values()).filter(|((name, _), _)| name.contains(part));
            let moves = parts.flat_map(|((_, before), after)| {
                before
                    .values
                    .iter()
                    .zip(&after.values)
                    .map(|(before, after)| f64::from((after - before).abs()))
            });
            moves.fold(0.0, f64::max)
        };
        let expected =
            [("classifier", RATE), ("layers.2.", 0.1 * RATE), ("layers.1.", 0.05 * RATE), ("layers.0.", 0.0)];
        for (part, rate) in expected {
            assert!((furthest(part) - rate).abs() < 1e-3 * RATE, "{part}: {}", furthest(part));
        }
    }
}
