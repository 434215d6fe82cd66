//! A small made-up corpus.

use std::f32::consts::TAU;
use std::fs;
use std::path::Path;

/// A corpus in which each emotion has a pitch of its own, under the names of CREMA-D's: 20 actors, six emotions, two seconds
/// each at 8 kHz.
pub fn make_corpus(folder: &Path) {
    fs::create_dir_all(folder).expect("created");
    for (place, emotion) in ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"].into_iter().enumerate() {
        for actor in 0..20 {
            let pitch = 150.0 * (place + 1) as f32 * (1.0 + 0.01 * actor as f32);
            let samples =
                (0..16_000).map(|n| (0.3 * (TAU * pitch * n as f32 / 8_000.0).sin() * 32_767.0) as i16);
            let mut wav = b"RIFF\x24\x7d\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\x7d\0\0".to_vec();
            samples.for_each(|sample| wav.extend_from_slice(&sample.to_le_bytes()));
            fs::write(folder.join(format!("{}_IEO_{emotion}_XX.wav", 1001 + actor)), wav).expect("written");
        }
    }
}
