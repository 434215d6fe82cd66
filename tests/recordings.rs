//! Recordings from the field, natively and in a browser: placeholder headers, tags, concatenated streams, and the output of
//! phones, editors and recorders. The files are from `tests/reference/make_field.py`.

#[path = "common/recording.rs"]
mod recording;

use std::io::Cursor;

use recording::{Fixture, SPEECH, fixture, read, sound};
use sottovoce::audio::{
    Limits, MIN_LOST_S, Quality, QualityNote, ReadOptions, Recording, SpeechSegments, Stream, from_samples,
};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Lossless, of one second each.
const EXACT: [Fixture; 14] = [
    fixture!("rf64.wav"),
    fixture!("wave64.w64"),
    fixture!("mulaw.wav"),
    fixture!("float-big.aiff"),
    fixture!("little.aiff"),
    fixture!("eight-bit.aiff"),
    fixture!("in24.mov"),
    fixture!("little.mov"),
    fixture!("mulaw.mov"),
    fixture!("float.mov"),
    fixture!("alac.m4a"),
    fixture!("flac.oga"),
    fixture!("caf.caf"),
    fixture!("tagged.flac"),
];

/// Lossy or with another duration, of about one second each.
const CODED: [Fixture; 12] = [
    fixture!("ms-adpcm.wav"),
    fixture!("ima-adpcm.wav"),
    fixture!("mp3.wav"),
    fixture!("he-aac.m4a"),
    fixture!("dops.mp4"),
    fixture!("vorbis.mkv"),
    fixture!("live.webm"),
    fixture!("tagged.mp3"),
    fixture!("plain.mp3"),
    fixture!("junk.mp3"),
    fixture!("tagged.aac"),
    fixture!("empty-last-page.opus"),
];

/// Two concatenated streams of one second.
const CHAINED: [Fixture; 4] =
    [fixture!("chained.opus"), fixture!("chained.ogg"), fixture!("chained.webm"), fixture!("chained.mp3")];

/// The best correlation with the sound of the second that begins about `start_s`, a few samples early or up to 0.15 s late, and the ratio of their levels there.
fn alike(samples: &[f32], start_s: f64) -> (f64, f64) {
    let start = (start_s * 16e3) as isize;
    let expected: Vec<f64> = (0..16_000).map(|n| sound(f64::from(n) / 16e3)).collect();
    let at = |delay: isize| {
        let (mut both, mut ours, mut theirs) = (0.0, 1e-12, 0.0);
        for (n, expected) in expected.iter().enumerate() {
            let sample = usize::try_from(start + n.cast_signed() + delay)
                .ok()
                .and_then(|place| samples.get(place))
                .map_or(0.0, |&sample| f64::from(sample));
            both += sample * expected;
            ours += sample * sample;
            theirs += expected * expected;
        }
        (both / (ours * theirs).sqrt(), (ours / theirs).sqrt())
    };
    (-16..2_400).map(at).max_by(|a, b| a.0.total_cmp(&b.0)).expect("some delays")
}

#[wasm_bindgen_test(unsupported = test)]
fn lossless_containers_and_codecs_decode_exactly() {
    for (name, bytes) in EXACT {
        let recording = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!((recording.duration_s - 1.0).abs() < 2e-3, "{name}: {} s", recording.duration_s);
        assert_eq!(recording.lost_s, 0.0, "{name}");
        let (correlation, level) = alike(&recording.samples, 0.0);
        assert!(correlation > 0.999, "{name}: correlation {correlation}");
        assert!((level - 1.0).abs() < 0.02, "{name}: level {level}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn lossy_codecs_decode_closely() {
    for (name, bytes) in CODED {
        let recording = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!((recording.duration_s - 1.0).abs() < 0.13, "{name}: {} s", recording.duration_s);
        assert_eq!(recording.lost_s, 0.0, "{name}");
        let (correlation, level) = alike(&recording.samples, 0.0);
        assert!(correlation > 0.97, "{name}: correlation {correlation}");
        assert!((level - 1.0).abs() < 0.1, "{name}: level {level}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn opus_in_mp4_has_its_exact_duration() {
    let (_, bytes) = fixture!("dops.mp4");
    let recording = read(bytes).expect("readable");
    assert!((recording.samples.len() as f64 / 16e3 - 1.0).abs() < 2e-3, "{}", recording.samples.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn concatenated_streams_are_decoded_to_the_end() {
    for (name, bytes) in CHAINED {
        let recording = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!((recording.duration_s - 2.0).abs() < 0.2, "{name}: {} s", recording.duration_s);
        assert!((recording.samples.len() as f32 / 16e3 - recording.duration_s).abs() < 0.01, "{name}");
        assert!(recording.lost_s < MIN_LOST_S, "{name}: {} s lost", recording.lost_s);
        for start_s in [0.0, 0.98] {
            let (correlation, level) = alike(&recording.samples, start_s);
            assert!(correlation > 0.97, "{name} from {start_s} s: correlation {correlation}");
            assert!((level - 1.0).abs() < 0.1, "{name} from {start_s} s: level {level}");
        }
    }
}

/// A second of the sound at 8 kHz as 16 bits.
fn pcm() -> Vec<u8> {
    (0..8_000).flat_map(|n| ((32_767.0 * sound(f64::from(n) / 8e3)).round() as i16).to_le_bytes()).collect()
}

/// A WAV file with the given sizes in its header; `before` and `behind` are chunks around the data.
fn wav(sound: &[u8], riff: u32, data: u32, before: &[u8], behind: &[u8]) -> Vec<u8> {
    let format =
        [&b"fmt \x10\0\0\0\x01\0\x01\0"[..], &[0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0]].concat();
    let head =
        [b"RIFF", &riff.to_le_bytes()[..], b"WAVE", before, &format, b"data", &data.to_le_bytes()].concat();
    [&head, sound, behind].concat()
}

#[wasm_bindgen_test(unsupported = test)]
fn sizes_in_a_header_are_hints() {
    let sound = pcm();
    let size = sound.len() as u32;
    let list = b"LIST\x0a\0\0\0INFOIART\0\0";
    let odd = [&b"bext\x5b\x02\0\0"[..], &[0; 603]].concat();
    let junk = [&b"JUNK\x1c\0\0\0"[..], &[0; 28]].concat();
    let tag = [&b"TAG"[..], &[b'x'; 125]].concat();
    let files = [
        ("right", wav(&sound, size + 36, size, b"", b"")),
        ("RIFF 0", wav(&sound, 0, size, b"", b"")),
        ("RIFF 8 short", wav(&sound, size + 28, size, b"", b"")),
        ("both 0", wav(&sound, 0, 0, b"", b"")),
        ("as ffmpeg pipes", wav(&sound, u32::MAX, u32::MAX, b"", b"")),
        ("as sox pipes", wav(&sound, 0x7fff_f024, 0x7fff_f000, b"", b"")),
        ("highest", wav(&sound, 0x7fff_ffff, 0x7fff_ffff, b"", b"")),
        ("data 8 short", wav(&sound, size + 28, size - 8, b"", b"")),
        ("data too long", wav(&sound, size + 36, size + 5_000, b"", b"")),
        ("no byte behind an odd chunk", wav(&sound, size + 700, size, &odd, list)),
        ("a byte behind it", wav(&sound, size + 700, size, &[&odd[..], &[0], &junk].concat(), list)),
        ("a tag behind", wav(&sound, size + 36, size, b"", &tag)),
    ];
    for (name, bytes) in files {
        let recording = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(recording.samples.len(), 16_000, "{name}");
        assert_eq!(recording.lost_s, 0.0, "{name}");
        let (correlation, _) = alike(&recording.samples, 0.0);
        assert!(correlation > 0.9999, "{name}: correlation {correlation}");
        let stream = Stream::open(Box::new(Cursor::new(&bytes)), &Limits::default()).expect("readable");
        assert!(stream.declared_s().is_none_or(|seconds| (seconds - 1.0).abs() < 1e-3), "{name}");
    }
    assert_eq!(read(&wav(&[], 36, 0, b"", list)).expect_err("empty").code(), "no-samples");
}

#[wasm_bindgen_test(unsupported = test)]
fn missing_audio_is_reported_in_seconds() {
    let sound = pcm();
    let size = sound.len() as u32;
    let whole = wav(&sound, size + 36, size, b"", b"");
    let lost = |bytes: &[u8]| read(bytes).expect("readable").lost_s;
    assert!((lost(&whole[..44 + 8_000]) - 0.5).abs() < 1e-3);
    let (_, flac) = fixture!("tagged.flac");
    assert_eq!(lost(flac), 0.0);
    let (_, flac) = fixture!("stereo.flac");
    let half = read(&flac[..flac.len() / 2]).expect("readable");
    assert!((half.lost_s + half.duration_s - 1.0).abs() < 1e-3, "{} and {} s", half.duration_s, half.lost_s);
    let (_, aac) = fixture!("fragmented.m4a");
    assert_eq!(lost(aac), 0.0);
    // A damaged page in the middle of an Ogg file.
    let (_, opus) = fixture!("chained.opus");
    let mut holed = opus[..opus.len() / 2].to_vec();
    let place = holed.len() * 3 / 4;
    holed[place] ^= 0xff;
    let lost_s = read(&holed).map_or(0.0, |recording| recording.lost_s);
    assert!(lost_s == 0.0 || lost_s > MIN_LOST_S, "{lost_s}");
    // A truncated page: about its duration is missing.
    let whole = read(SPEECH).expect("readable");
    let cut = read(&SPEECH[..SPEECH.len() - 1_000]).expect("readable");
    assert_eq!(whole.lost_s, 0.0);
    let off = (cut.duration_s + cut.lost_s - whole.duration_s).abs();
    assert!(
        cut.lost_s > MIN_LOST_S && off < 0.5,
        "{} and {} of {} s",
        cut.duration_s,
        cut.lost_s,
        whole.duration_s
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_reports_missing_audio() {
    let sound = pcm();
    let size = sound.len() as u32;
    let whole = wav(&sound, size + 36, size, b"", b"");
    let mut stream =
        Stream::open(Box::new(Cursor::new(&whole[..44 + 8_000])), &Limits::default()).expect("readable");
    while stream.next_block().expect("readable").is_some() {}
    assert!((stream.lost_s() - 0.5).abs() < 1e-3, "{}", stream.lost_s());
}

fn quality(recording: &Recording) -> Quality {
    Quality::measure(recording, &(0..recording.samples.len()), &SpeechSegments::default())
}

#[wasm_bindgen_test(unsupported = test)]
fn the_note_contains_the_missing_seconds() {
    let mut recording = from_samples(&[0.1; 32_000], 16_000, &ReadOptions::default()).expect("readable");
    recording.lost_s = 1.26;
    let measured = quality(&recording);
    assert_eq!(measured.lost_s, 1.26);
    assert!(measured.notes.contains(&QualityNote::Damaged));
    assert!(
        QualityNote::Damaged.advice(measured.lost_s).starts_with("About 1.3 seconds of sound are missing")
    );
    recording.lost_s = 0.04;
    assert!(!quality(&recording).notes.contains(&QualityNote::Damaged));
}

#[wasm_bindgen_test(unsupported = test)]
fn samples_above_full_scale_are_kept() {
    let loud = [0.5, 1.75, -2.5, 0.25];
    assert_eq!(from_samples(&loud, 16_000, &ReadOptions::default()).expect("readable").samples, loud);
}

#[wasm_bindgen_test(unsupported = test)]
fn unsupported_formats_are_named() {
    let (_, movie) = fixture!("mulaw.mov");
    let mut amr_in_3gp = movie.to_vec();
    let place = movie.windows(4).position(|four| four == b"ulaw").expect("there");
    amr_in_3gp[place..place + 4].copy_from_slice(b"samr");
    let mut unknown = amr_in_3gp.clone();
    unknown[place..place + 4].copy_from_slice(b"QDM2");
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let files: [(&str, &[u8]); 15] = [
        ("amr", b"#!AMR\n\x3c\x55\x55\x55"),
        ("amr", b"#!AMR-WB\n\x3c\x55\x55\x55"),
        ("amr", &amr_in_3gp),
        ("unsupported-codec", &unknown),
        ("nist-sphere", b"NIST_1A\n   1024\nsample_rate -i 8000\n"),
        ("windows-media", fixture!("wma.wma").1),
        ("git-lfs-pointer", pointer),
        ("web-page", b"<!DOCTYPE html><html><title>404 Not Found</title>"),
        ("web-page", b"\xef\xbb\xbf\r\n <?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>"),
        ("archive", b"PK\x03\x04\x14\0\0\0\x08\0"),
        ("document", b"%PDF-1.7\n"),
        ("document", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("no-audio-track", fixture!("no-audio.mp4").1),
        ("unknown-format", b"< is no tag, and this is no sound"),
        ("corrupt", &movie[..movie.len() / 2]),
    ];
    for (code, bytes) in files {
        let error = read(bytes).expect_err(code);
        assert_eq!(error.code(), code, "{error}");
        let streamed = Stream::open(Box::new(Cursor::new(bytes)), &Limits::default()).map(|_| ());
        assert_eq!(streamed.expect_err(code), error);
    }
}
