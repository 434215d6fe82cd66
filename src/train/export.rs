//! A trained network becomes a model: quantized, calibrated, evaluated, written.

use std::collections::BTreeSet;

use burn::tensor::Device;

use super::dataset::Extraction;
use super::inputs::{InputExtractor, Inputs};
use super::network::{Network, loss_and_accuracy};
use super::prepare::{Prepared, read_encoder};
use super::{Dataset, Job, TrainError, Trained, Watcher};
use crate::corpus::{Corpus, Split, Utterance};
use crate::metrics::{ScoredClip, calibrate, metrics};
use crate::model::{Calibration, Manifest, Output, Training, as_saved, distance, save};

/// Quantizes the network of the best `epoch`, calibrates it on the validation set, evaluates it on the test set and writes the
/// model.
pub fn export(
    job: Job,
    prepared: Prepared,
    epoch: usize,
    network: &Network,
    watcher: &dyn Watcher,
) -> Result<Trained, TrainError> {
    let Prepared { split, dataset, normalise, design, .. } = prepared;
    let training = Training {
        recipe: job.recipe_name,
        split: job.split.kind.to_string(),
        seed: job.split.seed,
        keep_defects: job.keep_defects,
        epochs: epoch,
        clips: split.train.len(),
        unfrozen_layers: job.recipe.unfreeze_last,
        other_corpora: other_corpora(&job.utterances, &split),
    };
    let mut manifest = Manifest { normalise, training, ..job.manifest };
    let unrounded = design.logits(network, &dataset, &split.test, &Device::flex());
    let unrounded_accuracy = loss_and_accuracy(&unrounded, &dataset.labels_of(&split.test)).1;

    // Metrics are those of the shipped weights: a fine-tuned encoder is quantized, and the clips are embedded anew.
    let tuned = job.run.join("encoder");
    let (dataset, encoder) = match (&design.tuning, &network.layers) {
        (Some(tuning), Some(layers)) => {
            manifest.front_end = tuning.save(layers, &tuned)?;
            let tensors = read_encoder(&manifest.front_end, Some(&tuned))?;
            let inputs = Inputs::Features(manifest.front_end.clone());
            let extraction = Extraction {
                clip: &manifest.clip,
                inputs: &inputs,
                extractor: &InputExtractor::new(&inputs, tensors, &Device::flex())?,
                waveform: None,
                cache: &job.cache,
            };
            let evaluated = [&split.validation[..], &split.test].concat();
            let mut dataset = Dataset::extract(&job.utterances, &evaluated, &[], &extraction, watcher)?;
            dataset.normalise(&manifest.normalise);
            (dataset, Some(tuned))
        }
        _ => (dataset, job.encoder),
    };
    let classifier = as_saved(&network.classifier, &manifest, &Device::flex())?;
    let shipped = Network { classifier, layers: None };
    let score = |indices: &[usize], calibration: &Calibration| -> Vec<ScoredClip> {
        let logits = design.logits(&shipped, &dataset, indices, &Device::flex());
        let clips = logits.into_iter().zip(indices).map(|(logits, &index)| {
            let map = &dataset.maps[index][0];
            let output = Output { logits, distance: distance(map, map.len() / dataset.rows) };
            ScoredClip {
                corpus: job.utterances[index].speaker.corpus,
                acted: job.utterances[index].emotion,
                output,
                prediction: calibration.predict(&output),
            }
        });
        clips.collect()
    };
    manifest.calibration = calibrate(&score(&split.validation, &manifest.calibration), &[]);
    manifest.metrics = metrics(&score(&split.test, &manifest.calibration));
    let manifest = save(manifest, &network.classifier, encoder.as_deref(), &job.output)?;
    Ok(Trained { manifest, unrounded_accuracy })
}

/// Names of the corpora in the train and validation sets, other than the paper's four.
fn other_corpora(utterances: &[Utterance], split: &Split) -> Vec<String> {
    let known = split.train.iter().chain(&split.validation).map(|&index| utterances[index].speaker.corpus);
    let others: BTreeSet<Corpus> = known.filter(|corpus| !corpus.is_in_paper()).collect();
    others.into_iter().map(|corpus| corpus.name().to_owned()).collect()
}
