//! Epochs of training, and the steps they consist of.

use std::thread;

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
use crate::nn::classifiers::Classifier;
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

/// Gradients of the two parts of a network, which have learning rates of their own.
#[derive(Default)]
struct Gradients {
    classifier: GradientsAccumulator<Classifier>,
    layers: GradientsAccumulator<LastLayers>,
}

impl Gradients {
    fn add(&mut self, network: &Network, classifier: GradientsParams, layers: GradientsParams) {
        self.classifier.accumulate(&network.classifier, classifier);
        if let Some(tuned) = &network.layers {
            self.layers.accumulate(tuned, layers);
        }
    }
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

    fn step(&self, state: &mut State, mut gradients: Gradients, learning_rate: f64) {
        let Network { classifier, layers } = state.network.clone();
        let classifier = state.optimizer.step(learning_rate, classifier, gradients.classifier.grads());
        let layers = layers.map(|layers| {
            let rate = learning_rate * self.recipe.encoder_rate;
            state.optimizer.step(rate, layers, gradients.layers.grads())
        });
        state.network = Network { classifier, layers };
    }

    /// Mean gradients of a batch, its shards computed side by side, with the mean cross-entropy.
    fn gradients(&self, network: &Network, batch: &[usize], epoch: usize, step: usize) -> (Gradients, f32) {
        let shards: Vec<&[usize]> = batch.chunks(batch.len().div_ceil(self.recipe.shards)).collect();
        let count = shards.len() as f32;
        let mut sum = Gradients::default();
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
                let (mut gradients, shard_loss) = shard.join().expect("a shard does not panic");
                sum.add(network, gradients.classifier.grads(), gradients.layers.grads());
                loss += shard_loss;
            }
        });
        (sum, loss)
    }

    /// The part of one of `count` shards in the mean gradients and the mean cross-entropy.
    ///
    /// Layers that are tuned keep no graph while the batch is classified: what the loss asks of each embedding is known
    /// then, and each clip goes through them once more, alone, with a graph. Memory holds that of one clip.
    fn shard(&self, network: &Network, batch: &Batch, count: f32) -> (Gradients, f32) {
        let maps: Vec<&[f32]> = batch.maps.iter().map(|map| &map[..]).collect();
        let plain = self.device.clone().without_autodiff();
        let still = network.layers.as_ref().map(Module::valid);
        let inputs = self.design.inputs(still.as_ref(), &maps, &plain).autodiff();
        let inputs = if still.is_some() { inputs.require_grad() } else { inputs };

        let logits = network.classifier.forward(batch.mix(inputs.clone()));
        let share = maps.len() as f32 * count;
        let cross_entropy = (log_softmax(logits, 1) * batch.targets.clone()).sum().neg() / share;
        let loss: f32 = cross_entropy.clone().into_scalar();
        let total = match network.classifier.weight_penalty() {
            Some(penalty) => cross_entropy + penalty / count,
            None => cross_entropy,
        };
        let mut gradients_of_loss = total.backward();
        let mut gradients = Gradients::default();
        if let (Some(layers), Some(towards)) = (&network.layers, inputs.grad(&gradients_of_loss)) {
            for (clip, map) in maps.iter().enumerate() {
                let embedding = self.design.inputs(Some(layers), &[map], self.device);
                let towards = towards.clone().narrow(0, clip, 1).autodiff();
                let gradients_of_loss = (embedding * towards).sum().backward();
                gradients.layers.accumulate(layers, GradientsParams::from_grads(gradients_of_loss, layers));
            }
        }
        let of_classifier = GradientsParams::from_module(&mut gradients_of_loss, &network.classifier);
        gradients.classifier.accumulate(&network.classifier, of_classifier);
        (gradients, loss)
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
    use burn::tensor::Tolerance;
    use rand::RngExt;

    use super::*;
    use crate::encoder::{Description, Input};
    use crate::model::{Embedding, Emotion, Normalisation, Statistics};
    use crate::nn::classifiers::{Architecture, MlpConfig};
    use crate::nn::encoders::{EncoderConfig, WhisperConfig};
    use crate::nn::weights::StoredParameters;
    use crate::train::Dataset;
    use crate::train::Inputs;
    use crate::train::ModelEntry;
    use crate::train::spectrogram::Gain;
    use crate::train::tuning::Tuning;

    const WIDTH: usize = 8;

    fn design() -> Design {
        let config = WhisperConfig::new().with_width(WIDTH).with_heads(2).with_hidden(12).with_layers(2);
        let encoder = Description {
            name: "small".to_owned(),
            input: Input::Samples { normalise: false },
            network: EncoderConfig::Whisper(config),
            shards: Vec::new(),
        };
        let embedding =
            Embedding { encoder, states: vec![0, 1, 2], statistics: Statistics::MeanAndDeviation };
        let rows = embedding.rows();
        let mlp =
            MlpConfig::new([rows, 1]).with_hidden([6, 5]).with_input_dropout(0.0).with_dropout([0.0; 2]);
        let normalise = Normalisation { mean: vec![0.1; rows], std: vec![0.5; rows] };
        let tensors = StoredParameters::new();
        let tuning = Tuning { embedding, tensors, before: 0, unfrozen: 1, normalise };
        Design { architecture: Architecture::Mlp(mlp), tuning: Some(tuning) }
    }

    /// Five clips of different lengths.
    fn dataset() -> Dataset {
        let mut rng = StdRng::seed_from_u64(4);
        let clip = |frames: usize| vec![(0..WIDTH * frames).map(|_| rng.random::<f32>() - 0.5).collect()];
        let maps: Vec<Vec<Vec<f32>>> = [3, 9, 5, 7, 4].map(clip).into();
        Dataset { rows: WIDTH, maps, labels: Emotion::ALL[..5].to_vec() }
    }

    /// What comes of sending clips through the layers twice is what one graph over the whole batch gives.
    #[test]
    fn checkpointed_gradients_are_those_of_one_graph() {
        let (design, dataset) = (design(), dataset());
        let recipe = ModelEntry::find("wav2vec2").expect("known").recipe("best").expect("usable");
        let device = Device::flex().autodiff();
        let tuning = design.tuning.as_ref().expect("tuned");
        let frames = Inputs::Frames { frames_of: tuning.embedding.encoder.clone() };
        let gain = Gain::new(&frames, &tuning.normalise);
        let batches = Batches::new(&dataset, &recipe, gain, &[0, 1, 2, 3, 4]);
        let trainer =
            Trainer { design: &design, batches: &batches, recipe: &recipe, seed: 1, device: &device };
        let network = design.fresh(&device);
        let batch = batches.draw(&[0, 1, 2, 3, 4], &mut StdRng::seed_from_u64(2), &device);
        let (mut gradients, loss) = trainer.shard(&network, &batch, 1.0);

        let maps: Vec<&[f32]> = batch.maps.iter().map(|map| &map[..]).collect();
        let inputs = design.inputs(network.layers.as_ref(), &maps, &device);
        let logits = network.classifier.forward(batch.mix(inputs));
        let whole = (log_softmax(logits, 1) * batch.targets.clone()).sum().neg() / 5.0;
        let whole_loss: f32 = whole.clone().into_scalar();
        assert!((loss - whole_loss).abs() < 1e-5);
        let expected = GradientsParams::from_grads(whole.backward(), &network);
        let mut sum = GradientsAccumulator::<Network>::new();
        sum.accumulate(&network, gradients.classifier.grads());
        sum.accumulate(&network, gradients.layers.grads());
        let found = sum.grads();
        // Six of the classifier, fifteen of the one layer that is fine-tuned.
        assert_eq!((found.len(), expected.len()), (21, 21));
        network.visit(&mut Compare { found: &found, expected: &expected });
    }

    struct Compare<'a> {
        found: &'a GradientsParams,
        expected: &'a GradientsParams,
    }

    impl burn::module::ModuleVisitor for Compare<'_> {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<burn::tensor::Tensor<D>>) {
            let [found, expected] = [self.found, self.expected].map(|gradients| gradients.get::<D>(param.id));
            assert_eq!(found.is_some(), expected.is_some());
            if let (Some(found), Some(expected)) = (found, expected) {
                found.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-5));
            }
        }
    }
}
