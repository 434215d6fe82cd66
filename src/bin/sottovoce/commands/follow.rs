//! `sottovoce follow`.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use serde_json::json;
use sottovoce::analyzer::{Analyzer, Certainty, Report};
use sottovoce::audio::{LEAST_LOST_S, Limits, Stream, Window, WindowSettings, Windows};
use sottovoce::model::Emotion;
use sottovoce::parallel::{cores, map};

use super::predict::opinion;
use super::{ChannelArgument, ModelArguments, fail, fail_at};

#[derive(Args)]
pub struct Arguments {
    /// A recording of any length.
    file: PathBuf,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    channel: ChannelArgument,
    /// Seconds from one reading to the next, each of four seconds.
    #[arg(long, default_value_t = WindowSettings::default().step_s, value_parser = step)]
    step: f32,
    /// What to print for each window.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
    /// Comma-separated values, after a line that names them.
    Csv,
}

fn step(text: &str) -> Result<f32, String> {
    let seconds: f32 = text.parse().map_err(|_| "give seconds, such as 1.5".to_owned())?;
    if (0.25..=4.0).contains(&seconds) { Ok(seconds) } else { Err("give 0.25 to 4 seconds".to_owned()) }
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let Arguments { file, model, channel, step, format } = arguments;
    let mut analyzers: Vec<Analyzer> =
        (0..cores()).map(|_| model.load().map(Analyzer::new)).collect::<Result<_, _>>()?;
    let source = File::open(file).map_err(|error| fail_at(file, error))?;
    let stream = Stream::open(Box::new(source), &Limits::default()).map_err(|error| fail_at(file, error))?;
    let stream = stream.with_channel(channel.channel);
    let settings = WindowSettings { step_s: *step, ..WindowSettings::default() };
    let mut windows = Windows::new(stream, &settings);
    let begun = Instant::now();
    let (mut end_s, mut count, mut read) = (0.0, 0, 0);
    if *format == Format::Csv && writeln!(io::stdout(), "{}", head()).is_err() {
        return Ok(());
    }
    loop {
        // A few for each core at a time: memory does not grow with the recording.
        let batch: Result<Vec<Window>, _> = windows.by_ref().take(4 * cores()).collect();
        let batch = batch.map_err(|error| fail_at(file, error))?;
        if batch.is_empty() {
            break;
        }
        let reports = map(&batch, &mut analyzers, |analyzer, window| {
            let analysis = analyzer.read_window(window.clone());
            analysis.map(|analysis| analysis.report(analyzer.model()))
        });
        for (window, report) in batch.iter().zip(&reports) {
            count += 1;
            read += usize::from(report.is_some());
            end_s = window.end_s();
            if writeln!(io::stdout(), "{}", line(*format, window, report.as_ref())).is_err() {
                // Whoever listened has heard enough, as `head` does.
                return Ok(());
            }
        }
    }
    let took_s = begun.elapsed().as_secs_f64();
    eprintln!(
        "{}: {count} windows, {read} with speech, in {took_s:.1} s: {:.0} times as fast as it plays",
        clock(end_s),
        end_s / took_s,
    );
    windows.notes().iter().for_each(|note| eprintln!("{}", note.advice(windows.lost_s())));
    if windows.lost_s() >= LEAST_LOST_S {
        eprintln!("About {:.1} seconds of sound are missing, or could not be read.", windows.lost_s());
    }
    if read == 0 { Err(fail("No speech was found in this recording.")) } else { Ok(()) }
}

fn head() -> String {
    let emotions: Vec<String> = Emotion::ALL.iter().map(ToString::to_string).collect();
    format!("start_s,end_s,certainty,label,{}", emotions.join(","))
}

fn line(format: Format, window: &Window, report: Option<&Report>) -> String {
    let (start_s, end_s) = (window.start_s, window.end_s());
    let certainty = report.map_or(Certainty::NoSpeech, |report| report.certainty);
    match format {
        Format::Text => {
            let opinion = report.map_or_else(|| "no speech".to_owned(), opinion);
            format!("{} to {}  {opinion}", clock(start_s), clock(end_s))
        }
        Format::Json => {
            let mut object = json!({ "start_s": start_s, "end_s": end_s, "certainty": certainty });
            if let Some(report) = report {
                object["label"] = json!(report.label);
                object["probabilities"] = json!(report.probabilities);
            }
            object.to_string()
        }
        Format::Csv => {
            let certainty = json!(certainty);
            let certainty = certainty.as_str().expect("a word");
            let (label, shares) = report.map_or_else(
                || (String::new(), ",".repeat(Emotion::ALL.len() - 1)),
                |report| {
                    let shares = Emotion::ALL.map(|emotion| format!("{:.4}", report.probabilities[&emotion]));
                    (report.label.to_string(), shares.join(","))
                },
            );
            format!("{start_s:.2},{end_s:.2},{certainty},{label},{shares}")
        }
    }
}

/// Hours, minutes and seconds.
fn clock(seconds: f64) -> String {
    let tenths = (10.0 * seconds).round() as u64;
    format!("{}:{:02}:{:02}.{}", tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10)
}
