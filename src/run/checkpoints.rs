//! Checkpoints that survive a kill at any moment.
//!
//! A folder appears under its name only once everything in it is written; folders that are no longer needed are deleted after
//! that. Resuming takes the last.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{RunError, failed};
use crate::files::fill_folder;

/// How far a run has come; saved in every checkpoint.
pub trait Progress: Serialize + DeserializeOwned {
    /// What determines a run: two runs with the same plan on the same clips end with the same weights.
    type Plan: PartialEq;

    /// The plan of the run.
    fn plan(&self) -> &Self::Plan;

    /// How many epochs or steps are done: the number of the checkpoint.
    fn done(&self) -> usize;
}

/// The folder with a run's checkpoints.
pub struct Checkpoints {
    folder: PathBuf,
    unit: &'static str,
}

impl Checkpoints {
    const PROGRESS: &str = "progress.json";

    /// Opens the folder `checkpoints` of a run, creating it if need be; `unit` is what checkpoints count: epochs or steps.
    ///
    /// # Errors
    /// [`RunError`] when the folder cannot be created.
    pub fn open(run: &Path, unit: &'static str) -> Result<Self, RunError> {
        let folder = run.join("checkpoints");
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
        Ok(Self { folder, unit })
    }

    /// Saves `progress` and what `write` puts into the new checkpoint's folder, then deletes older checkpoints except
    /// number `keep`.
    ///
    /// # Errors
    /// [`RunError`] when a file cannot be written.
    pub fn save<P: Progress>(
        &self,
        progress: &P,
        keep: Option<usize>,
        write: impl FnOnce(&Path) -> Result<(), String>,
    ) -> Result<(), RunError> {
        let saved = self.path(progress.done());
        fill_folder(&saved, |partial| {
            write(partial)?;
            let text = serde_json::to_string_pretty(progress).expect("plain data");
            fs::write(partial.join(Self::PROGRESS), text).map_err(|error| error.to_string())
        })
        .map_err(|detail| failed(&saved, &detail))?;
        let kept = keep.map(|number| self.path(number));
        for older in self.all().into_iter().filter(|path| *path != saved && Some(path) != kept.as_ref()) {
            let _ = fs::remove_dir_all(older);
        }
        Ok(())
    }

    /// The last checkpoint's progress and folder, if there is one.
    ///
    /// # Errors
    /// [`RunError`] when it cannot be read, or belongs to a run with another plan.
    pub fn last<P: Progress>(&self, plan: &P::Plan) -> Result<Option<(P, PathBuf)>, RunError> {
        let Some(last) = self.all().into_iter().max() else { return Ok(None) };
        let text = fs::read_to_string(last.join(Self::PROGRESS)).map_err(|error| failed(&last, &error))?;
        match serde_json::from_str::<P>(&text) {
            Ok(progress) if progress.plan() == plan => Ok(Some((progress, last))),
            _ => Err(RunError::OtherRun { path: self.folder.display().to_string() }),
        }
    }

    /// The folder of the checkpoint with this number.
    pub fn path(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{}-{number:06}", self.unit))
    }

    fn all(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let is_checkpoint = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.and_then(|name| name.strip_prefix(self.unit)).is_some_and(|rest| rest.starts_with('-'))
        };
        entries.map(|entry| entry.path()).filter(is_checkpoint).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Counted {
        plan: String,
        steps: usize,
    }

    impl Progress for Counted {
        type Plan = String;

        fn plan(&self) -> &String {
            &self.plan
        }

        fn done(&self) -> usize {
            self.steps
        }
    }

    #[test]
    fn the_last_checkpoint_resumes_its_own_run_alone() {
        let run = std::env::temp_dir().join(format!("sottovoce-checkpoints-{}", std::process::id()));
        let checkpoints = Checkpoints::open(&run, "step").expect("created");
        let plan = "plan".to_owned();
        assert_eq!(checkpoints.last::<Counted>(&plan).expect("readable"), None);
        for steps in [9, 10, 100] {
            let write = |folder: &Path| fs::write(folder.join("weights"), [1]).map_err(|e| e.to_string());
            checkpoints.save(&Counted { plan: plan.clone(), steps }, Some(9), write).expect("saved");
        }
        let failure = |_: &Path| Err("disk full".to_owned());
        assert!(checkpoints.save(&Counted { plan: plan.clone(), steps: 101 }, None, failure).is_err());
        let (progress, folder) = checkpoints.last::<Counted>(&plan).expect("readable").expect("saved");
        assert_eq!(progress.steps, 100);
        assert!(folder.join("weights").is_file());
        assert!(checkpoints.path(9).is_dir() && !checkpoints.path(10).exists());
        let refused = checkpoints.last::<Counted>(&"another".to_owned());
        assert!(matches!(refused, Err(RunError::OtherRun { .. })));
        fs::remove_dir_all(&run).expect("cleaned up");
    }
}
