//! The trainable network.

use std::sync::{Mutex, PoisonError};
use std::thread;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::Dataset;
use super::tuning::Tuning;
use crate::model::{Emotion, Prediction};
use crate::nn::classifiers::{Architecture, Classifier};
use crate::nn::encoders::LastLayers;
use crate::nn::parameters::{self, Parameters};

/// Clips of an evaluation batch.
const EVALUATION_BATCH: usize = 32;

/// Held while weights are drawn: all networks of a process draw from one generator, and two trainings at once would
/// take each other's numbers.
static DRAWING: Mutex<()> = Mutex::new(());

/// A classifier, with the last layers of its encoder if they are fine-tuned.
#[derive(Module, Debug)]
pub struct Network {
    pub classifier: Classifier,
    pub layers: Option<LastLayers>,
}

/// Architecture of a [`Network`].
pub struct Design {
    /// The classifier.
    pub architecture: Architecture,
    /// The fine-tuned encoder, if there is one.
    pub tuning: Option<Tuning>,
    /// The classifier before training, if it is not random.
    pub classifier: Option<Parameters>,
}

impl Design {
    /// A network to train: the classifier as given or with random weights that follow from `seed`, the encoder's layers as
    /// they are.
    ///
    /// # Panics
    /// If the given classifier is of another architecture.
    pub fn start(&self, seed: u64, device: &Device) -> Network {
        let layers = self.tuning.as_ref().map(|tuning| tuning.layers(device));
        let classifier = match &self.classifier {
            Some(classifier) => parameters::apply(self.architecture.init(device), classifier.clone())
                .expect("the classifier of this architecture"),
            None => drawn(seed, device, |cpu| self.architecture.init(cpu)),
        };
        Network { classifier, layers }
    }

    /// A network with random weights, for loading others into.
    pub fn fresh(&self, device: &Device) -> Network {
        let layers = self.tuning.as_ref().map(|tuning| tuning.fresh_layers(device));
        Network { classifier: self.architecture.init(device), layers }
    }

    /// The classifier's input: embeddings by the fine-tuned `layers`, or the maps as they are.
    ///
    /// # Shapes
    /// - output: `[clips, rows, columns]`
    pub fn inputs(&self, layers: Option<&LastLayers>, maps: &[&[f32]], device: &Device) -> Tensor<3> {
        if let (Some(tuning), Some(layers)) = (&self.tuning, layers) {
            return Tensor::cat(maps.iter().map(|map| tuning.embed(layers, map, device)).collect(), 0);
        }
        let [rows, columns] = self.architecture.input();
        let values = TensorData::new(maps.concat(), [maps.len(), rows, columns]);
        Tensor::from_data(values, device)
    }

    /// Scores before softmax of the clips at `indices`.
    pub fn logits(
        &self,
        network: &Network,
        dataset: &Dataset,
        indices: &[usize],
        device: &Device,
    ) -> Vec<[f32; 7]> {
        let logits_of = |indices: &[usize]| {
            let mut logits = Vec::with_capacity(indices.len());
            for batch in indices.chunks(EVALUATION_BATCH) {
                let maps: Vec<&[f32]> = batch.iter().map(|&i| &dataset.maps[i][0][..]).collect();
                let inputs = self.inputs(network.layers.as_ref(), &maps, device);
                let output = network.classifier.forward(inputs).into_data();
                let output: Vec<f32> = output.try_to_vec().expect("logits are f32");
                logits.extend_from_slice(output.as_chunks::<7>().0);
            }
            logits
        };
        let (first, second) = indices.split_at(indices.len() / 2);
        thread::scope(|scope| {
            let other = scope.spawn(|| logits_of(second));
            let mut logits = logits_of(first);
            logits.extend(other.join().expect("evaluation does not panic"));
            logits
        })
    }
}

/// A network for training whose random weights follow from `seed`, whatever the device: they are drawn on the CPU.
pub fn drawn<M: Module>(seed: u64, device: &Device, init: impl FnOnce(&Device) -> M) -> M {
    let _alone = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    let cpu = Device::flex().autodiff();
    cpu.seed(seed);
    let network = init(&cpu);
    // burn draws weights when they are first asked for.
    parameters::collect(&network);
    network.fork(device)
}

/// Mean cross-entropy of logits, and the share that names the label.
pub fn loss_and_accuracy(logits: &[[f32; 7]], labels: &[Emotion]) -> (f32, f32) {
    let (mut loss, mut right) = (0.0, 0);
    for (logits, &label) in logits.iter().zip(labels) {
        let prediction = Prediction::from_logits(logits);
        loss -= prediction.of(label).max(1e-12).ln();
        right += usize::from(prediction.label() == label);
    }
    (loss / labels.len() as f32, right as f32 / labels.len() as f32)
}
