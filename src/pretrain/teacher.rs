//! What a student's frames are held against: cepstral coefficients, or the hidden states of a stronger encoder.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::crops::Crops;
use super::{Objective, PretrainError};
use crate::encoder::{Source, SpeechEncoder};
use crate::features::{FrontEnd, FrontEndSettings};
use crate::nn::encoders::EncoderConfig;
use crate::parallel;

/// Samples from one frame to the next.
const FRAME: usize = 320;
/// Crops that tell how frames are standardised, and which clusters they form.
const SURVEYED: usize = 600;
/// The least deviation that a value is divided by, in parts of the mean one: few values of a state move much, and those that
/// hardly move must not outweigh them.
const LEAST: f64 = 1.0;

/// Hears crops of clean sound.
#[derive(Clone)]
pub struct Teacher {
    listener: Listener,
    /// Frames that the student makes of a crop.
    frames: usize,
    /// Frames of the teacher before the one that stands where the student's first one does.
    before: usize,
    /// Of each state that is used.
    standards: Vec<Standard>,
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // A thread holds one.
enum Listener {
    Cepstrum(FrontEnd),
    Encoder { encoder: SpeechEncoder, states: Vec<usize>, width: usize },
}

/// How the frames of a state are shifted and scaled.
#[derive(Debug, Clone)]
pub struct Standard {
    /// Mean of each value at each frame of a crop, `[frames, width]`: what an encoder says of places, a student without
    /// absolute positions cannot know.
    pub at_frame: Vec<f32>,
    /// Mean of each value.
    pub mean: Vec<f32>,
    /// Deviation of each value from its mean at the frame.
    pub deviation: Vec<f32>,
}

impl Teacher {
    /// The one that an objective asks for, before it has heard anything; none if it asks for none. It is to make so many
    /// `frames` of a crop, the first of which sees the sound around the sample `middle`.
    ///
    /// # Errors
    /// [`PretrainError`] when the encoder in `folder` cannot be read, or has not the states that are used.
    pub fn open(
        objective: &Objective,
        folder: Option<&Path>,
        [frames, middle]: [usize; 2],
    ) -> Result<Option<Self>, PretrainError> {
        let states = match objective {
            Objective::Contrast { .. } => return Ok(None),
            Objective::Units { state: None, .. } => Vec::new(),
            Objective::Units { state: Some(state), .. } => vec![*state],
            Objective::FirstState {} => vec![0],
            Objective::States { states } => states.clone(),
        };
        let mut is_spectral = true;
        let listener = match (states.iter().max(), folder) {
            (Some(&last), Some(folder)) => {
                let Source { mut description, tensors } = Source::open(folder)?;
                if last > description.network.layers() {
                    return Err(PretrainError::Recipe(format!(
                        "state {last} is asked of an encoder of {} layers",
                        description.network.layers()
                    )));
                }
                description.network = description.network.cut(last.max(1));
                let width = description.network.width();
                is_spectral = matches!(description.network, EncoderConfig::Whisper(_));
                let encoder = SpeechEncoder::new(&description, tensors, &Device::flex())?;
                Listener::Encoder { encoder, states, width }
            }
            (Some(_), None) => {
                return Err(PretrainError::Teacher(
                    "this recipe learns from a stronger encoder; name its folder with --teacher",
                ));
            }
            (None, _) => Listener::Cepstrum(FrontEnd::new(&cepstrum()).expect("sound settings")),
        };
        // Frames of spectra stand around the beginning of their 20 ms, the student's around the middle of what they see.
        let before = if is_spectral { (middle + FRAME / 2) / FRAME } else { 0 };
        Ok(Some(Self { listener, frames, before, standards: Vec::new() }))
    }

    /// Hears some crops to find out how frames are standardised. Returns those of the first state, standardised,
    /// `[frames, width]`.
    pub fn survey(&mut self, crops: &Crops, seed: u64) -> Tensor<2> {
        let seeds: Vec<u64> = (0..SURVEYED as u64).map(|crop| seed.wrapping_add(crop)).collect();
        let heard = parallel::map(&seeds, vec![self.clone(); parallel::cores()], |teacher, &seed| {
            teacher.hear(&crops.draw(&mut StdRng::seed_from_u64(seed)).clean)
        });
        let states = heard[0].len();
        let by_place = matches!(self.listener, Listener::Encoder { .. });
        self.standards = (0..states)
            .map(|state| {
                let crops: Vec<&[f32]> = heard.iter().map(|crop| &crop[state][..]).collect();
                standard(&crops, self.frames, by_place)
            })
            .collect();
        let mut first: Vec<f32> = Vec::new();
        for mut crop in heard {
            self.standards[0].apply(&mut crop[0]);
            first.append(&mut crop[0]);
        }
        let width = self.standards[0].mean.len();
        let rows = first.len() / width;
        Tensor::from_data(TensorData::new(first, [rows, width]), &Device::flex())
    }

    /// How the frames of each state are standardised.
    pub fn standards(&self) -> &[Standard] {
        &self.standards
    }

    /// The standardised frames of each state that is used, frame by frame.
    pub fn tell(&mut self, clean: &[f32]) -> Vec<Vec<f32>> {
        let mut told = self.hear(clean);
        told.iter_mut().zip(&self.standards).for_each(|(state, standard)| standard.apply(state));
        told
    }

    /// The frames of each state that is used, as many as the student makes.
    fn hear(&mut self, clean: &[f32]) -> Vec<Vec<f32>> {
        let (states, width) = match &mut self.listener {
            Listener::Cepstrum(front_end) => {
                let map = front_end.extract(clean);
                let rows: Vec<&[f32]> = (0..map.rows()).map(|row| map.row(row)).collect();
                (vec![with_slopes(&rows)], 3 * map.rows())
            }
            Listener::Encoder { encoder, states, width } => {
                let heard = encoder.encode(clean).hidden_states;
                let frames =
                    |&state: &usize| heard[state].to_data().try_to_vec::<f32>().expect("states are f32");
                (states.iter().map(frames).collect(), *width)
            }
        };
        // Other windows make a frame more or less.
        let fitted = states.into_iter().map(|mut state| {
            let last = state[state.len() - width..].to_vec();
            state.drain(..self.before * width);
            while state.len() < self.frames * width {
                state.extend_from_slice(&last);
            }
            state.truncate(self.frames * width);
            state
        });
        fitted.collect()
    }
}

/// 13 coefficients and loudness, 50 times a second.
fn cepstrum() -> FrontEndSettings {
    FrontEndSettings { n_fft: 512, hop_length: FRAME, n_mels: 40, n_mfcc: 13, ..FrontEndSettings::mfcc_rms() }
}

/// The rows of a map, their slopes, and the slopes of these, frame by frame.
fn with_slopes(rows: &[&[f32]]) -> Vec<f32> {
    let slope = |row: &[f32]| -> Vec<f32> {
        let at = |frame: isize| row[frame.clamp(0, row.len() as isize - 1) as usize];
        (0..row.len() as isize)
            .map(|n| (at(n + 1) - at(n - 1) + 2.0 * (at(n + 2) - at(n - 2))) / 10.0)
            .collect()
    };
    let values: Vec<Vec<f32>> = rows.iter().map(|row| row.to_vec()).collect();
    let slopes: Vec<Vec<f32>> = values.iter().map(|row| slope(row)).collect();
    let bends: Vec<Vec<f32>> = slopes.iter().map(|row| slope(row)).collect();
    let all = || values.iter().chain(&slopes).chain(&bends);
    (0..rows[0].len()).flat_map(|column| all().map(move |row| row[column])).collect()
}

fn standard(crops: &[&[f32]], frames: usize, by_place: bool) -> Standard {
    let width = crops[0].len() / frames;
    let mut sums = vec![0.0_f64; frames * width];
    for crop in crops {
        sums.iter_mut().zip(*crop).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let at_frame: Vec<f64> = sums.into_iter().map(|sum| sum / crops.len() as f64).collect();
    let mut mean = vec![0.0_f64; width];
    for frame in at_frame.chunks_exact(width) {
        mean.iter_mut().zip(frame).for_each(|(mean, value)| *mean += value / frames as f64);
    }
    let at_frame = if by_place { at_frame } else { mean.repeat(frames) };
    let mut squares = vec![0.0_f64; width];
    for crop in crops {
        for (frame, means) in crop.chunks_exact(width).zip(at_frame.chunks_exact(width)) {
            for ((square, value), mean) in squares.iter_mut().zip(frame).zip(means) {
                *square += (f64::from(*value) - mean).powi(2);
            }
        }
    }
    let count = (crops.len() * frames) as f64;
    let deviations: Vec<f64> = squares.into_iter().map(|square| (square / count).sqrt()).collect();
    let least = (LEAST * deviations.iter().sum::<f64>() / width as f64).max(1e-6);
    Standard {
        at_frame: at_frame.into_iter().map(|value| value as f32).collect(),
        mean: mean.into_iter().map(|value| value as f32).collect(),
        deviation: deviations.into_iter().map(|deviation| deviation.max(least) as f32).collect(),
    }
}

impl Standard {
    fn apply(&self, frames: &mut [f32]) {
        let width = self.mean.len();
        for (frame, means) in frames.chunks_exact_mut(width).zip(self.at_frame.chunks_exact(width)) {
            for ((value, mean), deviation) in frame.iter_mut().zip(means).zip(&self.deviation) {
                *value = (*value - mean) / deviation;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_has_a_slope_and_no_bend() {
        let line: Vec<f32> = (0..10).map(|n| 3.0 * n as f32).collect();
        let frames = with_slopes(&[&line]);
        assert_eq!(frames.len(), 30);
        assert_eq!(frames[5 * 3..5 * 3 + 3], [15.0, 3.0, 0.0]);
    }

    #[test]
    fn what_an_encoder_says_of_places_is_taken_out() {
        // Two crops of three frames of one value, which grows along the crop.
        let standard = standard(&[&[1.0, 11.0, 21.0], &[3.0, 13.0, 23.0]], 3, true);
        assert_eq!(standard.at_frame, [2.0, 12.0, 22.0]);
        assert_eq!((standard.mean[0], standard.deviation[0]), (12.0, 1.0));
        let mut frames = [1.0, 13.0, 22.0];
        standard.apply(&mut frames);
        assert_eq!(frames, [-1.0, 1.0, 0.0]);
    }
}
