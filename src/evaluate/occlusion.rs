//! Evaluation of explanations by occlusion: the parts with the most heat are occluded together, and so are as many random ones.

use std::fs;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::index;

use crate::audio::{ReadOptions, decode};
use crate::corpus::Utterance;
use crate::explain::{explain, occluded, parts};
use crate::features::FeatureMap;
use crate::model::{Model, Output};
use crate::parallel;

/// Share of the parts that are occluded.
const SHARE: f32 = 0.1;

/// How far the probability of the predicted emotion moves when a tenth of the clip is occluded, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occlusion {
    /// The tenth with the most heat.
    pub hottest: f32,
    /// A tenth drawn at random.
    pub random: f32,
}

impl Occlusion {
    /// Whether the hottest tenth matters more.
    pub fn agrees(&self) -> bool {
        self.hottest > self.random
    }
}

/// Occludes parts of each recording, with one of the `models` per thread; random parts are drawn by `seed` and a recording's index. Those that cannot be read, and clips of one part, are left out.
pub fn occlude(
    models: Vec<Model>,
    utterances: &[&Utterance],
    seed: u64,
    progress: &(dyn Fn() + Sync),
) -> Vec<Occlusion> {
    let numbered: Vec<(u64, &Utterance)> = (seed..).zip(utterances.iter().copied()).collect();
    let outcomes = parallel::map(&numbered, models, |model, &(number, utterance)| {
        let recording = decode(&fs::read(&utterance.path).ok()?, &ReadOptions::default()).ok()?;
        let samples = model.clip(&recording.samples).samples().to_vec();
        let outcome = occlude_one(model, &samples, &mut StdRng::seed_from_u64(number));
        progress();
        outcome
    });
    outcomes.into_iter().flatten().collect()
}

fn occlude_one(model: &mut Model, samples: &[f32], draws: &mut StdRng) -> Option<Occlusion> {
    let parts = parts(samples.len());
    if parts.len() < 2 {
        return None;
    }
    let features = model.features_of(samples);
    let whole = model.output(features, None);
    let explanation = explain(model, samples, None, None);
    let (emotion, before) = (explanation.summary.emotion, explanation.summary.probability);
    let count = ((parts.len() as f32 * SHARE).round() as usize).max(1);
    let mut moved = |chosen: &[usize]| {
        let without =
            chosen.iter().fold(samples.to_vec(), |samples, &i| occluded(&samples, parts[i].clone()));
        let features = model.features_of(&without);
        let output = Output { distance: whole.distance, ..model.output(features, None) };
        (before - model.manifest().calibration.predict(&output).of(emotion)).abs()
    };
    let hottest = moved(&hottest(&explanation.heat, parts.len(), count));
    let random = moved(&index::sample(draws, parts.len(), count).into_vec());
    Some(Occlusion { hottest, random })
}

/// The parts with the most heat.
fn hottest(heat: &FeatureMap, parts: usize, count: usize) -> Vec<usize> {
    let columns = heat.columns();
    let mut over_time = vec![0.0_f32; columns];
    for row in heat.values().chunks_exact(columns) {
        over_time.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let heat_of =
        |part: usize| over_time[part * columns / parts..(part + 1) * columns / parts].iter().sum::<f32>();
    let mut ranked: Vec<usize> = (0..parts).collect();
    ranked.sort_by(|&a, &b| heat_of(b).total_cmp(&heat_of(a)));
    ranked.truncate(count);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_hottest_parts_are_those_with_the_most_heat() {
        let heat = FeatureMap::new(vec![0.0, 1.0, 0.2, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.9], 2);
        assert_eq!(hottest(&heat, 3, 2), [2, 0]);
    }

    /// On the page's samples; `sottovoce evaluate --explanations 200` asks the corpora.
    #[test]
    fn what_is_said_to_have_decided_matters_more_than_what_is_not() {
        let mut model = Model::load("models/shipped/voice", &Device::flex()).unwrap();
        let mut found = Vec::new();
        for file in fs::read_dir("www/samples").unwrap().map(|file| file.unwrap().path()) {
            let Ok(recording) = decode(&fs::read(&file).unwrap(), &ReadOptions::default()) else { continue };
            let samples = model.clip(&recording.samples).samples().to_vec();
            found.extend(occlude_one(&mut model, &samples, &mut StdRng::seed_from_u64(found.len() as u64)));
        }
        let agree = found.iter().filter(|occlusion| occlusion.agrees()).count();
        println!("the hottest tenth moves more in {agree} of {} clips: {found:?}", found.len());
        assert!(found.len() >= 6 && 6 * agree >= 5 * found.len(), "{found:?}");
    }
}
