//! Predicts the emotion in an audio file: `cargo run --release --example predict -- voice.opus`

use std::error::Error;

use sottovoce::analyzer::{Analyzer, Certainty};
use sottovoce::{Device, model::Model};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "www/samples/1028_MTI_SAD_XX.opus".to_owned());
    let mut analyzer = Analyzer::new(Model::load("models/shipped/voice", &Device::flex())?);
    let report = analyzer.analyze_file(&std::fs::read(path)?)?.report();
    match report.opinion.certainty {
        Certainty::Likely => println!("sounds {}", report.opinion.label),
        Certainty::Leaning => println!("perhaps {}", report.opinion.label),
        Certainty::Unsure => println!("hard to tell"),
        Certainty::NoSpeech => println!("no speech"),
    }
    for (emotion, probability) in report.opinion.probabilities {
        println!("{emotion:>9} {:5.1} %", 100.0 * probability);
    }
    report.notes.iter().for_each(|note| println!("{}", note.advice));
    Ok(())
}
