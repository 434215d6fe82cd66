//! `sottovoce predict`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use sottovoce::analyzer::{Analysis, Analyzer, Certainty, FileError, Opinion, Report};
use sottovoce::corpus::SplitKind;
use sottovoce::custom::CustomClassifier;
use sottovoce::files::write_atomically;
use sottovoce::model::SpeakerReference;

use super::device::InferenceDeviceArguments;
use super::{BAD_INPUT, ChannelArgument, ModelArguments, ReferenceArgument, fail, fail_at, read_input};

#[derive(Args)]
pub struct Arguments {
    /// The recordings; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    device: InferenceDeviceArguments,
    #[command(flatten)]
    channel: ChannelArgument,
    /// All recordings are of one person: condition each prediction on the others.
    #[arg(long)]
    same_speaker: bool,
    #[command(flatten)]
    reference: ReferenceArgument,
    /// Also classify by classes of your own, from `sottovoce teach` or the page.
    #[arg(long, value_name = "FILE")]
    classes: Option<PathBuf>,
    /// Write a speaker reference, from these recordings and --reference, to a file. Nothing is kept otherwise.
    #[arg(long, value_name = "FILE", requires = "same_speaker")]
    write_reference: Option<PathBuf>,
    /// Print one JSON object per line, for programs; errors too, on standard error.
    #[arg(long)]
    json: bool,
}

/// Why one recording could not be read.
struct Refusal {
    code: &'static str,
    message: String,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let mut analyzer = arguments.device.device.analyzer(&arguments.model, SplitKind::Random)?;
    analyzer.choose_channel(arguments.channel.channel);
    let reference = arguments.reference.read()?;
    if let Some(path) = &arguments.classes {
        let text = std::fs::read_to_string(path).map_err(|error| fail_at(path, error))?;
        let classes = CustomClassifier::parse(&text).and_then(|classes| analyzer.set_custom(Some(classes)));
        classes.map_err(|error| fail_at(path, error))?;
    }
    if arguments.same_speaker {
        return same_speaker(arguments, &mut analyzer, reference);
    }
    analyzer.set_speaker(reference).map_err(fail)?;
    let mut refused = false;
    for file in &arguments.files {
        let result = read(&mut analyzer, file).map(|analysis| analysis.report());
        refused |= result.is_err();
        if print(file, result, arguments.json).is_err() {
            // The reader closed the pipe, as `head` does.
            return Ok(());
        }
    }
    if refused { Err(ExitCode::from(BAD_INPUT)) } else { Ok(()) }
}

/// Analyzes all recordings, then classifies each again, conditioned on the others.
fn same_speaker(
    arguments: &Arguments,
    analyzer: &mut Analyzer,
    reference: Option<SpeakerReference>,
) -> Result<(), ExitCode> {
    let mut all = analyzer.model().empty_reference().map_err(fail)?;
    if let Some(reference) = reference {
        all.merge(&reference).map_err(fail)?;
    }
    let unconditioned: Vec<Result<Analysis, Refusal>> =
        arguments.files.iter().map(|file| read(analyzer, file)).collect();
    for analysis in unconditioned.iter().flatten() {
        if let Some(enrolment) = analysis.enrolment() {
            all.merge(enrolment).map_err(fail)?;
        }
    }
    if let Some(path) = &arguments.write_reference {
        write_atomically(path, all.to_json().as_bytes()).map_err(|error| fail_at(path, error))?;
    }
    let refused = unconditioned.iter().any(Result::is_err);
    for (file, analysis) in arguments.files.iter().zip(unconditioned) {
        let result = analysis.and_then(|analysis| {
            let bad = |error: sottovoce::model::SpeakerReferenceError| Refusal {
                code: error.code(),
                message: error.to_string(),
            };
            let mut others = all.clone();
            if let Some(own) = analysis.enrolment() {
                others.remove(own).map_err(bad)?;
            }
            analyzer.set_speaker(Some(others)).map_err(bad)?;
            Ok(analyzer.reclassify(analysis).report())
        });
        if print(file, result, arguments.json).is_err() {
            return Ok(());
        }
    }
    if refused { Err(ExitCode::from(BAD_INPUT)) } else { Ok(()) }
}

fn read(analyzer: &mut Analyzer, file: &Path) -> Result<Analysis, Refusal> {
    let bytes = read_input(file).map_err(FileError::from);
    let analysis = bytes.and_then(|bytes| Ok(analyzer.analyze_file(&bytes)?));
    analysis.map_err(|error| Refusal { code: error.code(), message: error.to_string() })
}

fn print(file: &Path, result: Result<Report, Refusal>, json: bool) -> io::Result<()> {
    let name = file.display().to_string();
    match (result, json) {
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

/// One line for people: `voice.wav: angry 72 % (disgust 11 %, fear 8 %)`, with notes in brackets.
fn line(name: &str, report: &Report) -> String {
    let notes: String = report
        .notes
        .iter()
        .filter(|_| report.opinion.certainty != Certainty::NoSpeech)
        .map(|note| format!(" [{}]", note.advice))
        .collect();
    format!("{name}: {}{}{}{notes}", opinion(&report.opinion), custom_note(report), reference_note(report))
}

/// The opinion among classes of the user's own, if any.
fn custom_note(report: &Report) -> String {
    let Some(custom) = &report.custom else { return String::new() };
    let hedge = match custom.certainty {
        Certainty::Likely => "",
        Certainty::Leaning => "perhaps ",
        Certainty::Unsure | Certainty::NoSpeech => "unsure, ",
    };
    format!(" [{hedge}{} {}]", custom.label, percent(custom.probabilities[&custom.label]))
}

/// The reference that a prediction is conditioned on, if any.
fn reference_note(report: &Report) -> String {
    let Some(speaker) = &report.speaker else { return String::new() };
    let one_sided = speaker.one_sided.map_or_else(String::new, |emotion| {
        format!(", mostly read as {emotion}: more varied ones would help")
    });
    format!(
        " [given {} other recording{} of the speaker, {:.0} s{one_sided}; alone: {}]",
        speaker.clips,
        if speaker.clips == 1 { "" } else { "s" },
        speaker.seconds,
        opinion(&speaker.unconditioned)
    )
}

/// The answer for a recording: `angry 72 % (disgust 11 %, fear 8 %)`.
pub fn opinion(opinion: &Opinion) -> String {
    let mut ranked: Vec<_> = opinion.probabilities.iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(a.1));
    let shares: Vec<String> =
        ranked.iter().map(|(emotion, share)| format!("{emotion} {}", percent(**share))).collect();
    match opinion.certainty {
        Certainty::Likely => format!("{} ({}, {})", shares[0], shares[1], shares[2]),
        Certainty::Leaning => format!("perhaps {} ({}, {})", shares[0], shares[1], shares[2]),
        Certainty::Unsure => format!("unsure ({}, {}, {})", shares[0], shares[1], shares[2]),
        Certainty::NoSpeech => "no speech found".to_owned(),
    }
}

/// Never 100 % nor 0 %: no model is that sure.
pub fn percent(share: f32) -> String {
    match share {
        s if s >= 0.995 => "> 99 %".to_owned(),
        s if s < 0.005 => "< 1 %".to_owned(),
        s => format!("{:.0} %", 100.0 * s),
    }
}
