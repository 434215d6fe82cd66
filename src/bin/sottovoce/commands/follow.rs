//! `sottovoce follow`.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use sottovoce::analyzer::{Analysis, Analyzer, Report, WindowReferences};
use sottovoce::audio::{Limits, MIN_LOST_S, Stream, Window, WindowSettings, Windows};
use sottovoce::corpus::SplitKind;
use sottovoce::model::SpeakerReferenceError;
use sottovoce::parallel::{cores, map};
use sottovoce::timeline::{TimelineFormat, TimelineWindow, csv_header, render};

use super::device::InferenceDeviceArguments;
use super::predict::opinion;
use super::{ChannelArgument, ModelArguments, ReferenceArgument, fail, fail_at};

#[derive(Args)]
pub struct Arguments {
    /// A recording of any length.
    file: PathBuf,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    device: InferenceDeviceArguments,
    #[command(flatten)]
    channel: ChannelArgument,
    /// One person speaks throughout: in a second pass, condition each window on the others.
    #[arg(long)]
    same_speaker: bool,
    #[command(flatten)]
    reference: ReferenceArgument,
    /// Seconds from one window of four seconds to the next.
    #[arg(long = "step", value_name = "SECONDS", default_value = "2", value_parser = windows_every)]
    windows: WindowSettings,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed: a line for each window as it is read, or a file once all are.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line per window, for people.
    #[default]
    Text,
    /// A JSON object per window, each on a line.
    Json,
    /// Comma-separated values, with a header.
    Csv,
    /// A file of labels for Audacity.
    Audacity,
    /// A TextGrid for Praat and ELAN.
    Textgrid,
    /// Captions for video players.
    Webvtt,
}

impl Format {
    /// The format of a file with all windows; none if lines are printed.
    fn whole(self) -> Option<TimelineFormat> {
        match self {
            Self::Text | Self::Json | Self::Csv => None,
            Self::Audacity => Some(TimelineFormat::Audacity),
            Self::Textgrid => Some(TimelineFormat::TextGrid),
            Self::Webvtt => Some(TimelineFormat::WebVtt),
        }
    }
}

/// Parses the distance of windows in seconds.
pub fn windows_every(text: &str) -> Result<WindowSettings, String> {
    let step_s = text.parse().map_err(|_| "give seconds, such as 1.5".to_owned())?;
    WindowSettings::every(step_s).map_err(|error| error.to_string())
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let Arguments { model, format, .. } = arguments;
    let mut analyzers = arguments.device.device.analyzers(model, SplitKind::Random)?;
    let reference = arguments.reference.read()?;
    for analyzer in &mut analyzers {
        analyzer.set_speaker(reference.clone()).map_err(fail)?;
    }
    let start = Instant::now();
    let references = match arguments.same_speaker {
        true => Some(references(arguments, &mut analyzers)?),
        false => None,
    };
    let mut windows = open(arguments)?;
    let (mut end_s, mut count, mut read, mut all) = (0.0, 0, 0, Vec::new());
    // The first pass has collected them; models that take no references have none.
    let mut collected = if references.is_some() { None } else { WindowReferences::new(&analyzers[0]).ok() };
    if *format == Format::Csv && writeln!(io::stdout(), "{}", csv_header()).is_err() {
        return Ok(());
    }
    while let Some(batch) = next_batch(&mut windows, arguments)? {
        let reports = map(&batch, &mut analyzers, |analyzer, window| {
            if let Some(references) = &references {
                let mut others = references.excluding([window.start_s, window.end_s()]);
                if let Some(reference) = &reference {
                    others.merge(reference)?;
                }
                analyzer.set_speaker(Some(others))?;
            }
            let analysis = analyzer.read_window(window.clone());
            Ok(analysis.map(|analysis| (analysis.report(), analysis.enrolment().cloned())))
        });
        let reports = reports.into_iter().collect::<Result<Vec<_>, SpeakerReferenceError>>().map_err(fail)?;
        for (window, read_window) in batch.iter().zip(reports) {
            count += 1;
            read += usize::from(read_window.is_some());
            end_s = window.end_s();
            let (report, enrolment) = read_window.unzip();
            if let (Some(collected), Some(enrolment)) = (&mut collected, enrolment.flatten()) {
                collected.add([window.start_s, end_s], &enrolment).map_err(fail)?;
            }
            let window = timeline_window(window, report.as_ref());
            if format.whole().is_some() {
                all.push(window);
            } else if writeln!(io::stdout(), "{}", line(*format, &window)).is_err() {
                // The reader closed the pipe, as `head` does.
                return Ok(());
            }
        }
    }
    if let Some(format) = format.whole()
        && write!(io::stdout(), "{}", render(&all, format)).is_err()
    {
        return Ok(());
    }
    let took_s = start.elapsed().as_secs_f64();
    eprintln!(
        "{}: {count} windows, {read} with speech, in {took_s:.1} s: {:.0} times as fast as it plays",
        clock(end_s),
        end_s / took_s,
    );
    let voices = references.or(collected);
    if voices.is_some_and(|voices| voices.has_two_voices(analyzers[0].model()).unwrap_or_default()) {
        eprintln!("Two different voices seem to speak in it: where they meet, a window may mix them.");
        if arguments.same_speaker {
            eprintln!("--same-speaker is for one speaker.");
        }
    }
    windows.notes().iter().for_each(|note| eprintln!("{}", note.advice(windows.lost_s())));
    if windows.lost_s() >= MIN_LOST_S {
        eprintln!("About {:.1} seconds of sound are missing, or could not be read.", windows.lost_s());
    }
    if read == 0 { Err(fail("No speech was found in this recording.")) } else { Ok(()) }
}

/// The windows of the recording.
fn open(arguments: &Arguments) -> Result<Windows<'static>, ExitCode> {
    let Arguments { file, channel, windows, .. } = arguments;
    let source = File::open(file).map_err(|error| fail_at(file, error))?;
    let stream = Stream::open(Box::new(source), &Limits::default()).map_err(|error| fail_at(file, error))?;
    Ok(Windows::new(stream.with_channel(channel.channel), windows))
}

/// The next few windows for each core, so that memory does not grow with the recording; nothing at its end.
fn next_batch(windows: &mut Windows, arguments: &Arguments) -> Result<Option<Vec<Window>>, ExitCode> {
    let batch: Vec<Window> = windows
        .take(4 * cores())
        .collect::<Result<_, _>>()
        .map_err(|error| fail_at(&arguments.file, error))?;
    Ok((!batch.is_empty()).then_some(batch))
}

/// Speaker references from a first pass.
fn references(arguments: &Arguments, analyzers: &mut [Analyzer]) -> Result<WindowReferences, ExitCode> {
    let mut references = WindowReferences::new(&analyzers[0]).map_err(fail)?;
    let mut windows = open(arguments)?;
    while let Some(batch) = next_batch(&mut windows, arguments)? {
        let read = map(&batch, &mut *analyzers, |analyzer, window| analyzer.read_window(window.clone()));
        for (window, analysis) in batch.iter().zip(read) {
            if let Some(enrolment) = analysis.as_ref().and_then(Analysis::enrolment) {
                references.add([window.start_s, window.end_s()], enrolment).map_err(fail)?;
            }
        }
    }
    Ok(references)
}

fn timeline_window(window: &Window, report: Option<&Report>) -> TimelineWindow {
    let span_s = [window.start_s, window.end_s()];
    match report {
        Some(report) => TimelineWindow::new(span_s, &report.opinion, opinion(&report.opinion)),
        None => TimelineWindow::without_speech(span_s, "no speech"),
    }
}

fn line(format: Format, window: &TimelineWindow) -> String {
    match format {
        Format::Json => window.json(),
        Format::Csv => window.csv_row(),
        _ => format!("{} to {}  {}", clock(window.start_s), clock(window.end_s), window.caption),
    }
}

/// Hours, minutes and seconds.
fn clock(seconds: f64) -> String {
    let tenths = (10.0 * seconds).round() as u64;
    format!("{}:{:02}:{:02}.{}", tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10)
}
