//! Checkpoints that survive a kill at any moment.
//!
//! A folder `epoch-NNN` appears under its name only once everything in it is written; the one before it is deleted
//! after that. Resuming takes the last.

use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{Recipe, TrainError};
use crate::nn::classifiers::{Architecture, Classifier};
use crate::nn::parameters::{self, Parameters};

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The settings of the run.
    pub recipe: Recipe,
    /// Epochs that are done.
    pub epochs_done: usize,
    /// Validation accuracy of the best epoch so far.
    pub best_accuracy: f32,
    /// Which epoch that was, counted from 1; 0 before the first.
    pub best_epoch: usize,
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

    /// Saves the state after an epoch, and the network itself if it is the best so far.
    pub fn save(
        &self,
        progress: &Progress,
        network: &Classifier,
        optimizer: &ModuleOptimizer,
    ) -> Result<(), TrainError> {
        let partial = self.folder.join("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(|error| failed(&partial, &error))?;
        }
        fs::create_dir(&partial).map_err(|error| failed(&partial, &error))?;
        let save = || -> Result<(), String> {
            let record = network.clone().into_record();
            record.save(partial.join("network.bpk")).map_err(|e| e.to_string())?;
            optimizer.save(partial.join("optimizer.bpk")).map_err(|e| e.to_string())?;
            let text = serde_json::to_string_pretty(progress).expect("plain data");
            fs::write(partial.join("progress.json"), text).map_err(|e| e.to_string())
        };
        save().map_err(|detail| failed(&partial, &detail))?;
        let done = self.folder.join(format!("epoch-{:03}", progress.epochs_done));
        fs::rename(&partial, &done).map_err(|error| failed(&done, &error))?;
        for older in self.epochs().into_iter().filter(|path| *path < done) {
            // The best epoch's network is needed at the end of the run.
            if !older.ends_with(format!("epoch-{:03}", progress.best_epoch)) {
                let _ = fs::remove_dir_all(older);
            }
        }
        Ok(())
    }

    /// The state after the last epoch that was saved, if there is one.
    ///
    /// # Errors
    /// [`TrainError::OtherRun`] when it belongs to a run with other settings.
    pub fn resume(
        &self,
        recipe: &Recipe,
        architecture: &Architecture,
        optimizer: ModuleOptimizer,
        device: &Device,
    ) -> Result<Option<(Progress, Classifier, ModuleOptimizer)>, TrainError> {
        let Some(last) = self.epochs().into_iter().max() else { return Ok(None) };
        let text = fs::read_to_string(last.join("progress.json")).map_err(|error| failed(&last, &error))?;
        let progress: Progress = serde_json::from_str(&text).map_err(|error| failed(&last, &error))?;
        if progress.recipe != *recipe {
            return Err(TrainError::OtherRun { path: self.folder.display().to_string() });
        }
        let network = load_network(&last, architecture, device)?;
        let optimizer = optimizer.load(last.join("optimizer.bpk")).map_err(|error| failed(&last, &error))?;
        Ok(Some((progress, network, optimizer)))
    }

    /// The parameters of the network after the given epoch.
    pub fn parameters(
        &self,
        epoch: usize,
        architecture: &Architecture,
        device: &Device,
    ) -> Result<Parameters, TrainError> {
        let folder = self.folder.join(format!("epoch-{epoch:03}"));
        Ok(parameters::collect(&load_network(&folder, architecture, device)?))
    }

    fn epochs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let is_epoch = |path: &PathBuf| {
            path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("epoch-"))
        };
        entries.map(|entry| entry.path()).filter(is_epoch).collect()
    }
}

fn load_network(
    folder: &Path,
    architecture: &Architecture,
    device: &Device,
) -> Result<Classifier, TrainError> {
    let record = ModuleRecord::load(folder.join("network.bpk")).map_err(|error| failed(folder, &error))?;
    let network = architecture.init(device);
    network.try_load_record(record).map_err(|error| failed(folder, &error))
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> TrainError {
    TrainError::File { path: path.display().to_string(), detail: error.to_string() }
}
