//! What a checkpoint of a model's training holds.

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::history::{Epoch, best};
use super::network::{Design, Network};
use super::{Recipe, TrainError};
use crate::corpus::SplitSettings;
use crate::nn::parameters::{self, Parameters};
use crate::run::{Checkpoints, Progress, failed};

/// Parameters of the network.
const NETWORK: &str = "network.bpk";
/// Their exponential moving average.
const AVERAGED: &str = "averaged.bpk";
const OPTIMIZER: &str = "optimizer.bpk";

/// What determines a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Name of the model.
    pub model: String,
    /// How it is trained.
    pub recipe: Recipe,
    /// How the clips are divided; its seed is that of everything else, too.
    pub split: SplitSettings,
    /// Clips to train on.
    pub clips: usize,
    /// The finished model that it started from.
    pub init_from: Option<PathBuf>,
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainProgress {
    /// What the run is.
    pub plan: Plan,
    /// The epochs that are done.
    pub epochs: Vec<Epoch>,
}

impl Progress for TrainProgress {
    type Plan = Plan;

    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn done(&self) -> usize {
        self.epochs.len()
    }
}

/// Everything that training changes.
pub struct State {
    /// What is trained.
    pub network: Network,
    /// The optimizer's memory.
    pub optimizer: ModuleOptimizer,
    /// The parameters that are evaluated: the network's, or their exponential moving average.
    pub averaged: Parameters,
}

impl State {
    /// Saves the state after an epoch. The best epoch's checkpoint stays: its parameters are those of the finished model.
    pub fn save(
        &self,
        checkpoints: &Checkpoints,
        progress: &TrainProgress,
        design: &Design,
    ) -> Result<(), TrainError> {
        let best = best(&progress.epochs).map(|best| best.epoch);
        checkpoints.save(progress, best, |folder| {
            let averaged = parameters::apply(design.fresh(&Device::flex()), self.averaged.clone());
            let averaged = averaged.map_err(|e| e.to_string())?;
            averaged.into_record().save(folder.join(AVERAGED)).map_err(|e| e.to_string())?;
            let record = self.network.clone().into_record();
            record.save(folder.join(NETWORK)).map_err(|e| e.to_string())?;
            self.optimizer.save(folder.join(OPTIMIZER)).map_err(|e| e.to_string())
        })?;
        Ok(())
    }

    /// The state in the folder of a checkpoint.
    pub fn load(
        folder: &Path,
        design: &Design,
        optimizer: &ModuleOptimizer,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let optimizer =
            optimizer.clone().load(folder.join(OPTIMIZER)).map_err(|error| failed(folder, &error))?;
        let averaged = parameters::collect(&averaged_network(folder, design)?);
        Ok(Self { network: load(&folder.join(NETWORK), design, device)?, optimizer, averaged })
    }
}

/// The network with averaged parameters in the folder of a checkpoint, on the CPU.
pub fn averaged_network(folder: &Path, design: &Design) -> Result<Network, TrainError> {
    load(&folder.join(AVERAGED), design, &Device::flex())
}

fn load(path: &Path, design: &Design, device: &Device) -> Result<Network, TrainError> {
    let record = ModuleRecord::load(path).map_err(|error| failed(path, &error))?;
    Ok(design.fresh(device).try_load_record(record).map_err(|error| failed(path, &error))?)
}
