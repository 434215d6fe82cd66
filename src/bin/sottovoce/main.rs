//! The command line: arguments in, words and JSON out. All logic lives in the library.

use std::process::ExitCode;

mod commands;

use clap::{Parser, Subcommand};


/// Reads the emotion in a voice, on your own machine.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a model from the corpora.
    Train(commands::train::Arguments),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Train(arguments) => commands::train::run(arguments),
    }
}
