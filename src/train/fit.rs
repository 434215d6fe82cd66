//! Epoch after epoch, with a checkpoint after each.

use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer};

use super::batch::Batches;
use super::checkpoint::{Plan, State, TrainProgress, averaged_network};
use super::history::{Epoch, best};
use super::network::{Network, loss_and_accuracy};
use super::prepare::Prepared;
use super::recipe::Optimizer;
use super::spectrogram::Gain;
use super::trainer::Trainer;
use super::{Job, Recipe, TrainError, Watcher};
use crate::model::ModelError;
use crate::nn::parameters;
use crate::run::{Checkpoints, write_log};

/// Trains until the recipe ends; returns the best epoch on the validation set and its network.
pub fn fit(
    job: &Job,
    prepared: &Prepared,
    checkpoints: &Checkpoints,
    watcher: &dyn Watcher,
) -> Result<(usize, Network), TrainError> {
    let Job { recipe, run, split: settings, device: plain, .. } = job;
    let Prepared { split, dataset, design, .. } = prepared;
    let device = plain.clone().autodiff();
    let plan = Plan {
        model: job.manifest.name.clone(),
        recipe: recipe.clone(),
        split: *settings,
        clips: split.train.len(),
        init_from: job.init_from.clone(),
    };
    let optimizer = optimizer(recipe);
    let (mut progress, mut state) = match checkpoints.last::<TrainProgress>(&plan)? {
        Some((progress, folder)) => (progress, State::load(&folder, design, &optimizer, &device)?),
        None => {
            let network = design.start(settings.seed, &device);
            let averaged = parameters::collect(&network.valid());
            (TrainProgress { plan, epochs: Vec::new() }, State { network, optimizer, averaged })
        }
    };
    let gain = Gain::new(&prepared.inputs, &prepared.normalise);
    let batches = Batches::new(dataset, recipe, gain, &split.train);
    let trainer = Trainer { design, batches: &batches, recipe, seed: settings.seed, device: &device };
    let labels = dataset.labels_of(&split.validation);
    while !is_finished(&progress.epochs, recipe) {
        let start = Instant::now();
        let epoch = progress.epochs.len() + 1;
        let (loss, learning_rate) = trainer.epoch(epoch, &mut state, &progress.epochs, &split.train, watcher);
        let averaged =
            parameters::apply(design.fresh(plain), state.averaged.clone()).map_err(ModelError::from)?;
        let logits = design.logits(&averaged, dataset, &split.validation, plain);
        let (validation_loss, validation_accuracy) = loss_and_accuracy(&logits, &labels);
        let seconds = start.elapsed().as_secs_f32();
        progress.epochs.push(Epoch {
            epoch,
            loss,
            learning_rate,
            validation_loss,
            validation_accuracy,
            seconds,
        });
        state.save(checkpoints, &progress, design)?;
        write_log(run, &progress.epochs)?;
        let is_best = best(&progress.epochs).is_some_and(|best| best.epoch == epoch);
        watcher.epoch(&progress.epochs, is_best);
    }
    let epoch = best(&progress.epochs).expect("at least one epoch").epoch;
    Ok((epoch, averaged_network(&checkpoints.path(epoch), design)?))
}

/// The optimizer of a recipe.
pub fn optimizer(recipe: &Recipe) -> ModuleOptimizer {
    // Keras' epsilon; burn's own is a hundred times as large.
    match recipe.optimizer {
        Optimizer::Adam => AdamConfig::new().with_epsilon(1e-7).init(),
        Optimizer::AdamW => {
            AdamWConfig::new().with_epsilon(1e-7).with_weight_decay(recipe.weight_decay).init()
        }
    }
}

fn is_finished(epochs: &[Epoch], recipe: &Recipe) -> bool {
    let waited = epochs.len() - best(epochs).map_or(0, |best| best.epoch);
    epochs.len() >= recipe.epochs || (recipe.stop_after > 0 && waited >= recipe.stop_after)
}
