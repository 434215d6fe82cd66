//! The command line: arguments in, words and JSON out. All logic lives in the library.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sottovoce::audio::hush_decoder_panics;

/// Reads the emotion in a voice, on your own machine.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read the emotion in recordings.
    Predict(commands::predict::Arguments),
    /// Read a recording of any length, window by window.
    Follow(commands::follow::Arguments),
    /// Say and draw what decided a reading.
    Explain(commands::explain::Arguments),
    /// Write the feature map of a recording to a file.
    Features(commands::features::Arguments),
    /// Write what a speech encoder makes of a recording to a file.
    Encode(commands::encode::Arguments),
    /// Import a speech encoder.
    Encoder(commands::encoder::Arguments),
    /// List the models that can read.
    Models(commands::models::Arguments),
    /// Count the recordings of the corpora: emotions, speakers, durations, loudness, defects.
    Corpus(commands::corpus::Arguments),
    /// Train a speech encoder from the sound of the corpora, without labels.
    Pretrain(commands::pretrain::Arguments),
    /// Train a model from the corpora.
    Train(commands::train::Arguments),
    /// Train the part of a model that reads a recording beside others of the same speaker.
    TrainSpeaker(commands::train_speaker::Arguments),
    /// Fit a model's probabilities to corpora that it never met, so that it is sure only where it is right.
    Calibrate(commands::calibrate::Arguments),
    /// Measure a model on the clips of the corpora that it was not trained on.
    Evaluate(commands::evaluate::Arguments),
    /// Train and measure `voice` by further protocols: five folds of the speakers, and CREMA-D's published split.
    Protocols(commands::protocols::Arguments),
    /// Write REPORT.md, the paper's tables with the shipped models' numbers beside its own, and the models' cards.
    Report(commands::report::Arguments),
}

fn main() -> ExitCode {
    hush_decoder_panics();
    let outcome = match Cli::parse().command {
        Command::Predict(arguments) => commands::predict::run(&arguments),
        Command::Follow(arguments) => commands::follow::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Features(arguments) => commands::features::run(&arguments),
        Command::Encode(arguments) => commands::encode::run(&arguments),
        Command::Encoder(arguments) => commands::encoder::run(arguments),
        Command::Models(arguments) => commands::models::run(&arguments),
        Command::Corpus(arguments) => commands::corpus::run(&arguments),
        Command::Pretrain(arguments) => commands::pretrain::run(arguments),
        Command::Train(arguments) => commands::train::run(arguments),
        Command::TrainSpeaker(arguments) => commands::train_speaker::run(&arguments),
        Command::Calibrate(arguments) => commands::calibrate::run(&arguments),
        Command::Evaluate(arguments) => commands::evaluate::run(&arguments),
        Command::Protocols(arguments) => commands::protocols::run(&arguments),
        Command::Report(arguments) => commands::report::run(&arguments),
    };
    outcome.err().unwrap_or(ExitCode::SUCCESS)
}
