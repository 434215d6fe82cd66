//! `cargo xtask`: everything needed to build, serve, test and measure sottovoce, on a machine with rustup and Node.
//!
//! Every step says what it does, does nothing if it is done already, and says how to mend what fails.

mod bench;
mod shell;
mod supply;
mod test;
mod tools;
mod torture;
mod web;

use std::process::ExitCode;

use shell::Outcome;

const USAGE: &str = "\
cargo xtask serve            build the page and serve it on http://127.0.0.1:8080
cargo xtask build --release  build the page into dist/, for any file server
cargo xtask test             run every test, native and in the browser
cargo xtask check            check formatting, lints, documentation and the page's types
cargo xtask npm              make the npm package in target/npm
cargo xtask torture          try files, faults and endurance, and print a table (with --long: for hours)
cargo xtask fuzz             fuzz every entrance for a minute each (or as many seconds as are named)
cargo xtask hostile          write the files that try the decoders into target/hostile
cargo xtask supply           check the licences and origins of all packages
cargo xtask advisories       ask the advisory databases about them, over the network
cargo xtask sbom             list what the page's engine is made of in target/sbom
cargo xtask reproducible     build the page twice from nothing and compare every file
cargo xtask audit            have Lighthouse judge the built pages
cargo xtask bench            measure speed and size beside other libraries
cargo xtask screenshots      make the README's pictures anew";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["serve"] => web::serve(),
        // The page has one build: an unoptimised one would be too slow to judge anything by.
        ["build"] | ["build", "--release"] => web::build(),
        ["test"] => test::all(),
        ["check"] => test::check(),
        ["npm"] => web::npm(),
        ["torture"] => torture::torture(false),
        ["torture", "--long"] => torture::torture(true),
        ["fuzz"] => torture::fuzz(None),
        ["fuzz", seconds] if seconds.parse::<u32>().is_ok() => torture::fuzz(seconds.parse().ok()),
        ["hostile"] => test::hostile(),
        ["supply"] => supply::check(),
        ["advisories"] => supply::advisories(),
        ["sbom"] => supply::sbom(),
        ["reproducible"] => supply::reproducible(),
        ["audit"] => test::audit(),
        ["bench"] => bench::all(),
        ["screenshots"] => test::screenshots(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    finish(outcome)
}

fn finish(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n✗ {message}");
            ExitCode::FAILURE
        }
    }
}
