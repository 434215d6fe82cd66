//! Mixing of channels and selection of tracks, natively and in a browser.

use std::f32::consts::FRAC_1_SQRT_2;
use std::io::Cursor;

use sottovoce::audio::{
    AudioError, Channel, Clip, Limits, Quality, QualityNote, ReadOptions, Recording, Stream, WindowSettings,
    Windows, decode, from_channels, from_samples,
};
use sottovoce::vad::speech_segments;
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SPEECH: [&[u8]; 2] = [
    include_bytes!("../www/samples/1049_ITS_HAP_XX.opus"),
    include_bytes!("../www/samples/1028_MTI_SAD_XX.opus"),
];
const RATE_HZ: u32 = 16_000;
/// Microsoft's channel masks: 5.1 with the surrounds behind, and 7.1.
const MASK_5_1: u32 = 0x3f;
const MASK_7_1: u32 = 0x63f;

fn voice(number: usize) -> Vec<f32> {
    decode(SPEECH[number], &ReadOptions::default()).expect("readable").samples
}

/// White noise with an amplitude.
fn noise(seed: u32, amplitude: f32, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            amplitude * (state as f32 / u32::MAX as f32 * 2.0 - 1.0)
        })
        .collect()
}

fn scaled(samples: &[f32], gain: f32) -> Vec<f32> {
    samples.iter().map(|sample| gain * sample).collect()
}

fn silence(len: usize) -> Vec<f32> {
    vec![0.0; len]
}

fn level_db(samples: &[f32]) -> f64 {
    let energy: f64 = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    10.0 * (energy / samples.len() as f64).max(1e-20).log10()
}

/// A WAV file of 32-bit floats, with or without a channel mask.
fn wav(channels: &[Vec<f32>], mask: Option<u32>) -> Vec<u8> {
    let count = channels.len() as u16;
    let frames = channels[0].len();
    let mut format = [if mask.is_some() { 0xfffe_u16 } else { 3 }, count].map(u16::to_le_bytes).concat();
    format.extend(RATE_HZ.to_le_bytes());
    format.extend((RATE_HZ * 4 * u32::from(count)).to_le_bytes());
    format.extend([4 * count, 32].map(u16::to_le_bytes).concat());
    if let Some(mask) = mask {
        format.extend([22_u16, 32].map(u16::to_le_bytes).concat());
        format.extend(mask.to_le_bytes());
        format.extend([3, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    }
    let data = 4 * u32::from(count) * frames as u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((4 + 8 + format.len() as u32 + 8 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend((format.len() as u32).to_le_bytes());
    bytes.extend(format);
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    for frame in 0..frames {
        channels.iter().for_each(|channel| bytes.extend(channel[frame].to_le_bytes()));
    }
    bytes
}

fn read(bytes: &[u8]) -> Recording {
    decode(bytes, &ReadOptions::default()).expect("readable")
}

fn stereo(left: Vec<f32>, right: Vec<f32>) -> Recording {
    read(&wav(&[left, right], None))
}

fn assert_near(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let off = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-4, "{what}: off by {off}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_keeps_its_level_in_every_channel_of_surround() {
    let voice = voice(0);
    for (mask, lfe) in [(MASK_5_1, 3), (MASK_7_1, 3)] {
        let count = mask.count_ones() as usize;
        for places in [vec![2], vec![0, 1], vec![0], vec![4], vec![4, 5], vec![0, 1, 2], (0..count).collect()]
        {
            let mut channels = vec![silence(voice.len()); count];
            places.iter().for_each(|&place| channels[place] = voice.clone());
            let recording = read(&wav(&channels, Some(mask)));
            assert_near(&recording.samples, &voice, &format!("mask {mask:#x}, channels {places:?}"));
            assert_eq!(recording.notes, []);
        }
        // The LFE channel is left out.
        let mut channels = vec![silence(voice.len()); count];
        channels[2] = voice.clone();
        channels[lfe] = noise(1, 0.5, voice.len());
        assert_near(&read(&wav(&channels, Some(mask))).samples, &voice, "with effects");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn surround_is_mixed_according_to_the_recommendation() {
    let len = 4 * RATE_HZ as usize;
    let channels: Vec<Vec<f32>> = (0..6).map(|number| noise(number + 1, 0.3, len)).collect();
    let mixed = read(&wav(&channels, Some(MASK_5_1))).samples;
    let weights = [FRAC_1_SQRT_2, FRAC_1_SQRT_2, 1.0, 0.0, 0.5, 0.5];
    let expected: Vec<f32> = (0..len)
        .map(|at| channels.iter().zip(weights).map(|(channel, weight)| weight * channel[at]).sum())
        .collect();
    let gain = (level_db(&mixed) - level_db(&expected)) / 20.0;
    assert_near(&mixed, &scaled(&expected, 10_f64.powf(gain) as f32), "but for the level");
    assert!((level_db(&mixed) - level_db(&channels[0])).abs() < 1.0, "at the level of the strongest channel");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_at_any_input_of_a_recorder_keeps_its_level() {
    let voice = voice(0);
    for count in [3, 4, 5, 7, 8] {
        for place in 0..count {
            let mut channels = vec![silence(voice.len()); count];
            channels[place] = voice.clone();
            let recording = read(&wav(&channels, None));
            assert_near(&recording.samples, &voice, &format!("channel {place} of {count}"));
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn ordinary_stereo_is_mixed_to_the_mean_as_in_librosa() {
    let voice = voice(0);
    let room = |seed| noise(seed, 0.01, voice.len());
    for (left, right) in [(1.0, 1.0), (1.0, 0.5), (0.3, 1.0)] {
        let channel = |gain: f32, seed| -> Vec<f32> {
            voice.iter().zip(room(seed)).map(|(sample, noise)| gain * sample + noise).collect()
        };
        let (left, right) = (channel(left, 1), channel(right, 2));
        let mean: Vec<f32> = left.iter().zip(&right).map(|(a, b)| (a + b) * 0.5).collect();
        let recording = stereo(left, right);
        assert_eq!(recording.samples, mean);
        assert_eq!(recording.notes, []);
    }
    let (left, right) = (noise(1, 0.3, 80_000), noise(2, 0.3, 80_000));
    let mean: Vec<f32> = left.iter().zip(&right).map(|(a, b)| (a + b) * 0.5).collect();
    assert_eq!(stereo(left, right).samples, mean, "of sounds that have nothing to do with each other");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_on_one_side_keeps_its_level() {
    let voice = voice(0);
    for other in [silence(voice.len()), noise(1, 0.0005, voice.len()), scaled(&voice, 0.05)] {
        for swapped in [false, true] {
            let recording = if swapped {
                stereo(other.clone(), voice.clone())
            } else {
                stereo(voice.clone(), other.clone())
            };
            let difference = level_db(&recording.samples) - level_db(&voice);
            assert!(difference.abs() < 0.5, "{difference} dB");
            assert_eq!(recording.notes, []);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn channels_that_cancel_are_not_summed() {
    let voice = voice(0);
    for (left, right) in [(1.0, -1.0), (1.0, -0.9), (-0.5, 1.0)] {
        let recording = stereo(scaled(&voice, left), scaled(&voice, right));
        let stronger = scaled(&voice, if left.abs() >= right.abs() { left } else { right });
        assert_eq!(recording.samples, stronger);
        assert_eq!(recording.notes, [QualityNote::ChannelsCancel]);
    }
    let mut channels = vec![silence(voice.len()); 6];
    (channels[0], channels[1]) = (voice.clone(), scaled(&voice, -1.0));
    let recording = read(&wav(&channels, Some(MASK_5_1)));
    assert_near(&recording.samples, &voice, "in the front of surround");
    assert_eq!(recording.notes, [QualityNote::ChannelsCancel]);
}

/// Two channels of noise with the given correlation.
fn correlated(correlation: f32, len: usize) -> [Vec<f32>; 2] {
    let (first, second) = (noise(1, 0.2, len), noise(2, 0.2, len));
    let other = (1.0 - correlation * correlation).sqrt();
    let both = first.iter().zip(&second).map(|(a, b)| correlation * a + other * b).collect();
    [first, both]
}

#[wasm_bindgen_test(unsupported = test)]
fn channels_cancel_below_a_correlation_of_minus_a_half() {
    for (correlation, cancels) in [(-0.45, false), (-0.55, true)] {
        let [left, right] = correlated(correlation, 80_000);
        let recording = stereo(left, right);
        let notes: &[QualityNote] = if cancels { &[QualityNote::ChannelsCancel] } else { &[] };
        assert_eq!(recording.notes, notes, "{correlation}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn late_sound_changes_the_decision() {
    let voice = voice(0);
    let inverted = scaled(&voice, -1.0);
    // Silence; noise of two converters, which is taken for ordinary stereo; a knock on both channels.
    let starts = |len| {
        let knock: Vec<f32> = [noise(3, 0.9, 960), silence(len - 960)].concat();
        [[silence(len), silence(len)], [noise(1, 0.003, len), noise(2, 0.003, len)], [knock.clone(), knock]]
    };
    for (number, start) in starts(20 * RATE_HZ as usize).into_iter().enumerate() {
        let len = start[0].len();
        let [left, right] = start;
        let recording = stereo([left, voice.clone()].concat(), [right, inverted.clone()].concat());
        assert_eq!(recording.notes, [QualityNote::ChannelsCancel], "start {number}");
        // The first half second may still be mixed by the previous decision.
        let from = len + 16_000;
        assert_near(&recording.samples[from..], &voice[16_000..], &format!("start {number}"));
        assert!(recording.samples[..len - 8_000].iter().all(|sample| sample.abs() < 1.0));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_that_changes_sides_keeps_its_level() {
    let (first, second) = (voice(0), voice(1));
    let pause = silence(12 * RATE_HZ as usize);
    let left = [first.clone(), pause.clone(), silence(second.len())].concat();
    let right = [silence(first.len()), pause, second.clone()].concat();
    let sum: Vec<f32> = left.iter().zip(&right).map(|(a, b)| a + b).collect();
    assert_eq!(stereo(left, right).samples, sum);
}

/// A call: the speakers take turns, with a crosstalk of -26 dB and noise on the line.
fn call() -> [Vec<f32>; 2] {
    let voices = [voice(0), voice(1)];
    let mut sides = [Vec::new(), Vec::new()];
    for turn in 0..4 {
        let speaks = &voices[turn % 2];
        sides[turn % 2].extend_from_slice(speaks);
        sides[1 - turn % 2].extend(scaled(speaks, 0.05));
    }
    let len = sides[0].len();
    let with_noise =
        |side: &[f32], seed| side.iter().zip(noise(seed, 0.001, len)).map(|(a, b)| a + b).collect();
    [with_noise(&sides[0], 1), with_noise(&sides[1], 2)]
}

#[wasm_bindgen_test(unsupported = test)]
fn a_call_is_detected_and_each_side_can_be_selected() {
    let [left, right] = call();
    let bytes = wav(&[left.clone(), right.clone()], None);
    let mixed = read(&bytes);
    assert_eq!(mixed.notes, [QualityNote::DualChannel]);
    let choose = |channel| {
        let options = ReadOptions { channel: Some(channel), ..ReadOptions::default() };
        decode(&bytes, &options)
    };
    for (channel, expected) in [
        (Channel::Left, &left),
        (Channel::Right, &right),
        (Channel::Number(1), &left),
        (Channel::Number(2), &right),
    ] {
        let recording = choose(channel).expect("there");
        assert_eq!(&recording.samples, expected);
        assert_eq!(recording.notes, [], "no note if a channel is selected");
    }
    let refused = choose(Channel::Number(3)).expect_err("there are two");
    assert_eq!(refused, AudioError::NoSuchChannel { channel: Channel::Number(3), channels: 2 });
    assert_eq!(refused.code(), "no-such-channel");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_mono_file_has_channel_1_and_no_side() {
    let voice = voice(0);
    let bytes = wav(std::slice::from_ref(&voice), None);
    let choose = |channel| {
        let options = ReadOptions { channel: Some(channel), ..ReadOptions::default() };
        decode(&bytes, &options).map(|recording| recording.samples)
    };
    assert_eq!(choose(Channel::Number(1)), Ok(voice.clone()));
    for channel in [Channel::Left, Channel::Right, Channel::Number(2), Channel::Number(0)] {
        assert_eq!(choose(channel), Err(AudioError::NoSuchChannel { channel, channels: 1 }));
    }
    let options = ReadOptions { channel: Some(Channel::Left), ..ReadOptions::default() };
    assert_eq!(from_samples(&voice, RATE_HZ, &options).expect("mono samples have no sides").samples, voice);
}

#[wasm_bindgen_test(unsupported = test)]
fn channels_have_names() {
    assert_eq!("left".parse(), Ok(Channel::Left));
    assert_eq!("right".parse(), Ok(Channel::Right));
    assert_eq!("3".parse(), Ok(Channel::Number(3)));
    for wrong in ["0", "-1", "middle", ""] {
        assert!(wrong.parse::<Channel>().is_err(), "{wrong}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn noise_or_music_on_the_other_side_is_no_second_voice() {
    let voice = voice(0);
    let gated: Vec<f32> = [voice.clone(), silence(voice.len()), voice.clone(), silence(voice.len())].concat();
    let len = gated.len();
    for other in [noise(1, 0.02, len), noise(1, 0.003, len), scaled(&gated, 0.1)] {
        assert_eq!(stereo(gated.clone(), other).notes, []);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_and_its_windows_equal_the_decoded_file() {
    let [left, right] = call();
    let late = |samples: Vec<f32>| [noise(5, 0.001, 200_000), samples].concat();
    let voice = voice(0);
    let mut surround = vec![silence(voice.len()); 6];
    surround[2] = voice.clone();
    let files = [
        wav(&[left, right], None),
        wav(&[late(voice.clone()), late(scaled(&voice, -1.0))], None),
        wav(&surround, Some(MASK_5_1)),
        wav(&[voice.clone(), silence(voice.len())], None),
        wav(&[voice[..3_000].to_vec(), scaled(&voice[..3_000], -1.0)], None),
    ];
    for (number, bytes) in files.iter().enumerate() {
        let whole = read(bytes);
        let mut stream =
            Stream::open(Box::new(Cursor::new(&bytes[..])), &Limits::default()).expect("readable");
        let mut joined = Vec::new();
        while let Some(block) = stream.next_block().expect("readable") {
            joined.extend(block);
        }
        assert_eq!(joined, whole.samples, "file {number}");
        assert_eq!(stream.notes(), whole.notes, "file {number}");

        let stream = Stream::open(Box::new(Cursor::new(&bytes[..])), &Limits::default()).expect("readable");
        let mut windows = Windows::new(stream, &WindowSettings { length_s: 1.0, step_s: 0.5 });
        for window in windows.by_ref() {
            let window = window.expect("readable");
            let start = (window.start_s * 16e3) as usize;
            assert_eq!(window.samples, whole.samples[start..start + window.samples.len()], "file {number}");
        }
        assert_eq!(windows.notes(), whole.notes, "file {number}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unfinished_stream_has_the_notes_so_far() {
    let voice = voice(0).repeat(4);
    let bytes = wav(&[voice.clone(), scaled(&voice, -1.0)], None);
    let mut stream = Stream::open(Box::new(Cursor::new(&bytes[..])), &Limits::default()).expect("readable");
    stream.next_block().expect("readable");
    assert_eq!(stream.notes(), [QualityNote::ChannelsCancel]);
}

#[wasm_bindgen_test(unsupported = test)]
fn decoding_only_the_start_gives_the_same_samples() {
    let [left, right] = call();
    let bytes = wav(&[left, right], None);
    let whole = read(&bytes).samples;
    let options = ReadOptions { stop_after_s: Some(1.0), ..ReadOptions::default() };
    assert_eq!(decode(&bytes, &options).expect("readable").samples, whole[..16_000]);
}

#[wasm_bindgen_test(unsupported = test)]
fn channels_from_another_decoder_are_mixed_as_those_of_a_file() {
    let voice = voice(0);
    let mut surround = vec![silence(voice.len()); 6];
    (surround[2], surround[3]) = (voice.clone(), noise(1, 0.5, voice.len()));
    let files = [
        (call().to_vec(), None),
        (vec![voice.clone(), scaled(&voice, -1.0)], None),
        (vec![voice.clone()], None),
        (surround, Some(MASK_5_1)),
    ];
    for (channels, mask) in files {
        let file = read(&wav(&channels, mask));
        let channels: Vec<&[f32]> = channels.iter().map(|samples| &samples[..]).collect();
        let decoded = from_channels(&channels, RATE_HZ, &ReadOptions::default()).expect("readable");
        assert_eq!(decoded.samples, file.samples);
        assert_eq!((decoded.notes, decoded.source_channels), (file.notes, file.source_channels));
    }
    let none = from_channels(&[], RATE_HZ, &ReadOptions::default());
    assert_eq!(none, Err(AudioError::NoSamples));
    // Audio decoded by a browser is in memory already.
    let nine =
        from_channels(&[&voice[..]; 9], RATE_HZ, &ReadOptions::default()).expect("more than of a file");
    assert_near(&nine.samples, &voice, "nine channels");
    let more = from_channels(&[&voice[..]; 33], RATE_HZ, &ReadOptions::default());
    assert_eq!(more, Err(AudioError::TooManyChannels { channels: 33, limit: 32 }));
}

const SECOND_TRACK: &[u8] = include_bytes!("fixtures/audio/second-track.m4a");

#[wasm_bindgen_test(unsupported = test)]
fn a_silent_first_track_is_replaced_by_one_with_sound() {
    let recording = read(SECOND_TRACK);
    assert_eq!((recording.source_track, &recording.notes[..]), (2, &[QualityNote::OtherTrack][..]));
    assert!((level_db(&recording.samples) - level_db(&voice(0))).abs() < 1.0);
    let options = ReadOptions { stop_after_s: Some(0.5), ..ReadOptions::default() };
    let start = decode(SECOND_TRACK, &options).expect("readable");
    assert_eq!((start.source_track, start.samples.len()), (2, 8_000));
    assert_eq!(start.samples, recording.samples[..8_000]);

    let mut stream = Stream::open(Box::new(Cursor::new(SECOND_TRACK)), &Limits::default()).expect("readable");
    let mut joined = Vec::new();
    while let Some(block) = stream.next_block().expect("readable") {
        joined.extend(block);
    }
    assert_eq!(joined, recording.samples);
    assert_eq!((stream.track(), stream.notes()), (2, recording.notes));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_notes_on_channels_follow_the_others() {
    let voice = voice(0);
    let recording = stereo(scaled(&voice, 0.002), scaled(&voice, -0.002));
    let clip = Clip::whole(recording.samples.clone());
    let notes = Quality::measure(&recording, &clip.range(), &speech_segments(&recording.samples)).notes;
    assert!(
        notes.contains(&QualityNote::TooQuiet) && notes.last() == Some(&QualityNote::ChannelsCancel),
        "{notes:?}"
    );
    let codes = [QualityNote::ChannelsCancel, QualityNote::DualChannel, QualityNote::OtherTrack]
        .map(|note| serde_json::to_value(note).expect("plain data"));
    assert_eq!(codes, ["channels-cancel", "dual-channel", "other-track"]);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A mono voice in any one channel or in all of them, at any level and time.
        #[test]
        fn mono_in_any_layout_keeps_its_level(
            count in 1_usize..=8,
            place in 0_usize..8,
            is_everywhere: bool,
            db in -40.0_f32..0.0,
            late in 0_usize..48_000,
        ) {
            let gain = 10_f32.powf(db / 20.0);
            let mono = [silence(late), scaled(&noise(7, 0.5, 64_000), gain)].concat();
            let mut channels = vec![silence(mono.len()); count];
            // The fourth of six is the LFE channel.
            let place = if count == 6 && place % 6 == 3 { 2 } else { place % count };
            channels[place] = mono.clone();
            if is_everywhere {
                channels = vec![mono.clone(); count];
            }
            let mixed = read(&wav(&channels, None)).samples;
            prop_assert!((level_db(&mixed) - level_db(&mono)).abs() < 0.1);
        }

        #[test]
        fn mixing_does_not_depend_on_the_chunks(
            correlation in -1.0_f32..1.0,
            gain in 0.0_f32..2.0,
            start in 0_usize..64_000,
            piece in 1_usize..30_000,
        ) {
            let [left, right] = correlated(correlation, 96_000);
            let channels = [[silence(start), left].concat(), [silence(start), scaled(&right, gain)].concat()];
            let file = read(&wav(&channels, None));
            let planes: Vec<&[f32]> = channels.iter().map(|samples| &samples[..]).collect();
            prop_assert_eq!(&file, &from_channels(&planes, RATE_HZ, &ReadOptions::default()).expect("readable"));
            let options = ReadOptions { stop_after_s: Some(piece as f32 / 16e3), ..ReadOptions::default() };
            let part = decode(&wav(&channels, None), &options).expect("readable");
            prop_assert_eq!(&part.samples[..], &file.samples[..part.samples.len()]);
        }
    }
}
