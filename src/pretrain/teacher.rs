//! Where targets come from: cepstral coefficients, or the hidden states of a stronger encoder.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::crops::Crops;
use super::{ObjectiveSettings, PretrainError};
use crate::encoder::{Source, SpeechEncoder};
use crate::features::{FrontEnd, FrontEndSettings};
use crate::nn::encoders::EncoderConfig;
use crate::parallel;

/// Samples from one frame to the next.
const FRAME: usize = 320;
/// Crops that the standardization and the clusters are fitted on.
const FITTED: usize = 600;
/// The smallest standard deviation that a value is divided by, relative to the mean one: few values of a state vary
/// much, and those that hardly vary must not outweigh them.
const MIN_DEVIATION: f64 = 1.0;

/// Computes targets from clean crops.
#[derive(Clone)]
pub struct Teacher {
    source: TargetSource,
    /// Frames of the student for a crop.
    frames: usize,
    /// Frames of the teacher to skip, so that its first frame is at the time of the student's.
    skip: usize,
    /// One for each state that is used; empty before [`fit`](Self::fit).
    standardizations: Vec<Standardization>,
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // A thread holds one.
enum TargetSource {
    Cepstrum(FrontEnd),
    Encoder { encoder: SpeechEncoder, states: Vec<usize>, width: usize },
}

/// How the frames of a state are standardized.
#[derive(Debug, Clone)]
pub struct Standardization {
    /// Mean of each value at each frame of a crop, `[frames, width]`: it holds the teacher's absolute positions, which
    /// a student without them cannot predict.
    pub at_frame: Vec<f32>,
    /// Mean of each value.
    pub mean: Vec<f32>,
    /// Standard deviation of each value from its mean at the frame.
    pub deviation: Vec<f32>,
}

impl Teacher {
    /// The teacher that an objective needs, if any, not yet fitted. It yields `frames` frames for a crop, the first of
    /// which is centred on the sample `middle`.
    ///
    /// # Errors
    /// [`PretrainError`] when the encoder in `folder` cannot be read, or lacks the states that are used.
    pub fn open(
        objective: &ObjectiveSettings,
        folder: Option<&Path>,
        [frames, middle]: [usize; 2],
    ) -> Result<Option<Self>, PretrainError> {
        let states = match objective {
            ObjectiveSettings::Contrast { .. } => return Ok(None),
            ObjectiveSettings::Units { state: None, .. } => Vec::new(),
            ObjectiveSettings::Units { state: Some(state), .. } => vec![*state],
            ObjectiveSettings::FirstState {} => vec![0],
            ObjectiveSettings::States { states } => states.clone(),
        };
        let mut is_spectral = true;
        let source = match (states.iter().max(), folder) {
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
                TargetSource::Encoder { encoder, states, width }
            }
            (Some(_), None) => {
                return Err(PretrainError::Teacher(
                    "this recipe learns from a stronger encoder; name its folder with --teacher",
                ));
            }
            (None, _) => TargetSource::Cepstrum(FrontEnd::new(&cepstrum()).expect("sound settings")),
        };
        // Spectral frames are centred on the start of their 20 ms, the student's on the middle of their receptive
        // field.
        let skip = if is_spectral { (middle + FRAME / 2) / FRAME } else { 0 };
        Ok(Some(Self { source, frames, skip, standardizations: Vec::new() }))
    }

    /// Fits the standardization on some crops. Returns their frames of the first state, standardized,
    /// `[frames, width]`.
    pub fn fit(&mut self, source: &Crops, seed: u64) -> Tensor<2> {
        let seeds: Vec<u64> = (0..FITTED as u64).map(|crop| seed.wrapping_add(crop)).collect();
        let crops = parallel::map(&seeds, vec![self.clone(); parallel::cores()], |teacher, &seed| {
            teacher.extract(&source.draw(&mut StdRng::seed_from_u64(seed)).clean)
        });
        let states = crops[0].len();
        let by_frame = matches!(self.source, TargetSource::Encoder { .. });
        self.standardizations = (0..states)
            .map(|state| {
                let values: Vec<&[f32]> = crops.iter().map(|crop| &crop[state][..]).collect();
                standardization(&values, self.frames, by_frame)
            })
            .collect();
        let mut first: Vec<f32> = Vec::new();
        for mut crop in crops {
            self.standardizations[0].apply(&mut crop[0]);
            first.append(&mut crop[0]);
        }
        let width = self.standardizations[0].width();
        let rows = first.len() / width;
        Tensor::from_data(TensorData::new(first, [rows, width]), &Device::flex())
    }

    /// How the frames of each state are standardized.
    pub fn standardizations(&self) -> &[Standardization] {
        &self.standardizations
    }

    /// The standardized frames of each state that is used, `frames * width` each.
    pub fn targets(&mut self, clean: &[f32]) -> Vec<Vec<f32>> {
        let mut states = self.extract(clean);
        states.iter_mut().zip(&self.standardizations).for_each(|(state, standard)| standard.apply(state));
        states
    }

    /// The frames of each state that is used, as many as the student has.
    fn extract(&mut self, clean: &[f32]) -> Vec<Vec<f32>> {
        let (states, width) = match &mut self.source {
            TargetSource::Cepstrum(front_end) => {
                let map = front_end.extract(clean);
                let rows: Vec<&[f32]> = (0..map.rows()).map(|row| map.row(row)).collect();
                (vec![with_deltas(&rows)], 3 * map.rows())
            }
            TargetSource::Encoder { encoder, states, width } => {
                let hidden_states = encoder.encode(clean).hidden_states;
                let frames = |&state: &usize| {
                    hidden_states[state].to_data().try_to_vec::<f32>().expect("states are f32")
                };
                (states.iter().map(frames).collect(), *width)
            }
        };
        // Other windows give a frame more or less.
        let fitted = states.into_iter().map(|mut state| {
            let last = state[state.len() - width..].to_vec();
            state.drain(..self.skip * width);
            while state.len() < self.frames * width {
                state.extend_from_slice(&last);
            }
            state.truncate(self.frames * width);
            state
        });
        fitted.collect()
    }
}

/// 13 coefficients and RMS, 50 times a second.
fn cepstrum() -> FrontEndSettings {
    FrontEndSettings { n_fft: 512, hop_length: FRAME, n_mels: 40, n_mfcc: 13, ..FrontEndSettings::mfcc_rms() }
}

/// The rows of a map, their deltas, and the deltas of these, frame by frame.
fn with_deltas(rows: &[&[f32]]) -> Vec<f32> {
    let delta = |row: &[f32]| -> Vec<f32> {
        let at = |frame: isize| row[frame.clamp(0, row.len() as isize - 1) as usize];
        (0..row.len() as isize)
            .map(|n| (at(n + 1) - at(n - 1) + 2.0 * (at(n + 2) - at(n - 2))) / 10.0)
            .collect()
    };
    let values: Vec<Vec<f32>> = rows.iter().map(|row| row.to_vec()).collect();
    let deltas: Vec<Vec<f32>> = values.iter().map(|row| delta(row)).collect();
    let delta_deltas: Vec<Vec<f32>> = deltas.iter().map(|row| delta(row)).collect();
    let all = || values.iter().chain(&deltas).chain(&delta_deltas);
    (0..rows[0].len()).flat_map(|column| all().map(move |row| row[column])).collect()
}

/// Fits a standardization on crops of so many frames; if `by_frame`, with a mean for each frame.
fn standardization(crops: &[&[f32]], frames: usize, by_frame: bool) -> Standardization {
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
    let at_frame = if by_frame { at_frame } else { mean.repeat(frames) };
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
    let least = (MIN_DEVIATION * deviations.iter().sum::<f64>() / width as f64).max(1e-6);
    Standardization {
        at_frame: at_frame.into_iter().map(|value| value as f32).collect(),
        mean: mean.into_iter().map(|value| value as f32).collect(),
        deviation: deviations.into_iter().map(|deviation| deviation.max(least) as f32).collect(),
    }
}

impl Standardization {
    /// Values a frame.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

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
    fn a_straight_line_has_a_constant_delta_and_no_delta_delta() {
        let line: Vec<f32> = (0..10).map(|n| 3.0 * n as f32).collect();
        let frames = with_deltas(&[&line]);
        assert_eq!(frames.len(), 30);
        assert_eq!(frames[5 * 3..5 * 3 + 3], [15.0, 3.0, 0.0]);
    }

    #[test]
    fn the_mean_of_each_frame_is_subtracted() {
        // Two crops of three frames of one value, which grows along the crop.
        let standard = standardization(&[&[1.0, 11.0, 21.0], &[3.0, 13.0, 23.0]], 3, true);
        assert_eq!(standard.at_frame, [2.0, 12.0, 22.0]);
        assert_eq!((standard.mean[0], standard.deviation[0]), (12.0, 1.0));
        let mut frames = [1.0, 13.0, 22.0];
        standard.apply(&mut frames);
        assert_eq!(frames, [-1.0, 1.0, 0.0]);
    }
}
