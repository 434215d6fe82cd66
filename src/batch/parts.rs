//! The folder of what is finished of a batch, next to its output: the list of inputs, the plan, and each part with its
//! summary. A part without a summary is not finished.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::columns::Column;
use super::error::{BatchError, at};
use super::format::PartWriter;
use super::input::{Input, ListWriter};
use super::plan::{Plan, digest};
use super::row::Row;
use super::{Format, Source, Summary};
use crate::files::write_atomically;

/// The parts of a batch. No other process may write them meanwhile.
pub struct Parts {
    folder: PathBuf,
    format: Format,
    // Locked until it is closed.
    _lock: File,
}

impl Parts {
    /// Where the parts of an output are.
    pub fn folder_of(out: &Path) -> PathBuf {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".parts");
        out.with_file_name(name)
    }

    /// Opens the parts of an output, or begins them.
    pub fn open(out: &Path, format: Format) -> Result<Self, BatchError> {
        let folder = Self::folder_of(out);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(at(&folder)(error)),
            _ => (),
        }
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(at(&path))?;
        lock.try_lock().map_err(|_| BatchError::Busy(folder.clone()))?;
        Ok(Self { folder, format, _lock: lock })
    }

    /// Where the list of inputs is.
    pub fn list(&self) -> PathBuf {
        self.folder.join("inputs.csv")
    }

    /// Lists the inputs of a source that `is_wanted` accepts by their names; returns how many there are, and the digest of the list.
    pub fn write_list(
        &self,
        source: &Source,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(u64, String), BatchError> {
        let (path, base) = (self.list(), source.base());
        let failed = |error: csv::Error| at(&path)(error.into());
        let mut list = ListWriter::create(&path, source.carried()).map_err(failed)?;
        let (mut found, mut count) = (0_u64, 0);
        source.each(&mut |entry| {
            found += 1;
            if !is_wanted(entry.name) {
                return Ok(());
            }
            count += 1;
            list.add(entry, &base).map_err(failed)
        })?;
        if found == 0 {
            return Err(BatchError::Nothing(source.path().to_owned()));
        }
        list.finish().map_err(at(&path))?;
        let digest = File::open(&path).and_then(digest).map_err(at(&path))?;
        Ok((count, digest))
    }

    /// Takes `plan` for the parts, unless they are of another, which `replace` removes.
    pub fn adopt(&self, plan: &Plan, replace: bool) -> Result<(), BatchError> {
        let path = self.folder.join("plan.json");
        match fs::read_to_string(&path).map(|text| serde_json::from_str::<Plan>(&text)) {
            Ok(Ok(current)) if current == *plan => return Ok(()),
            Ok(_) if replace => self.clear()?,
            Ok(current) => {
                let differences =
                    current.map_or("its version".to_owned(), |current| plan.differences(&current));
                return Err(BatchError::OtherPlan { folder: self.folder.clone(), differences });
            }
            Err(_) => (),
        }
        let text = serde_json::to_string_pretty(plan).expect("plain data");
        write_atomically(&path, text.as_bytes()).map_err(at(&path))
    }

    /// Where a part is.
    pub fn part(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number:06}.{}", self.format.name()))
    }

    fn summary(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number:06}.json"))
    }

    /// The summaries of the parts that are finished.
    pub fn finished(&self) -> Vec<Summary> {
        let read = |number| serde_json::from_slice(&fs::read(self.summary(number)).ok()?).ok();
        (0..).map_while(read).collect()
    }

    /// Marks a part as finished.
    pub fn finish(&self, number: usize, summary: &Summary) -> Result<(), BatchError> {
        let path = self.summary(number);
        let text = serde_json::to_string(summary).expect("plain data");
        write_atomically(&path, text.as_bytes()).map_err(at(&path))
    }

    /// Removes the parts of another plan.
    fn clear(&self) -> Result<(), BatchError> {
        let numbers = (0..).take_while(|&number| self.summary(number).exists());
        // The last first, so that those that are left are always the first ones.
        for number in numbers.collect::<Vec<_>>().into_iter().rev() {
            let path = self.summary(number);
            fs::remove_file(&path).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Removes the folder.
    pub fn remove(self) -> Result<(), BatchError> {
        let folder = self.folder.clone();
        drop(self);
        fs::remove_dir_all(&folder).map_err(at(&folder))
    }
}

/// Writes rows into one part after the other.
pub struct PartsWriter<'a> {
    parts: &'a Parts,
    columns: &'a [Column],
    /// Inputs per part.
    size: u64,
    /// Number of finished parts.
    finished: usize,
    current: Option<(Box<dyn PartWriter + 'a>, Summary)>,
}

impl<'a> PartsWriter<'a> {
    /// Goes on after so many finished parts.
    pub fn new(parts: &'a Parts, columns: &'a [Column], size: u64, finished: usize) -> Self {
        Self { parts, columns, size, finished, current: None }
    }

    /// Writes the rows of an input.
    pub fn add(&mut self, input: &Input, rows: &[Row]) -> Result<(), BatchError> {
        let path = self.parts.part(self.finished);
        let (mut part, mut summary) = match self.current.take() {
            Some(current) => current,
            None => (self.parts.format.part(self.columns, &path).map_err(at(&path))?, Summary::default()),
        };
        part.write(input, rows).map_err(at(&path))?;
        summary.add(rows);
        let is_full = summary.recordings == self.size;
        self.current = Some((part, summary));
        if is_full { self.close() } else { Ok(()) }
    }

    /// Finishes the last part, and returns where all are.
    pub fn finish(mut self) -> Result<Vec<PathBuf>, BatchError> {
        self.close()?;
        Ok((0..self.finished).map(|number| self.parts.part(number)).collect())
    }

    fn close(&mut self) -> Result<(), BatchError> {
        if let Some((part, summary)) = self.current.take() {
            let path = self.parts.part(self.finished);
            part.finish().map_err(at(&path))?;
            self.parts.finish(self.finished, &summary)?;
            self.finished += 1;
        }
        Ok(())
    }
}
