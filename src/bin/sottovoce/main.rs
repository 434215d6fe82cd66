//! The command line: arguments in, text and JSON out. All logic is in the library.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sottovoce::audio::hush_decoder_panics;

/// Predicts the emotion in a voice, on your own machine.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Predict the emotion in recordings.
    Predict(commands::predict::Arguments),
    /// Predict the emotions in a recording of any length, window by window.
    Follow(commands::follow::Arguments),
    /// Predict the emotions in an archive of recordings, as a table; stopped at any moment, it goes on from there.
    #[cfg(feature = "batch")]
    Batch(commands::batch::Arguments),
    /// Teach classes of your own from a few recordings of each.
    Teach(commands::teach::Arguments),
    /// Explain and draw which parts of a recording decide a prediction.
    Explain(commands::explain::Arguments),
    /// Write the feature map of a recording to a file.
    Features(commands::features::Arguments),
    /// Write the hidden states of a speech encoder for a recording to a file.
    Encode(commands::encode::Arguments),
    /// Import a speech encoder.
    Encoder(commands::encoder::Arguments),
    /// List the available models.
    Models(commands::models::Arguments),
    /// Count the recordings of the corpora: emotions, speakers, durations, loudness, defects.
    Corpus(commands::corpus::Arguments),
    /// Pretrain a speech encoder on the corpora, without labels.
    Pretrain(commands::pretrain::Arguments),
    /// Train a model on the corpora.
    Train(commands::train::Arguments),
    /// Train a model's speaker head, which conditions predictions on other recordings of the speaker.
    TrainSpeaker(commands::train_speaker::Arguments),
    /// Choose what tells two voices in a recording apart, and measure how well.
    FitVoices(commands::fit_voices::Arguments),
    /// Calibrate a model's probabilities on unseen corpora, so that it is sure only where it is right.
    Calibrate(commands::calibrate::Arguments),
    /// Evaluate a model on its test set.
    Evaluate(commands::evaluate::Arguments),
    /// Train and evaluate `voice` by further protocols: five folds of the speakers, and CREMA-D's published split.
    Protocols(commands::protocols::Arguments),
    /// Write REPORT.md, the paper's tables with the shipped models' results next to its own, and the models' cards.
    Report(commands::report::Arguments),
}

fn main() -> ExitCode {
    hush_decoder_panics();
    let result = match Cli::parse().command {
        Command::Predict(arguments) => commands::predict::run(&arguments),
        Command::Follow(arguments) => commands::follow::run(&arguments),
        #[cfg(feature = "batch")]
        Command::Batch(arguments) => commands::batch::run(&arguments),
        Command::Teach(arguments) => commands::teach::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Features(arguments) => commands::features::run(&arguments),
        Command::Encode(arguments) => commands::encode::run(&arguments),
        Command::Encoder(arguments) => commands::encoder::run(arguments),
        Command::Models(arguments) => commands::models::run(&arguments),
        Command::Corpus(arguments) => commands::corpus::run(&arguments),
        Command::Pretrain(arguments) => commands::pretrain::run(arguments),
        Command::Train(arguments) => commands::train::run(arguments),
        Command::TrainSpeaker(arguments) => commands::train_speaker::run(&arguments),
        Command::FitVoices(arguments) => commands::fit_voices::run(&arguments),
        Command::Calibrate(arguments) => commands::calibrate::run(&arguments),
        Command::Evaluate(arguments) => commands::evaluate::run(&arguments),
        Command::Protocols(arguments) => commands::protocols::run(&arguments),
        Command::Report(arguments) => commands::report::run(&arguments),
    };
    result.err().unwrap_or(ExitCode::SUCCESS)
}
