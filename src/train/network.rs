//! What learns, and how clips go through it.

use std::sync::{Mutex, PoisonError};
use std::thread;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::Dataset;
use super::tuning::Tuning;
use crate::model::{Emotion, Prediction};
use crate::nn::classifiers::{Architecture, Classifier};
use crate::nn::encoders::LastLayers;
use crate::nn::parameters;

/// Clips judged at once.
const JUDGE_BATCH: usize = 32;

/// Held while weights are drawn: all networks of a process draw from one generator, and two trainings at once would
/// take each other's numbers.
static DRAWING: Mutex<()> = Mutex::new(());

/// A classifier, and the last layers of the encoder that it listens through, if they are tuned.
#[derive(Module, Debug)]
pub struct Network {
    pub classifier: Classifier,
    pub layers: Option<LastLayers>,
}

/// What a network is made of.
pub struct Design {
    /// The classifier.
    pub architecture: Architecture,
    /// How an encoder is tuned, if it is.
    pub tuning: Option<Tuning>,
}

impl Design {
    /// A network to train: the classifier with random weights that follow from `seed`, the encoder's layers as they
    /// are.
    pub fn start(&self, seed: u64, device: &Device) -> Network {
        let layers = self.tuning.as_ref().map(|tuning| tuning.layers(device));
        Network { classifier: drawn(seed, device, || self.architecture.init(device)), layers }
    }

    /// A network with random weights, into which others can be loaded.
    pub fn fresh(&self, device: &Device) -> Network {
        let layers = self.tuning.as_ref().map(|tuning| tuning.fresh_layers(device));
        Network { classifier: self.architecture.init(device), layers }
    }

    /// What the classifier is given of clips: what the `layers` that are tuned make of their frames, or else their maps
    /// as they are.
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
    pub fn judge(
        &self,
        network: &Network,
        dataset: &Dataset,
        indices: &[usize],
        device: &Device,
    ) -> Vec<[f32; 7]> {
        let judge = |indices: &[usize]| {
            let mut scores = Vec::with_capacity(indices.len());
            for batch in indices.chunks(JUDGE_BATCH) {
                let maps: Vec<&[f32]> = batch.iter().map(|&i| &dataset.maps[i][0][..]).collect();
                let inputs = self.inputs(network.layers.as_ref(), &maps, device);
                let output = network.classifier.forward(inputs).into_data();
                let output: Vec<f32> = output.try_to_vec().expect("scores are f32");
                scores.extend_from_slice(output.as_chunks::<7>().0);
            }
            scores
        };
        let (first, second) = indices.split_at(indices.len() / 2);
        thread::scope(|scope| {
            let other = scope.spawn(|| judge(second));
            let mut scores = judge(first);
            scores.extend(other.join().expect("judging does not panic"));
            scores
        })
    }
}

/// A network whose random weights follow from `seed`.
pub fn drawn<M: Module>(seed: u64, device: &Device, init: impl FnOnce() -> M) -> M {
    let _alone = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
    let network = init();
    // burn draws weights when they are first asked for.
    parameters::collect(&network);
    network
}

/// Mean cross-entropy of scores, and the share that names the label.
pub fn loss_and_accuracy(scores: &[[f32; 7]], labels: &[Emotion]) -> (f32, f32) {
    let (mut loss, mut right) = (0.0, 0);
    for (scores, &label) in scores.iter().zip(labels) {
        let prediction = Prediction::from_scores(scores);
        loss -= prediction.of(label).max(1e-12).ln();
        right += usize::from(prediction.label() == label);
    }
    (loss / labels.len() as f32, right as f32 / labels.len() as f32)
}
