//! Three hundred deterministic sounds without a voice, of four seconds each at 16 kHz.

use std::f32::consts::TAU;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub const RATE_HZ: f32 = 16_000.0;
const LENGTH: usize = 64_000;

pub struct Sound {
    pub kind: &'static str,
    pub samples: Vec<f32>,
}

pub fn non_speech() -> Vec<Sound> {
    let mut rng = StdRng::seed_from_u64(23);
    let mut sounds = Vec::new();
    let mut add = |kind, count: usize, make: &mut dyn FnMut(&mut StdRng, usize) -> Vec<f32>| {
        sounds.extend((0..count).map(|number| Sound { kind, samples: make(&mut rng, number) }));
    };
    let levels = [-60.0, -50.0, -40.0, -30.0, -20.0, -10.0];
    add("white noise", 24, &mut |rng, n| at_level(white(rng, LENGTH), levels[n % 6]));
    add("pink noise", 24, &mut |rng, n| at_level(pink(rng, LENGTH), levels[n % 6]));
    add("brown noise", 24, &mut |rng, n| at_level(brown(rng), levels[n % 6]));
    add("fan", 30, &mut |rng, n| at_level(fan(rng), levels[n % 6]));
    add("hum with harmonics", 24, &mut |rng, n| at_level(hum(rng, n), levels[n % 6]));
    add("tone", 24, &mut |rng, n| at_level(tone(rng.random_range(80.0..4_000.0)), levels[n % 6]));
    add("sweep", 18, &mut |rng, n| at_level(sweep(rng), levels[n % 6]));
    add("clicks", 24, &mut |rng, _| bursts(rng, 8.0, &mut |rng| click(rng)));
    add("keyboard", 24, &mut |rng, _| bursts(rng, 6.0, &mut |rng| key(rng)));
    add("knocks", 12, &mut |rng, _| bursts(rng, 1.5, &mut |rng| knock(rng)));
    add("rain", 18, &mut |rng, n| at_level(rain(rng), levels[n % 6]));
    add("chords", 36, &mut |rng, n| at_level(chords(rng), levels[n % 6]));
    add("silence with an offset", 12, &mut |rng, _| vec![rng.random_range(-0.5..0.5); LENGTH]);
    add("digital silence", 6, &mut |_, n| vec![0.0; LENGTH - 7_000 * n]);
    sounds
}

/// Scales to an RMS level in dBFS, and clips at full scale.
fn at_level(mut samples: Vec<f32>, dbfs: f32) -> Vec<f32> {
    let gain = 10.0_f32.powf(dbfs / 20.0) / rms(&samples).max(1e-9);
    samples.iter_mut().for_each(|sample| *sample = (*sample * gain).clamp(-1.0, 1.0));
    samples
}

pub fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

pub fn white(rng: &mut StdRng, length: usize) -> Vec<f32> {
    // The sum of a few uniform numbers is approximately normal.
    (0..length).map(|_| (0..4).map(|_| rng.random_range(-1.0..1.0_f32)).sum::<f32>()).collect()
}

/// Pink noise: -3 dB per octave (Paul Kellet's filter).
pub fn pink(rng: &mut StdRng, length: usize) -> Vec<f32> {
    let mut states = [0.0_f32; 3];
    let poles = [(0.997_65, 0.099_046), (0.963, 0.296_516_4), (0.57, 1.052_691_3)];
    let shape = |white: f32| {
        states.iter_mut().zip(poles).for_each(|(state, (pole, gain))| *state = pole * *state + gain * white);
        states.iter().sum::<f32>() + 0.1848 * white
    };
    white(rng, length).into_iter().map(shape).collect()
}

fn brown(rng: &mut StdRng) -> Vec<f32> {
    low_pass(&white(rng, LENGTH), 20.0)
}

/// A first-order low-pass filter.
fn low_pass(samples: &[f32], cutoff_hz: f32) -> Vec<f32> {
    let share = 1.0 - (-TAU * cutoff_hz / RATE_HZ).exp();
    let mut state = 0.0;
    samples
        .iter()
        .map(|sample| {
            state += share * (sample - state);
            state
        })
        .collect()
}

/// A fan: noise of the air, and the tone of the blades with its harmonics, which beats.
fn fan(rng: &mut StdRng) -> Vec<f32> {
    let air = low_pass(&low_pass(&white(rng, LENGTH), rng.random_range(300.0..2_500.0)), 3_000.0);
    let (blade_hz, beat_hz) = (rng.random_range(40.0..250.0), rng.random_range(0.2..4.0));
    let share = rng.random_range(0.0..1.0) * rms(&air);
    let tones = (0..LENGTH).map(|n| {
        let t = n as f32 / RATE_HZ;
        let beat = 1.0 + 0.3 * (TAU * beat_hz * t).sin();
        beat * (1..6).map(|k| (TAU * blade_hz * k as f32 * t).sin() / k as f32).sum::<f32>()
    });
    air.iter().zip(tones).map(|(air, tone)| air + share * tone).collect()
}

fn hum(rng: &mut StdRng, number: usize) -> Vec<f32> {
    let mains_hz = [50.0, 60.0][number % 2];
    let gains: Vec<f32> = (0..12).map(|_| rng.random_range(0.0..1.0)).collect();
    let tones = |n: usize| -> f32 {
        let t = n as f32 / RATE_HZ;
        gains.iter().zip(1..).map(|(gain, k)| gain * (TAU * mains_hz * k as f32 * t).sin()).sum()
    };
    (0..LENGTH).map(tones).collect()
}

fn tone(pitch_hz: f32) -> Vec<f32> {
    (0..LENGTH).map(|n| (TAU * pitch_hz * n as f32 / RATE_HZ).sin()).collect()
}

fn sweep(rng: &mut StdRng) -> Vec<f32> {
    let (from_hz, to_hz) = (rng.random_range(50.0..500.0_f32), rng.random_range(500.0..7_000.0_f32));
    let mut phase = 0.0;
    (0..LENGTH)
        .map(|n| {
            phase += TAU * from_hz * (to_hz / from_hz).powf(n as f32 / LENGTH as f32) / RATE_HZ;
            phase.sin()
        })
        .collect()
}

/// Short sounds at a given rate per second, over quiet room noise.
fn bursts(rng: &mut StdRng, a_second: f32, burst: &mut dyn FnMut(&mut StdRng) -> Vec<f32>) -> Vec<f32> {
    let mut samples = at_level(pink(rng, LENGTH), -65.0);
    let mut at = 0.0;
    loop {
        at += rng.random_range(0.3..1.7) / a_second * RATE_HZ;
        if at as usize >= LENGTH {
            return samples;
        }
        let sound = burst(rng);
        samples[at as usize..]
            .iter_mut()
            .zip(sound)
            .for_each(|(out, part)| *out = (*out + part).clamp(-1.0, 1.0));
    }
}

fn click(rng: &mut StdRng) -> Vec<f32> {
    let peak = rng.random_range(0.1..1.0);
    vec![peak, -peak, 0.5 * peak]
}

/// Decaying noise.
fn decaying(rng: &mut StdRng, seconds: f32, cutoff_hz: f32) -> Vec<f32> {
    let length = (seconds * RATE_HZ) as usize;
    let noise = low_pass(&white(rng, length), cutoff_hz);
    let top = noise.iter().fold(1e-9_f32, |top, sample| top.max(sample.abs()));
    noise.iter().enumerate().map(|(n, x)| x / top * (-5.0 * n as f32 / length as f32).exp()).collect()
}

fn key(rng: &mut StdRng) -> Vec<f32> {
    let gain = rng.random_range(0.02..0.3);
    let mut both = decaying(rng, 0.02, 6_000.0);
    both.resize(rng.random_range(900..2_000), 0.0);
    both.extend(decaying(rng, 0.03, 4_000.0).iter().map(|x| 0.6 * x));
    both.iter().map(|x| gain * x).collect()
}

/// A knuckle on wood: 60 ms, up to full scale.
pub fn knock(rng: &mut StdRng) -> Vec<f32> {
    let (pitch_hz, gain) = (rng.random_range(120.0..400.0), rng.random_range(0.5..1.0));
    let body = |n: usize| (TAU * pitch_hz * n as f32 / RATE_HZ).sin() * (n as f32 / -160.0).exp();
    decaying(rng, 0.06, 2_000.0).iter().enumerate().map(|(n, x)| gain * (0.5 * x + 0.5 * body(n))).collect()
}

fn rain(rng: &mut StdRng) -> Vec<f32> {
    let mut samples: Vec<f32> = white(rng, LENGTH).iter().map(|x| 0.02 * x).collect();
    for _ in 0..rng.random_range(300..3_000) {
        let (at, gain) = (rng.random_range(0..LENGTH), rng.random_range(0.05..0.5));
        let drop = decaying(rng, 0.004, 7_000.0);
        samples[at..].iter_mut().zip(drop).for_each(|(out, part)| *out += gain * part);
    }
    samples
}

/// Four chords of struck or bowed notes.
fn chords(rng: &mut StdRng) -> Vec<f32> {
    let decay = rng.random_range(0.0..6.0);
    let mut samples = vec![0.0; LENGTH];
    for bar in samples.chunks_mut(LENGTH / 4) {
        let root_hz = 110.0 * 2.0_f32.powf(rng.random_range(0..24) as f32 / 12.0);
        let third = [3.0, 4.0][rng.random_range(0..2)];
        for semitones in [0.0, third, 7.0] {
            let note_hz = root_hz * 2.0_f32.powf(semitones / 12.0);
            for (n, out) in bar.iter_mut().enumerate() {
                let t = n as f32 / RATE_HZ;
                let partials: f32 =
                    (1..7).map(|k| (TAU * note_hz * k as f32 * t).sin() / (k * k) as f32).sum();
                *out += partials * (-decay * t).exp() * (t * 200.0).min(1.0);
            }
        }
    }
    samples
}
