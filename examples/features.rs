//! Extracts features as librosa does: `cargo run --release --example features -- voice.opus`

use std::error::Error;

use sottovoce::audio::{ReadOptions, decode};
use sottovoce::features::{FrontEnd, FrontEndSettings};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "www/samples/1028_MTI_SAD_XX.opus".to_owned());
    // Mono, 16 kHz.
    let recording = decode(&std::fs::read(path)?, &ReadOptions::default())?;
    // librosa.feature.melspectrogram(y=y, sr=16000, n_fft=2048, hop_length=512), then power_to_db.
    let mut log_mel = FrontEnd::new(&FrontEndSettings::log_mel())?;
    let map = log_mel.extract(&recording.samples);
    println!("log-mel spectrogram: {} bands, {} frames", map.rows(), map.columns());
    // librosa.feature.mfcc and librosa.feature.rms.
    let map = FrontEnd::new(&FrontEndSettings::mfcc_rms())?.extract(&recording.samples);
    let mean = |row: &[f32]| row.iter().sum::<f32>() / row.len() as f32;
    for row in [0, 1, map.rows() - 1] {
        println!("row {row}: mean {:.3}", mean(map.row(row)));
    }
    Ok(())
}
