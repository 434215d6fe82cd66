//! Decoding and resampling, natively and in a browser. The files are from `tests/reference/make_audio.py`.

mod common;
#[path = "common/recording.rs"]
mod recording;

use std::f64::consts::{PI, TAU};
use std::io::Cursor;

use common::floats;
use recording::{Fixture, SPEECH, fixture, read, sound};
use safetensors::SafeTensors;
use sottovoce::audio::{
    AudioError, Clip, ClipSettings, Limits, Quality, QualityNote, ReadOptions, Recording, Resampler,
    SpeechClip, Stream, Window, WindowSettings, Windows, decode, from_samples,
};
use sottovoce::vad::speech_segments;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const LOSSLESS: [Fixture; 9] = [
    fixture!("s16.wav"),
    fixture!("s24.wav"),
    fixture!("s32.wav"),
    fixture!("f32.wav"),
    fixture!("f64.wav"),
    fixture!("extensible.wav"),
    fixture!("s16.aiff"),
    fixture!("aiff-named.wav"),
    fixture!("stereo.flac"),
];

const LOSSY: [Fixture; 8] = [
    fixture!("u8.wav"),
    fixture!("alaw.wav"),
    fixture!("cbr.mp3"),
    fixture!("vorbis.ogg"),
    fixture!("voice-note.ogg"),
    fixture!("recorder.webm"),
    fixture!("aac.m4a"),
    fixture!("fragmented.m4a"),
];

/// Correlation of a recording with the reference signal delayed by `delay` samples, and the ratio of their levels.
fn match_at(recording: &Recording, delay: isize) -> (f64, f64) {
    let (mut both, mut ours, mut theirs) = (0.0, 0.0, 0.0);
    for (index, &sample) in recording.samples.iter().enumerate() {
        let expected = sound((index as isize - delay) as f64 / 16_000.0);
        both += f64::from(sample) * expected;
        ours += f64::from(sample).powi(2);
        theirs += expected.powi(2);
    }
    (both / (ours * theirs).sqrt(), (ours / theirs).sqrt())
}

#[wasm_bindgen_test(unsupported = test)]
fn lossless_files_decode_exactly() {
    for (name, bytes) in LOSSLESS {
        let recording = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!((recording.duration_s - 1.0).abs() < 1e-3, "{name}: {} s", recording.duration_s);
        let (correlation, level) = match_at(&recording, 0);
        assert!(correlation > 0.9999, "{name}: correlation {correlation}");
        assert!((level - 1.0).abs() < 1e-2, "{name}: level {level}");
        assert_eq!(recording.lost_s, 0.0, "{name}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn lossy_files_decode_with_the_right_level_and_delay() {
    for (name, bytes) in LOSSY {
        let recording = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!((recording.duration_s - 1.0).abs() < 0.08, "{name}: {} s", recording.duration_s);
        // M4A keeps the encoder's priming of up to 2112 samples, which symphonia does not trim.
        let late = if name.ends_with("m4a") { 0..=1_100 } else { -8..=8 };
        let best = late.map(|delay| match_at(&recording, delay)).max_by(|a, b| a.0.total_cmp(&b.0));
        let (correlation, level) = best.expect("some delays");
        // At best half a sample off: at 2 kHz and 16 samples per period, that alone costs more than a hundredth.
        assert!(correlation > 0.98, "{name}: correlation {correlation}");
        assert!((level - 1.0).abs() < 0.1, "{name}: level {level}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_has_the_rate_and_channels_of_its_source() {
    let recording = read(fixture!("extensible.wav").1).expect("readable");
    assert_eq!((recording.source_rate_hz, recording.source_channels), (48_000, 2));
    let recording = read(fixture!("voice-note.ogg").1).expect("readable");
    assert_eq!((recording.source_rate_hz, recording.source_channels), (48_000, 1));
}

#[wasm_bindgen_test(unsupported = test)]
fn decoding_stops_early_and_still_returns_the_whole_duration() {
    let options = ReadOptions { stop_after_s: Some(0.25), ..ReadOptions::default() };
    for (name, bytes) in [fixture!("s16.wav"), fixture!("stereo.flac"), fixture!("aac.m4a")] {
        let whole = read(bytes).expect("readable");
        let start = decode(bytes, &options).expect("readable");
        assert_eq!(start.samples.len(), 4_000, "{name}");
        assert!((start.duration_s - whole.duration_s).abs() < 0.1, "{name}: {}", start.duration_s);
        let off = start.samples.iter().zip(&whole.samples).map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f32::max) < 1e-6, "{name}");
    }
}

/// The sweep of `make_audio.py`.
fn sweep(rate_hz: u32) -> Vec<f32> {
    let top = 0.9 * f64::from(rate_hz.min(16_000)) / 2.0;
    (0..2 * rate_hz)
        .map(|n| {
            let t = f64::from(n) / f64::from(rate_hz);
            let fade = (t.min(2.0 - t) / 0.1).min(1.0);
            (0.5 * (PI / 2.0 * fade).sin().powi(2) * (TAU * top / 4.0 * t * t).sin()) as f32
        })
        .collect()
}

fn rms_difference(ours: &[f32], theirs: &[f32]) -> f64 {
    let pairs = ours.iter().zip(theirs);
    let energy: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (energy / ours.len() as f64).sqrt()
}

#[wasm_bindgen_test(unsupported = test)]
fn resampling_equals_soxr_on_a_sweep() {
    let bytes = include_bytes!("fixtures/soxr.safetensors");
    let file = SafeTensors::deserialize(bytes).expect("readable");
    for rate_hz in [4_000, 11_025, 44_100, 48_000, 192_000] {
        let mut resampler = Resampler::new(rate_hz, 16_000);
        resampler.push(&sweep(rate_hz));
        let ours = resampler.finish();
        let theirs = floats(&file, &rate_hz.to_string());
        assert_eq!(ours.len(), theirs.len(), "{rate_hz} Hz");
        let off = rms_difference(&ours, &theirs);
        assert!(off < 1e-3, "{rate_hz} Hz: RMS difference {off}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn tones_at_odd_rates_are_resampled() {
    for rate_hz in [4_001, 8_000, 12_345, 22_050, 32_000, 44_056, 96_000, 176_400] {
        let tone = |rate: u32| -> Vec<f32> {
            (0..rate).map(|n| (TAU * 440.0 * f64::from(n) / f64::from(rate)).sin() as f32).collect()
        };
        let mut resampler = Resampler::new(rate_hz, 16_000);
        for chunk in tone(rate_hz).chunks(777) {
            resampler.push(chunk);
        }
        let ours = resampler.finish();
        let theirs = tone(16_000);
        assert_eq!(ours.len(), theirs.len(), "{rate_hz} Hz");
        // The tone starts and ends abruptly, which no band-limited signal can.
        let off = rms_difference(&ours[1_000..15_000], &theirs[1_000..15_000]);
        assert!(off < 1e-3, "{rate_hz} Hz: RMS difference {off}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn resampling_does_not_depend_on_the_chunks() {
    let samples = sweep(44_100);
    let mut whole = Resampler::new(44_100, 16_000);
    whole.push(&samples);
    let mut pieces = Resampler::new(44_100, 16_000);
    for piece in samples.chunks(333) {
        pieces.push(piece);
    }
    assert_eq!(whole.finish(), pieces.finish());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_microphone_and_a_file_give_the_same_samples() {
    let samples = sweep(48_000);
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0");
    wav.extend_from_slice(&48_000_u32.to_le_bytes());
    wav.extend_from_slice(&192_000_u32.to_le_bytes());
    wav.extend_from_slice(&[4, 0, 32, 0]);
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&(4 * samples.len() as u32).to_le_bytes());
    samples.iter().for_each(|sample| wav.extend_from_slice(&sample.to_le_bytes()));
    let riff_size = (wav.len() as u32 - 8).to_le_bytes();
    wav[4..8].copy_from_slice(&riff_size);
    let file = read(&wav).expect("readable");
    let microphone = from_samples(&samples, 48_000, &ReadOptions::default()).expect("readable");
    assert_eq!(file.samples, microphone.samples);
}

#[wasm_bindgen_test(unsupported = test)]
fn each_error_has_its_own_code() {
    let code = |bytes: &[u8]| read(bytes).expect_err("refused").code();
    assert_eq!(code(b""), "empty");
    assert_eq!(code(b"just some words, again and again: no sound in them"), "unknown-format");
    assert_eq!(code(&[0; 4_096]), "unknown-format");
    assert_eq!(code(fixture!("nine-channels.wav").1), "too-many-channels");
    assert_eq!(code(fixture!("no-audio.mp4").1), "no-audio-track");
    assert_eq!(code(fixture!("surround.opus").1), "unsupported-codec");

    let limits = Limits { max_bytes: 1_000, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let (_, wav) = fixture!("s16.wav");
    assert_eq!(decode(wav, &options).expect_err("refused").code(), "too-large");

    let samples = |rate_hz, count| {
        from_samples(&vec![0.1; count], rate_hz, &ReadOptions::default()).expect_err("refused").code()
    };
    assert_eq!(samples(3_999, 100), "unsupported-rate");
    assert_eq!(samples(192_001, 100), "unsupported-rate");
    assert_eq!(samples(16_000, 0), "no-samples");
}

#[wasm_bindgen_test(unsupported = test)]
fn truncated_files_are_decoded_to_their_end_or_rejected() {
    for (name, bytes) in LOSSLESS.into_iter().chain(LOSSY) {
        for share in 0..20 {
            let cut = &bytes[..bytes.len() * share / 20];
            if let Ok(recording) = read(cut) {
                assert!(recording.samples.iter().all(|s| s.is_finite()), "{name}");
                assert!(recording.duration_s < 1.08, "{name} cut to {share}/20");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn samples_that_are_not_numbers_become_silence() {
    let samples = [0.5, f32::NAN, f32::INFINITY, -0.5];
    let recording = from_samples(&samples, 16_000, &ReadOptions::default()).expect("readable");
    assert_eq!(recording.samples, [0.5, 0.0, 0.0, -0.5]);
    assert_eq!(recording.lost_s, 2.0 / 16e3);
    // Numbers so large that their sum overflows.
    let huge = [f32::MAX, -f32::MAX, 0.5].repeat(16_000);
    let recording = from_samples(&huge, 44_100, &ReadOptions::default()).expect("readable");
    assert!(recording.lost_s > 0.5 && recording.samples.iter().all(|sample| sample.is_finite()));
}

fn notes(samples: Vec<f32>) -> Vec<QualityNote> {
    let recording = from_samples(&samples, 16_000, &ReadOptions::default()).expect("readable");
    let speech = speech_segments(&recording.samples);
    let clip = Clip::cut(&recording.samples, &ClipSettings::default(), &speech);
    Quality::measure(&recording, &clip.range(), &speech).notes
}

#[wasm_bindgen_test(unsupported = test)]
fn quality_notes_describe_the_recording() {
    let speech = read(SPEECH).expect("readable").samples;
    let scaled = |gain: f32| speech.iter().map(|s| (s * gain).clamp(-1.0, 1.0)).collect::<Vec<_>>();
    assert_eq!(notes(speech.clone()), []);
    assert_eq!(notes(scaled(0.005)), [QualityNote::TooQuiet]);
    assert_eq!(notes(scaled(30.0)), [QualityNote::Clipped]);
    assert_eq!(notes(vec![0.0; 32_000])[0], QualityNote::NoSpeech);
    assert!(notes(speech[8_000..20_000].to_vec()).contains(&QualityNote::TooShort));
    let mut late = vec![0.0; 68_000];
    late.extend_from_slice(&speech[8_000..20_000]);
    assert_eq!(notes(late), [QualityNote::MostlySilence]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clip_of_speech_begins_and_ends_with_the_speech() {
    let speech = read(SPEECH).expect("readable").samples;
    let settings = ClipSettings::Speech(SpeechClip::default());
    let plain = Clip::cut(&speech, &settings, &speech_segments(&speech));
    let mut surrounded = vec![0.0; 32_000];
    surrounded.extend_from_slice(&speech);
    surrounded.resize(surrounded.len() + 48_000, 0.0);
    let clip = Clip::cut(&surrounded, &settings, &speech_segments(&surrounded));
    assert!(
        (clip.start_s() - plain.start_s() - 2.0).abs() < 0.2,
        "{} s, plain {} s",
        clip.start_s(),
        plain.start_s()
    );
    assert!(
        clip.samples().len().abs_diff(plain.samples().len()) < 6_400,
        "{} samples, plain {}",
        clip.samples().len(),
        plain.samples().len()
    );
    assert!(clip.samples().len() < speech.len());
    assert_eq!(clip.recorded(), clip.samples());
}

fn stream(bytes: &[u8]) -> Stream<'_> {
    Stream::open(Box::new(Cursor::new(bytes)), &Limits::default()).expect("readable")
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_equals_the_decoded_file() {
    for (name, bytes) in LOSSLESS.iter().chain(&LOSSY) {
        let mut stream = stream(bytes);
        let mut joined = Vec::new();
        while let Some(block) = stream.next_block().expect("readable") {
            joined.extend(block);
        }
        assert_eq!(joined, read(bytes).expect("readable").samples, "{name}");
        assert_eq!(stream.next_block(), Ok(None), "{name}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn windows_overlap_and_cover_the_recording() {
    let (_, bytes) = LOSSLESS[0];
    let whole = read(bytes).expect("readable").samples;
    let seconds = whole.len() as f32 / 16_000.0;
    for (length_s, step_s) in [(0.5, 0.25), (0.5, 0.5), (0.3, 0.11), (seconds, seconds), (100.0, 1.0)] {
        let windows = Windows::new(stream(bytes), &WindowSettings { length_s, step_s });
        let windows: Vec<Window> = windows.collect::<Result<_, _>>().expect("readable");
        let (length, step) = ((length_s * 16e3).round() as usize, (step_s * 16e3).round() as usize);
        let mut covered = 0;
        for (number, window) in windows.iter().enumerate() {
            let start = number * step;
            assert_eq!(window.start_s, start as f64 / 16e3);
            assert!(start <= covered, "no gap before window {number}");
            covered = start + window.samples.len();
            assert_eq!(window.samples, whole[start..covered]);
            assert!(window.samples.len() == length || covered == whole.len());
        }
        assert_eq!(covered, whole.len(), "windows of {length_s} s every {step_s} s");
        let needless =
            windows.iter().filter(|window| (window.end_s() * 16e3).round() as usize == whole.len());
        assert_eq!(needless.count(), 1, "one window reaches the end");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_without_audio_is_rejected() {
    let text = Stream::open(Box::new(Cursor::new(&b"no audio at all"[..])), &Limits::default()).map(|_| ());
    assert_eq!(text, Err(AudioError::UnknownFormat));
}
