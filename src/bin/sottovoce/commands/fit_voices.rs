//! `sottovoce fit-voices`.

use std::process::ExitCode;

use sottovoce::corpus::{Corpus, Utterance, without_defects};
use sottovoce::evaluate::{Enrolled, evenly_spaced, fit_voices, part, score_voices};
use sottovoce::files::write_atomically;

use super::train_speaker::enrolled;
use super::{FinishedModel, fail, fail_at};

/// Clips of each corpus that is evaluated, at most.
const CLIPS: usize = 800;
/// Clips of a recording.
const COUNTS: [usize; 3] = [6, 12, 24];

pub type Arguments = FinishedModel;

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let FinishedModel { model, corpora, split } = arguments;
    let mut manifest = model.load_for(*split)?.manifest().clone();
    let Some(head) = &mut manifest.speaker else {
        return Err(fail(format!("{} takes no speaker references. --model voice does.", manifest.name)));
    };
    let utterances = without_defects(corpora.find(&Corpus::ALL)?);
    let (papers, others): (Vec<Utterance>, Vec<Utterance>) =
        utterances.into_iter().partition(|clip| clip.speaker.corpus.is_in_paper());
    let load = || model.load_for(*split);
    let of = |what: &str, clips: &[&Utterance]| enrolled(&load, what, clips);
    let training = of("training clips", &part(&manifest.training, *split, &papers, |split| split.train))?;
    let dimensions = fit_voices(&training);
    let seed = manifest.training.seed;
    println!(
        "clips of, in a recording: separation that 1 in 100 of one speaker exceed, two voices detected where one speaks and two, %"
    );
    let print = |name: &str, clips: &[Enrolled]| {
        for count in COUNTS {
            let score = score_voices(&dimensions, clips, count, seed);
            let percent = |share: Option<f32>| {
                share.map_or("    –".to_owned(), |share| format!("{:5.1}", 100.0 * share))
            };
            let Some(separation) = score.one_in_hundred else { continue };
            println!(
                "{name:<16} {count:>2}: {separation:.2} {} {}",
                percent(score.false_alarms),
                percent(score.detected)
            );
        }
    };
    print("training", &training);
    print(
        &split.to_string(),
        &of("test clips", &part(&manifest.training, *split, &papers, |split| split.test))?,
    );
    for corpus in Corpus::ALL.into_iter().filter(|corpus| !corpus.is_in_paper()) {
        let clips: Vec<&Utterance> =
            others.iter().filter(|clip| clip.speaker.corpus == corpus && clip.speaker.is_known()).collect();
        if !clips.is_empty() {
            print(corpus.name(), &of(corpus.name(), &evenly_spaced(&clips, CLIPS))?);
        }
    }
    head.voices = Some(dimensions);
    let path = model.folder_for(*split).join("model.json");
    write_atomically(&path, manifest.to_json().as_bytes()).map_err(|error| fail_at(&path, error))
}
