//! A batch from its inputs to its output.

use std::path::{Path, PathBuf};

use super::columns::{Column, columns};
use super::error::{BatchError, at};
use super::input::read_list;
use super::parts::{Parts, PartsWriter};
use super::plan::Plan;
use super::read::read;
use super::{Options, Source, Summary};
use crate::analyzer::Analyzer;
use crate::audio::SAMPLE_RATE_HZ;
use crate::parallel;

/// A batch, new or interrupted.
pub struct Batch {
    out: PathBuf,
    base: PathBuf,
    options: Options,
    columns: Vec<Column>,
    plan: Plan,
    parts: Parts,
    finished: Vec<Summary>,
}

impl Batch {
    /// Lists the inputs of a source and begins their batch, or goes on with it if an earlier process was interrupted.
    /// `analyzer` has the model that will be used. With `replace`, an output that exists will be replaced, and the parts of
    /// another batch are removed.
    ///
    /// # Errors
    /// [`BatchError`] if there are no inputs, the output cannot be written, or there is one already.
    pub fn open(
        source: &Source,
        out: &Path,
        options: Options,
        analyzer: &mut Analyzer,
        replace: bool,
    ) -> Result<Self, BatchError> {
        if options.embeddings && !options.format.has_vectors() {
            return Err(BatchError::NoEmbeddings(options.format));
        }
        let embedding = if options.embeddings { embedding_size(analyzer) } else { 0 };
        let manifest = analyzer.model().manifest();
        let columns = columns(&options, &manifest.name, embedding, source.carried())?;
        let folder = Parts::folder_of(out);
        let is_new = !folder.exists();
        if is_new && !replace && options.format.made(out).exists() {
            return Err(BatchError::Exists(options.format.made(out)));
        }
        let parts = Parts::open(out, options.format)?;
        let plan = parts
            .write_list(source, |name| options.shard.contains(name))
            .map(|(count, digest)| Plan::new(count, digest, manifest, &options))
            .and_then(|plan| parts.adopt(&plan, replace).map(|()| plan));
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => {
                if is_new {
                    parts.remove()?;
                }
                return Err(error);
            }
        };
        let finished = parts.finished();
        Ok(Self { out: out.to_owned(), base: source.base(), options, columns, plan, parts, finished })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> u64 {
        self.plan.count
    }

    /// What is finished already.
    pub fn finished(&self) -> Summary {
        let mut all = Summary::default();
        self.finished.iter().for_each(|part| all.merge(part));
        all
    }

    /// Reads the inputs that are left, with one of the `analyzers` per thread, and writes the output. `progress` is called
    /// after each, with what is done.
    ///
    /// # Errors
    /// [`BatchError`] if a file cannot be written; what is finished by then is kept.
    ///
    /// # Panics
    /// If there are no analyzers.
    pub fn run(
        self,
        mut analyzers: Vec<Analyzer>,
        mut progress: impl FnMut(&Summary),
    ) -> Result<Summary, BatchError> {
        analyzers.iter_mut().for_each(|analyzer| analyzer.choose_channel(self.options.channel));
        let mut summary = self.finished();
        let list = self.parts.list();
        let failed = |error: csv::Error| at(&list)(error.into());
        let inputs = read_list(&list, self.base).map_err(failed)?.skip(summary.recordings as usize);
        let mut writer = PartsWriter::new(&self.parts, &self.columns, self.plan.part, self.finished.len());
        parallel::stream(
            inputs,
            analyzers,
            |analyzer, input| {
                input.map(|input| {
                    let rows = read(analyzer, &input.path, &self.options);
                    (input, rows)
                })
            },
            |read| {
                let (input, rows) = read.map_err(failed)?;
                writer.add(&input, &rows)?;
                summary.add(&rows);
                progress(&summary);
                Ok(())
            },
        )?;
        let parts = writer.finish()?;
        self.options.format.join(&self.columns, &parts, &self.out).map_err(at(&self.out))?;
        self.parts.remove()?;
        Ok(summary)
    }
}

/// The size of a model's embeddings.
fn embedding_size(analyzer: &mut Analyzer) -> usize {
    let silence = vec![0.0; SAMPLE_RATE_HZ as usize];
    analyzer.analyze_samples(&silence, SAMPLE_RATE_HZ).map_or(0, |analysis| analysis.embedding.len())
}
