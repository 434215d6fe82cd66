//! `cargo xtask`: everything needed to build, serve, test and measure sottovoce, on a machine with rustup and Node.
//!
//! Every step says what it does, does nothing if it is done already, and says how to fix what fails.

mod bench;
mod shell;
mod supply;
mod test;
mod tools;
mod torture;
mod web;
mod words;

use std::process::ExitCode;

use shell::Result;

const USAGE: &str = "\
cargo xtask serve            build the page and serve it on http://127.0.0.1:8080
cargo xtask build --release  build the page into dist/, for any file server
cargo xtask test             run every test, native and in the browser
cargo xtask check            check formatting, lints, documentation and the page's types
cargo xtask npm              make the npm package in target/npm
cargo xtask torture          try files, faults and endurance, and print a table (with --long: for hours)
cargo xtask fuzz             fuzz every entrance for a minute each (or as many seconds as given)
cargo xtask hostile          write hostile files for the decoders into target/hostile
cargo xtask supply           check the licences and origins of all packages
cargo xtask advisories       look them up in the advisory databases, over the network
cargo xtask sbom             list the packages in the page's engine in target/sbom
cargo xtask reproducible     build the page twice from nothing and compare every file
cargo xtask audit            run Lighthouse on the built pages
cargo xtask bench            compare speed and size with other libraries
cargo xtask screenshots      make the README's pictures again";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["serve"] => web::serve(),
        // The page has one build: an unoptimised one would be too slow to be of use.
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
    finish(result)
}

fn finish(result: Result) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n✗ {message}");
            ExitCode::FAILURE
        }
    }
}
