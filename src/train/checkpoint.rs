//! Checkpoints that survive a kill at any moment.
//!
//! A folder `epoch-NNN` appears under its name only once everything in it is written; the ones that are no longer
//! needed are deleted after that. Resuming takes the last.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::history::{Epoch, best};
use super::network::{Design, Network};
use super::{Recipe, TrainError, failed};
use crate::corpus::SplitSettings;
use crate::files::fill_folder;
use crate::nn::parameters::{self, Parameters};

/// What a run is: two runs with the same plan on the same clips end with the same weights.
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
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What the run is.
    pub plan: Plan,
    /// The epochs that are done.
    pub epochs: Vec<Epoch>,
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

/// The folder with a run's checkpoints.
pub struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// Opens the folder, making it if need be.
    pub fn open(folder: &Path) -> Result<Self, TrainError> {
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Saves the state after an epoch.
    pub fn save(&self, progress: &Progress, state: &State, design: &Design) -> Result<(), TrainError> {
        let last = progress.epochs.len();
        let done = self.epoch(last);
        fill_folder(&done, |partial| {
            let averaged = parameters::apply(design.fresh(&Device::flex()), state.averaged.clone());
            let averaged = averaged.map_err(|e| e.to_string())?;
            averaged.into_record().save(partial.join("judged.bpk")).map_err(|e| e.to_string())?;
            let record = state.network.clone().into_record();
            record.save(partial.join("network.bpk")).map_err(|e| e.to_string())?;
            state.optimizer.save(partial.join("optimizer.bpk")).map_err(|e| e.to_string())?;
            let text = serde_json::to_string_pretty(progress).expect("plain data");
            fs::write(partial.join("progress.json"), text).map_err(|e| e.to_string())
        })
        .map_err(|detail| failed(&done, &detail))?;
        // The best epoch's parameters are needed at the end of the run.
        let best = best(&progress.epochs).map(|best| self.epoch(best.epoch));
        for older in self.saved().into_iter().filter(|path| *path != done && Some(path) != best.as_ref()) {
            let _ = fs::remove_dir_all(older);
        }
        Ok(())
    }

    /// The state after the last epoch that was saved, if there is one. Another run's checkpoints are refused.
    pub fn resume(
        &self,
        plan: &Plan,
        design: &Design,
        optimizer: &ModuleOptimizer,
        device: &Device,
    ) -> Result<Option<(Progress, State)>, TrainError> {
        let Some(last) = self.saved().into_iter().max() else { return Ok(None) };
        let text = fs::read_to_string(last.join("progress.json")).map_err(|error| failed(&last, &error))?;
        let progress: Progress = serde_json::from_str(&text)
            .map_err(|_| TrainError::OtherRun { path: self.folder.display().to_string() })?;
        if progress.plan != *plan {
            return Err(TrainError::OtherRun { path: self.folder.display().to_string() });
        }
        let network = load(&last.join("network.bpk"), design, device)?;
        let optimizer = optimizer.clone().load(last.join("optimizer.bpk")).map_err(|e| failed(&last, &e))?;
        let averaged = parameters::collect(&self.averaged(progress.epochs.len(), design)?);
        Ok(Some((progress, State { network, optimizer, averaged })))
    }

    /// The averaged network after the given epoch, on the CPU.
    pub fn averaged(&self, epoch: usize, design: &Design) -> Result<Network, TrainError> {
        load(&self.epoch(epoch).join("judged.bpk"), design, &Device::flex())
    }

    fn epoch(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("epoch-{epoch:03}"))
    }

    fn saved(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let is_epoch = |path: &PathBuf| {
            path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("epoch-"))
        };
        entries.map(|entry| entry.path()).filter(is_epoch).collect()
    }
}

fn load(path: &Path, design: &Design, device: &Device) -> Result<Network, TrainError> {
    let record = ModuleRecord::load(path).map_err(|error| failed(path, &error))?;
    design.fresh(device).try_load_record(record).map_err(|error| failed(path, &error))
}
