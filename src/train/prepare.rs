//! Everything that a run needs before its first step: the split, the feature maps, their normalisation.

use std::path::Path;

use burn::tensor::Device;

use super::dataset::Extraction;
use super::inputs::{InputExtractor, Inputs};
use super::network::Design;
use super::tuning::Tuning;
use super::{Dataset, Job, TrainError, Watcher};
use crate::corpus::Split;
use crate::model::{Features, Model, Normalisation};
use crate::nn::parameters;
use crate::nn::weights::StoredParameters;

/// Clips, ready for training.
pub struct Prepared {
    /// Clips whose recordings can be read.
    pub split: Split,
    /// Their feature maps, normalised unless an encoder is fine-tuned.
    pub dataset: Dataset,
    /// What the maps of the dataset are.
    pub inputs: Inputs,
    /// The normalisation of the model's features.
    pub normalise: Normalisation,
    /// The network to train.
    pub design: Design,
}

/// Divides the clips, extracts their features and fits the normalisation to the train set.
pub fn prepare(job: &Job, watcher: &dyn Watcher) -> Result<Prepared, TrainError> {
    let Job { manifest, utterances, recipe, .. } = job;
    let encoder = job.encoder.as_deref();
    let begin = job.init_from.as_ref().map(|folder| Model::load(folder, &Device::flex())).transpose()?;
    if let (Some(model), Some(folder)) = (&begin, &job.init_from)
        && parameters::shapes(model.network())
            != parameters::shapes(&manifest.architecture.init(&Device::flex()))
    {
        return Err(TrainError::OtherClassifier {
            folder: folder.clone(),
            found: model.manifest().name.clone(),
            wanted: manifest.name.clone(),
        });
    }
    let mut tuning = match recipe.unfreeze_last {
        0 => None,
        unfrozen => Some(Tuning::new(&manifest.front_end, encoder, unfrozen)?),
    };
    let split = job.split.divide(utterances);
    split.write(job.split, utterances, &job.run.join("split.json"))?;
    let (inputs, tensors) = match &tuning {
        Some(tuning) => tuning.frames(),
        None => (Inputs::Features(manifest.front_end.clone()), read_encoder(&manifest.front_end, encoder)?),
    };
    let extraction = Extraction {
        clip: &manifest.clip,
        inputs: &inputs,
        extractor: &InputExtractor::new(&inputs, tensors, &Device::flex())?,
        waveform: recipe.waveform.as_ref(),
        cache: &job.cache,
    };
    let all = [&split.train[..], &split.validation, &split.test].concat();
    let mut dataset = Dataset::extract(utterances, &all, &split.train, &extraction, watcher)?;
    let [train, validation, test] =
        [&split.train, &split.validation, &split.test].map(|part| dataset.readable(part));
    if train.len() < recipe.batch || validation.is_empty() || test.is_empty() {
        let [train, validation, test] = [train, validation, test].map(|part| part.len());
        return Err(TrainError::TooFew { train, validation, test });
    }
    // A trained classifier expects the normalisation that it was trained with.
    let known = begin.as_ref().map(|model| model.manifest().normalise.clone());
    let normalise = match &mut tuning {
        Some(tuning) => tuning.survey(known, &dataset, &train),
        None => {
            let normalise = known.unwrap_or_else(|| dataset.normalisation(&train));
            dataset.normalise(&normalise);
            normalise
        }
    };
    let classifier = begin.map(|model| parameters::collect(model.network()));
    let design = Design { architecture: manifest.architecture.clone(), tuning, classifier };
    Ok(Prepared { split: Split { train, validation, test }, dataset, inputs, normalise, design })
}

/// The tensors of the encoder in `folder`, if the features need one.
pub fn read_encoder(features: &Features, folder: Option<&Path>) -> Result<StoredParameters, TrainError> {
    Ok(match (features.encoder(), folder) {
        (Some(encoder), Some(folder)) => encoder.read_tensors(folder)?,
        _ => StoredParameters::new(),
    })
}
