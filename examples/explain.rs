//! Explains a prediction by occlusion: `cargo run --release --example explain -- voice.opus`

use std::error::Error;

use sottovoce::analyzer::Analyzer;
use sottovoce::explain::explain;
use sottovoce::{Device, model::Model};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "www/samples/1028_MTI_SAD_XX.opus".to_owned());
    let mut analyzer = Analyzer::new(Model::load("models/shipped/voice", &Device::flex())?);
    let analysis = analyzer.analyze_file(&std::fs::read(path)?)?;
    let explanation = explain(analyzer.model_mut(), analysis.clip.samples(), None, None);
    let summary = &explanation.summary;
    println!("{}: {:.1} %", summary.emotion, 100.0 * summary.probability);
    if let Some([from_s, until_s]) = summary.seconds {
        println!("half of the heat lies from {from_s:.1} to {until_s:.1} s");
    }
    // One value per part of the clip, 0 to 1.
    println!("{:.2?}", explanation.coarse.row(0));
    Ok(())
}
