//! `sottovoce calibrate`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use sottovoce::corpus::{Corpus, Utterance};
use sottovoce::evaluate::{evenly_spaced, part, test_set};
use sottovoce::files::write_atomically;
use sottovoce::metrics::{ScoredClip, calibrate, metrics, unseen_corpora};
use sottovoce::model::{Manifest, Training, UnseenCorpus};

use super::device::InferenceDevice;
use super::evaluate::evaluate_clips;
use super::{FinishedModel, fail, fail_at};

/// Clips of each unseen corpus, at most.
const CLIPS: usize = 500;

pub type Arguments = FinishedModel;

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let FinishedModel { model, corpora, split } = arguments;
    let mut manifest = model.load_for(*split)?.manifest().clone();
    let all = corpora.find(&Corpus::ALL)?;
    let known: Vec<Utterance> =
        all.iter().filter(|clip| is_known(clip, &manifest.training)).cloned().collect();
    let clips_of = |corpus: Corpus| -> Vec<&Utterance> {
        let of_corpus =
            |clip: &&Utterance| clip.speaker.corpus == corpus && !is_known(clip, &manifest.training);
        let clips: Vec<&Utterance> = all.iter().filter(of_corpus).collect();
        if clips.is_empty() { clips } else { evenly_spaced(&clips, CLIPS.min(clips.len())) }
    };
    let unseen: Vec<(Corpus, Vec<&Utterance>)> = Corpus::ALL
        .into_iter()
        .map(|corpus| (corpus, clips_of(corpus)))
        .filter(|(_, clips)| !clips.is_empty())
        .collect();
    if !unseen.iter().any(|(corpus, _)| corpus.is_for_training()) {
        return Err(fail(
            "None of these recordings is from an unseen corpus; give a folder that holds others, too, such as nEMO or speechocean762.",
        ));
    }
    let scored = |what: &str, clips: &[&Utterance]| -> Result<Vec<ScoredClip>, ExitCode> {
        let message = format!("Reading {what} by {}, {split}", manifest.name);
        evaluate_clips(model, InferenceDevice::Cpu, *split, None, clips, &message)
            .map(|evaluation| evaluation.clips)
    };
    let validation = part(&manifest.training, *split, &known, |split| split.validation);
    if validation.is_empty() {
        return Err(fail(
            "Among these recordings are no validation clips; give the folder that holds all corpora.",
        ));
    }
    let validation = scored("validation clips", &validation)?;
    let (mut groups, mut evaluation) = (BTreeMap::new(), BTreeMap::new());
    for (corpus, clips) in unseen {
        let clips = scored(corpus.name(), &clips)?;
        let of_its_kind = if corpus.is_for_training() { &mut groups } else { &mut evaluation };
        of_its_kind.insert(corpus, clips);
    }
    let test = scored("test clips", &test_set(&manifest.training, *split, &known).map_err(fail)?)?;

    manifest.calibration =
        calibrate(&validation, &groups.values().map(|clips| &clips[..]).collect::<Vec<_>>());
    manifest.unseen_corpora = unseen_corpora(&validation, &groups, &evaluation);
    let test: Vec<ScoredClip> = test.into_iter().map(|clip| clip.calibrated(&manifest.calibration)).collect();
    manifest.metrics = metrics(&test);
    let path = model.folder_for(*split).join("model.json");
    write_atomically(&path, manifest.to_json().as_bytes()).map_err(|error| fail_at(&path, error))?;
    print(&manifest);
    Ok(())
}

/// Whether a clip is from a corpus that the model was trained on.
fn is_known(clip: &Utterance, training: &Training) -> bool {
    let corpus = clip.speaker.corpus;
    corpus.is_in_paper() || training.other_corpora.iter().any(|name| name == corpus.name())
}

fn print(manifest: &Manifest) {
    let calibration = &manifest.calibration;
    println!(
        "{}: temperature {:.3} times distance^{:.3}, unsure below {:.2}, likely from {:.2}; calibration error {:.2} %",
        manifest.name,
        calibration.temperature,
        calibration.distance_exponent,
        calibration.unsure_below,
        calibration.likely_from,
        100.0 * manifest.metrics.calibration_error
    );
    println!(
        "unseen corpora, by calibrations without each: accuracy, mean recall, coverage, selective accuracy, coverage other than neutral, calibration error, %"
    );
    for unseen in &manifest.unseen_corpora {
        let UnseenCorpus { corpus, clips, accuracy, mean_recall, coverage, coverage_not_neutral, .. } =
            unseen;
        let percent = |share: f32| format!("{:6.1}", 100.0 * share);
        println!(
            "{corpus:<16} {clips:>4} {} {} {} {} {} {}",
            percent(*accuracy),
            percent(*mean_recall),
            percent(*coverage),
            unseen.selective_accuracy.map_or_else(|| "     –".to_owned(), percent),
            percent(*coverage_not_neutral),
            percent(unseen.calibration_error)
        );
    }
}
