//! Long recordings on the command line, in constant memory: eight hours with `SOTTOVOCE_TORTURE=long`, otherwise minutes.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sottovoce::audio;

/// Maximum memory in MB.
const MAX_MB: f64 = 500.0;

/// Writes a WAV file of repeated speech and pauses.
fn write_recording(path: &Path, seconds: usize) -> std::io::Result<()> {
    let sample = fs::read("www/samples/1028_MTI_SAD_XX.opus")?;
    let speech = audio::decode(&sample, &Default::default()).expect("readable").samples;
    let once: Vec<u8> = speech
        .iter()
        .chain(&vec![0.0; 16_000])
        .flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes())
        .collect();
    let length = 32_000 * seconds;
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(b"RIFF")?;
    file.write_all(&(36 + length as u32).to_le_bytes())?;
    file.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data")?;
    file.write_all(&(length as u32).to_le_bytes())?;
    let mut left = length;
    while left > 0 {
        let piece = &once[..once.len().min(left)];
        file.write_all(piece)?;
        left -= piece.len();
    }
    file.flush()
}

/// Peak memory of a process in MB.
fn peak_mb(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let (_, rest) = status.split_once("VmHWM:")?;
    rest.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

#[test]
fn a_long_recording_is_followed_in_constant_memory() {
    let is_long = std::env::var("SOTTOVOCE_TORTURE").is_ok_and(|form| form == "long");
    let seconds = if is_long { 8 * 3600 } else { 180 };
    let path = std::env::temp_dir().join(format!("sottovoce-{}-hours.wav", std::process::id()));
    write_recording(&path, seconds).expect("there is room for the recording");
    let start = Instant::now();
    let mut running = Command::new(env!("CARGO_BIN_EXE_sottovoce"))
        .args(["follow", "--format", "csv"])
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut output = running.stdout.take().expect("piped");
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    let mut peak = 0.0_f64;
    while running.try_wait().expect("known").is_none() {
        peak = peak.max(peak_mb(running.id()).unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(100));
    }
    let took = start.elapsed().as_secs_f64();
    let _ = fs::remove_file(&path);
    assert!(running.wait().expect("ended").success());
    let lines = reading.join().expect("read").expect("text").lines().count();
    // One prediction every two seconds, after a header line; the last windows extend beyond the end.
    assert!(lines > seconds / 2 - 5, "{lines} lines of {seconds} s");
    println!(
        "torture | a recording of {} h {} min in the command line | 1 | 1 | 0 | {peak:.0} MB | {} readings in {took:.0} s, {:.0} times as fast as speech",
        seconds / 3600,
        seconds % 3600 / 60,
        lines - 1,
        seconds as f64 / took
    );
    assert!(peak > 0.0 && peak < MAX_MB, "{peak:.0} MB");
}
