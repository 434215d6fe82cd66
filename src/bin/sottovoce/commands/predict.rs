//! `sottovoce predict`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use sottovoce::analyzer::{Analyzer, Certainty, Report};

use super::{BAD_INPUT, ChannelArgument, ModelArguments, read_input};

#[derive(Args)]
pub struct Arguments {
    /// Recordings to read; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    channel: ChannelArgument,
    /// Print one JSON object a line, for programs; errors too, on standard error.
    #[arg(long)]
    json: bool,
}

/// Why one recording could not be read.
struct Refusal {
    code: &'static str,
    message: String,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let mut analyzer = Analyzer::new(arguments.model.load()?);
    analyzer.choose_channel(arguments.channel.channel);
    let mut refused = false;
    for file in &arguments.files {
        let outcome = read(&mut analyzer, file);
        refused |= outcome.is_err();
        if print(file, outcome, arguments.json).is_err() {
            // Whoever listened has heard enough, as `head` does.
            return Ok(());
        }
    }
    if refused { Err(ExitCode::from(BAD_INPUT)) } else { Ok(()) }
}

fn read(analyzer: &mut Analyzer, file: &Path) -> Result<Report, Refusal> {
    let bytes =
        read_input(file).map_err(|error| Refusal { code: "unreadable-file", message: error.to_string() })?;
    let analysis = analyzer
        .analyze_file(&bytes)
        .map_err(|error| Refusal { code: error.code(), message: error.to_string() })?;
    Ok(analysis.report(analyzer.model()))
}

fn print(file: &Path, outcome: Result<Report, Refusal>, json: bool) -> io::Result<()> {
    let name = file.display().to_string();
    match (outcome, json) {
        (Ok(report), false) => writeln!(io::stdout(), "{}", line(&name, &report)),
        (Ok(report), true) => {
            let mut object = json!({ "file": name });
            let fields = serde_json::to_value(&report).expect("a report is plain data");
            if let (Some(object), serde_json::Value::Object(fields)) = (object.as_object_mut(), fields) {
                object.extend(fields);
            }
            writeln!(io::stdout(), "{object}")
        }
        (Err(refusal), false) => writeln!(io::stderr(), "{name}: {}", refusal.message),
        (Err(Refusal { code, message }), true) => {
            let object = json!({ "file": name, "error": { "code": code, "message": message } });
            writeln!(io::stderr(), "{object}")
        }
    }
}

/// One line for people: `voice.wav: angry 72 % (disgust 11 %, fear 8 %)`, with what to know in brackets.
fn line(name: &str, report: &Report) -> String {
    let notes: String = report
        .notes
        .iter()
        .filter(|_| report.certainty != Certainty::NoSpeech)
        .map(|note| format!(" [{}]", note.advice))
        .collect();
    format!("{name}: {}{notes}", opinion(report))
}

/// What is said of a recording: `angry 72 % (disgust 11 %, fear 8 %)`.
pub fn opinion(report: &Report) -> String {
    let mut ranked: Vec<_> = report.probabilities.iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(a.1));
    let shares: Vec<String> =
        ranked.iter().map(|(emotion, share)| format!("{emotion} {}", percent(**share))).collect();
    match report.certainty {
        Certainty::Likely => format!("{} ({}, {})", shares[0], shares[1], shares[2]),
        Certainty::Leaning => format!("perhaps {} ({}, {})", shares[0], shares[1], shares[2]),
        Certainty::Unsure => format!("unsure ({}, {}, {})", shares[0], shares[1], shares[2]),
        Certainty::NoSpeech => "no speech found".to_owned(),
    }
}

/// Never a hundred nor none: no model is that sure.
pub fn percent(share: f32) -> String {
    match share {
        s if s >= 0.995 => "> 99 %".to_owned(),
        s if s < 0.005 => "< 1 %".to_owned(),
        s => format!("{:.0} %", 100.0 * s),
    }
}
