//! Follows a long recording window by window: `cargo run --release --example follow -- talk.mp3`

use std::error::Error;
use std::fs::File;

use sottovoce::analyzer::Analyzer;
use sottovoce::audio::{Limits, Stream, WindowSettings, Windows};
use sottovoce::{Device, model::Model};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "www/samples/1028_MTI_SAD_XX.opus".to_owned());
    let mut analyzer = Analyzer::new(Model::load("models/shipped/voice", &Device::flex())?);
    // Memory does not grow with the recording.
    let stream = Stream::open(Box::new(File::open(path)?), &Limits::default())?;
    for window in Windows::new(stream, &WindowSettings::default()) {
        let window = window?;
        let start_s = window.start_s;
        match analyzer.read_window(window) {
            Some(analysis) => println!("{start_s:6.1} s  {}", analysis.prediction.label()),
            None => println!("{start_s:6.1} s  no speech"),
        }
    }
    Ok(())
}
