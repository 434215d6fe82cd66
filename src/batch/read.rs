//! The rows of one input.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::row::{Reading, Row};
use super::{InputError, Options};
use crate::analyzer::{Analyzer, FileError};
use crate::audio::{Limits, MIN_LOST_S, QualityNote, Stream, WindowSettings, Windows};

/// Reads a recording: one row, or one for each window. A recording that cannot be read has a row that says why; if it stops
/// being readable in the middle, that row comes last.
pub fn read(analyzer: &mut Analyzer, path: &Path, options: &Options) -> Vec<Row> {
    // Decoders' panics are errors by now. Should anything else panic, weeks of work do not end with it; what the analyzer
    // keeps from one clip to the next are buffers that the next one fills.
    let rows = catch_unwind(AssertUnwindSafe(|| match options.windows {
        Some(settings) => windows(analyzer, path, &settings, options),
        None => whole(analyzer, path, options).map(|row| vec![row]),
    }));
    match rows {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => vec![Row::failed(error)],
        Err(_) => vec![Row::failed(InputError::Panic)],
    }
}

fn whole(analyzer: &mut Analyzer, path: &Path, options: &Options) -> Result<Row, FileError> {
    let analysis = analyzer.analyze_source(open(path)?)?;
    Ok(Row { window_s: None, outcome: Ok(Reading::new(analysis, options.embeddings)) })
}

fn windows(
    analyzer: &mut Analyzer,
    path: &Path,
    settings: &WindowSettings,
    options: &Options,
) -> Result<Vec<Row>, FileError> {
    let stream = Stream::open(Box::new(open(path)?), &Limits::default())?.with_channel(options.channel);
    let mut windows = Windows::new(stream, settings);
    let (mut readings, mut duration_s, mut error) = (Vec::new(), 0.0, None);
    for window in windows.by_ref() {
        let window = match window {
            Ok(window) => window,
            Err(reason) => {
                error = Some(reason);
                break;
            }
        };
        let window_s = [window.start_s, window.end_s()];
        duration_s = window_s[1] as f32;
        let reading = match analyzer.read_window(window) {
            Some(analysis) => Reading::new(analysis, options.embeddings),
            None => Reading::without_speech(),
        };
        readings.push((window_s, reading));
    }
    let lost_s = windows.lost_s();
    let mut notes = windows.notes();
    notes.extend((lost_s >= MIN_LOST_S).then_some(QualityNote::Damaged));
    let rows = readings.into_iter().map(|(window_s, reading)| Row {
        window_s: Some(window_s),
        outcome: Ok(reading.of_recording(duration_s, lost_s, &notes)),
    });
    Ok(rows.chain(error.map(|reason| Row::failed(FileError::from(reason)))).collect())
}

/// Opens a file; a pipe would be waited for without end.
fn open(path: &Path) -> io::Result<File> {
    let file = path.metadata()?;
    if !file.is_file() {
        return Err(io::Error::other("this is no file"));
    }
    File::open(path)
}
