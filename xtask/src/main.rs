//! `cargo xtask`: everything needed to build, serve, test and measure sottovoce, on a machine with rustup and Node.
//!
//! Every step says what it does, does nothing if it is done already, and says how to fix what fails.

mod bench;
mod engines;
mod shell;
mod supply;
mod test;
mod tools;
mod torture;
mod web;
mod wheel;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shell::Result;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Builds, serves, tests and measures sottovoce")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page and serve it on http://127.0.0.1:8080
    Serve,
    /// Build an engine that the page loads when it needs it: full or gpu
    #[command(hide = true)]
    WebEngine { name: String },
    /// Build the page into dist/, for any file server
    Build {
        /// The page has one build: an unoptimised one would be too slow to be of use
        #[arg(long)]
        release: bool,
    },
    /// Run every test, native and in the browser
    Test,
    /// Run the tests of GPUs natively, on a software one if there is no other
    Gpu,
    /// Check formatting, words, lints, documentation and the page's types
    Check,
    /// Make the npm package in target/npm
    Npm,
    /// Make the Python package in target/wheel and test it
    Wheel,
    /// Run Ray Data, Spark and Daft on two thousand clips, and kill workers
    Engines,
    /// Test hostile files, faults and endurance, and print a table
    Torture {
        /// For hours
        #[arg(long)]
        long: bool,
    },
    /// Fuzz every entry point
    Fuzz {
        /// Seconds for each
        #[arg(default_value_t = 60)]
        seconds: u32,
    },
    /// Write hostile files for the decoders into target/hostile
    Hostile,
    /// Check the licences and origins of all packages
    Supply,
    /// Look packages up in the advisory databases, over the network
    Advisories,
    /// List the packages in the page's engine in target/sbom
    Sbom,
    /// Build the page twice from nothing and compare every file
    Reproducible,
    /// Run Lighthouse on the built pages
    Audit,
    /// Compare speed and size with other libraries
    Bench,
    /// Make the README's pictures again
    Screenshots,
}

fn main() -> ExitCode {
    finish(match Arguments::parse().command {
        Command::Serve => web::serve(),
        Command::WebEngine { name } => web::engine_of(&name),
        Command::Build { .. } => web::build(),
        Command::Test => test::all(),
        Command::Gpu => test::gpu(),
        Command::Check => test::check(),
        Command::Npm => web::npm(),
        Command::Wheel => wheel::wheel(),
        Command::Engines => engines::engines(),
        Command::Torture { long } => torture::torture(long),
        Command::Fuzz { seconds } => torture::fuzz(seconds),
        Command::Hostile => test::hostile(),
        Command::Supply => supply::check(),
        Command::Advisories => supply::advisories(),
        Command::Sbom => supply::sbom(),
        Command::Reproducible => supply::reproducible(),
        Command::Audit => test::audit(),
        Command::Bench => bench::all(),
        Command::Screenshots => test::screenshots(),
    })
}

fn finish(result: Result) -> ExitCode {
    shell::end_step();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n✗ {message}");
            ExitCode::FAILURE
        }
    }
}
