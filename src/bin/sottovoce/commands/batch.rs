//! `sottovoce batch`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use sottovoce::analyzer::Analyzer;
use sottovoce::audio::WindowSettings;
use sottovoce::batch::{Batch, BatchError, Format, Options, Shard, Source};
use sottovoce::parallel::cores;

use super::follow::windows_every;
use super::progress::LongProgress;
use super::{ChannelArgument, ModelArguments, fail};

#[derive(Args)]
pub struct Arguments {
    /// A folder, whose recordings are searched for at any depth; a text file with one path per line; or a CSV file with a
    /// column `file`, whose other columns are copied to the output. Paths in files are relative to the file.
    #[arg(value_name = "FOLDER|LIST|CSV")]
    source: PathBuf,
    /// The output. Its extension is the format: .parquet, .csv or .jsonl.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The format, whatever the extension: parquet, csv, jsonl, or audformat, which is a folder.
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    channel: ChannelArgument,
    /// A row for each window of four seconds, so many seconds apart, as `follow` reads long recordings.
    #[arg(long, value_name = "SECONDS", value_parser = windows_every)]
    windows: Option<WindowSettings>,
    /// Add the embeddings of the clips; in parquet and jsonl.
    #[arg(long)]
    embeddings: bool,
    /// Read only share I of N of the recordings, such as 1/8, so that several machines share the work.
    #[arg(long, value_name = "I/N", default_value_t = Shard::ALL)]
    shard: Shard,
    /// Threads, each with a copy of the model. [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Replace an output that exists, and the unfinished parts of another batch. Those of the same batch are always used.
    #[arg(long)]
    overwrite: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let Arguments { source, out, model, .. } = arguments;
    let Some(format) = arguments.format.or_else(|| Format::of(out)) else {
        return Err(fail(format!(
            "{}: end the name with .parquet, .csv or .jsonl, or name the format with --format.",
            out.display()
        )));
    };
    let options = Options {
        format,
        windows: arguments.windows,
        embeddings: arguments.embeddings,
        channel: arguments.channel.channel,
        shard: arguments.shard,
    };
    let source = Source::open(source).map_err(fail)?;
    let threads = arguments.threads.map_or_else(cores, usize::from);
    let mut analyzers =
        (0..threads).map(|_| model.load().map(Analyzer::new)).collect::<Result<Vec<_>, _>>()?;
    let batch = Batch::open(&source, out, options, &mut analyzers[0], arguments.overwrite).map_err(fail)?;
    let (start, total) = (Instant::now(), batch.inputs());
    let finished = batch.finished().recordings;
    if finished > 0 {
        eprintln!("Going on after {finished} of {total} recordings.");
    }
    let mut progress = LongProgress::new(finished, total);
    let summary = batch.run(analyzers, |summary| {
        let unreadable: u64 = summary.unreadable.values().sum();
        let message = if unreadable > 0 { format!("{unreadable} unreadable") } else { String::new() };
        progress.set(summary.recordings, &message);
    });
    progress.finish();
    let summary = summary.map_err(|error| stopped(&error))?;
    eprintln!("{}: {summary}, in {:.0} s.", out.display(), start.elapsed().as_secs_f64());
    Ok(())
}

/// Prints why a batch that had begun stopped.
fn stopped(error: &BatchError) -> ExitCode {
    fail(format!(
        "{error}\nWhat is finished is kept. Once the cause is removed, the same command goes on from there."
    ))
}
