//! `sottovoce train-speaker`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sottovoce::analyzer::Analyzer;
use sottovoce::corpus::{Corpus, Utterance, without_defects};
use sottovoce::evaluate::{Enrolled, Protocol, calibrate_conditioned, enrol, evenly_spaced, part};
use sottovoce::model::{
    Calibration, Manifest, Model, QuantizedSpeakerNetwork, ReferenceScore, SpeakerHead, save_speaker_head,
};
use sottovoce::nn::classifiers::{SpeakerNetwork, SpeakerNetworkConfig};
use sottovoce::parallel::cores;
use sottovoce::train::{ModelEntry, SpeakerJob, train_speaker};

use super::progress::Progress;
use super::train::Terminal;
use super::{FinishedModel, fail};

/// Clips of each unseen corpus, at most.
const CLIPS: usize = 500;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    finished: FinishedModel,
    /// Where feature maps are cached.
    #[arg(long, default_value = "runs/cache")]
    cache: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let Arguments { finished: FinishedModel { model: named, corpora, split }, cache } = arguments;
    let model = named.load_for(*split)?;
    let mut manifest: Manifest = model.manifest().clone();
    if manifest.front_end.encoder().is_none() {
        return Err(fail(format!(
            "{} has no speech encoder, so it has no embedding for speaker references. --model voice has one.",
            manifest.name
        )));
    }
    let recipe = ModelEntry::find(&manifest.name).map_err(fail)?.recipe("speaker").map_err(fail)?;
    let utterances = without_defects(corpora.find(recipe.corpora.list())?);
    let architecture = SpeakerNetworkConfig::new(manifest.front_end.rows());
    let folder = named.folder_for(*split);
    let job = SpeakerJob {
        model: &model,
        folder: &folder,
        utterances: &utterances,
        leave_one_out: true,
        architecture: architecture.clone(),
        recipe: &recipe,
        cache,
    };
    let Fitted { quantized, without } = fit(&job)?;
    let load = || named.load_for(*split);
    let papers: Vec<Utterance> =
        utterances.iter().filter(|clip| clip.speaker.corpus.is_in_paper()).cloned().collect();
    let seed = manifest.training.seed;
    let of_part = |name: &str, of| -> Result<Protocol, ExitCode> {
        let clips = part(&manifest.training, *split, &papers, of);
        Ok(Protocol::new(name, &quantized.network, &enrolled(&load, &format!("{name} clips"), &clips)?, seed))
    };
    let validation = of_part("validation", |split| split.validation)?;
    let mut evaluation = vec![of_part(&split.to_string(), |split| split.test)?];
    let mut unseen = Vec::new();
    for corpus in Corpus::ALL.into_iter().filter(|corpus| !corpus.is_in_paper()) {
        let clips: Vec<&Utterance> = utterances
            .iter()
            .filter(|clip| clip.speaker.corpus == corpus && clip.speaker.is_known())
            .collect();
        if clips.is_empty() {
            continue;
        }
        let clips =
            if corpus.is_for_training() { evenly_spaced(&clips, CLIPS.min(clips.len())) } else { clips };
        let network = without.get(&corpus).unwrap_or(&quantized.network);
        let protocol = Protocol::new(corpus.name(), network, &enrolled(&load, corpus.name(), &clips)?, seed);
        let of_its_kind = if corpus.is_for_training() { &mut unseen } else { &mut evaluation };
        of_its_kind.push(protocol);
    }
    let (calibration, scores) =
        calibrate_conditioned(&manifest.calibration, &validation, &unseen, &evaluation);
    let other_corpora = without.keys().map(|corpus| corpus.name().to_owned()).collect();
    print(&calibration, &scores);
    // Those of the same embedding.
    let voices = manifest.speaker.and_then(|head| head.voices);
    let weights = quantized.file();
    manifest.speaker =
        Some(SpeakerHead { architecture, calibration, weights, other_corpora, voices, scores });
    save_speaker_head(&manifest, &quantized, &folder).map_err(fail)
}

/// The networks of a speaker head, quantized as they are saved.
pub struct Fitted {
    /// Trained on all corpora.
    pub quantized: QuantizedSpeakerNetwork,
    /// Each trained without one of the corpora outside the paper's four.
    pub without: BTreeMap<Corpus, SpeakerNetwork>,
}

/// Trains the networks of a speaker head.
pub fn fit(job: &SpeakerJob) -> Result<Fitted, ExitCode> {
    let progress = Progress::new();
    let trained = train_speaker(job, &Terminal::new(), &|done, steps| {
        progress.set(done, steps, "Training networks");
    });
    progress.finish();
    let trained = trained.map_err(fail)?;
    let quantized = |network| QuantizedSpeakerNetwork::new(network, &job.architecture).map_err(fail);
    let without = trained.without.iter().map(|(corpus, network)| Ok((*corpus, quantized(network)?.network)));
    Ok(Fitted { without: without.collect::<Result<_, ExitCode>>()?, quantized: quantized(&trained.network)? })
}

/// Makes unconditioned predictions for clips, on all cores, with models from `load`.
pub fn enrolled(
    load: &dyn Fn() -> Result<Model, ExitCode>,
    what: &str,
    clips: &[&Utterance],
) -> Result<Vec<Enrolled>, ExitCode> {
    let analyzers = (0..cores()).map(|_| load().map(Analyzer::new)).collect::<Result<_, _>>()?;
    let progress = Progress::new();
    let read = enrol(analyzers, clips, &|done| progress.set(done, clips.len(), &format!("Reading {what}")));
    progress.finish();
    Ok(read)
}

fn print(calibration: &Calibration, scores: &[ReferenceScore]) {
    println!(
        "temperature {:.3} times distance^{:.3}, unsure below {:.2}, likely from {:.2}",
        calibration.temperature,
        calibration.distance_exponent,
        calibration.unsure_below,
        calibration.likely_from
    );
    print_scores(scores);
}

/// Prints a line per score.
pub fn print_scores(scores: &[ReferenceScore]) {
    println!(
        "evaluation set, reference, seconds: accuracy, mean recall, coverage, selective accuracy, calibration error, %"
    );
    for score in scores {
        let percent = |share: f32| format!("{:6.1}", 100.0 * share);
        let draw = if score.reference_clips == 0 { "none".to_owned() } else { score.draw.to_string() };
        println!(
            "{:<16} {draw:<9} {:>2} {:5.0} s, {} clips: {} {} {} {} {}",
            score.clips_of,
            score.reference_clips,
            score.reference_s,
            score.clips,
            percent(score.accuracy),
            percent(score.mean_recall),
            percent(score.coverage),
            score.selective_accuracy.map_or_else(|| "     –".to_owned(), percent),
            percent(score.calibration_error)
        );
    }
}
