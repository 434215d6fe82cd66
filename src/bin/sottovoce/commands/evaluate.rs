//! `sottovoce evaluate`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use sottovoce::analyzer::Analyzer;
use sottovoce::corpus::{Split, SplitKind, SplitSettings, Utterance};
use sottovoce::evaluate::{
    Certain, Condition, Judgement, Occlusion, Scored, certain, enrol, judge, metrics, occlude, read_alone,
    read_beside, reference_score,
};
use sottovoce::model::{Emotion, Metrics, Model, ReferenceDraw, SpeakerReferenceError, Training};
use sottovoce::parallel::cores;

use super::progress::Progress;
use super::train_speaker::print_scores;
use super::{CorporaFolder, ModelArguments, fail};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    corpora: CorporaFolder,
    /// How the clips were divided when the weights were made: random, speaker, or corpus-NAME, such as corpus-tess.
    /// Each has weights of its own, which have not heard the clips that judge.
    #[arg(long, default_value = "random")]
    split: SplitKind,
    /// Make every recording worse first: white (noise, 15 dB below the voice), babble (six other voices, 15 dB below)
    /// or opus (16 kbit/s).
    #[arg(long)]
    through: Option<Condition>,
    /// Measure the explanations instead, on so many of the clips: whether silencing the tenth of a clip that is said to
    /// have decided moves the probability more than silencing a tenth drawn at random.
    #[arg(long, value_name = "CLIPS", conflicts_with = "through")]
    explanations: Option<usize>,
    /// Read each clip beside so many other clips of its speaker, too.
    #[arg(long, value_name = "CLIPS", conflicts_with_all = ["through", "explanations"])]
    reference: Option<usize>,
    /// How those are drawn: random, sitting (four in five neutral, as a visitor gives them) or one-sided (one emotion alone).
    #[arg(long, default_value_t = ReferenceDraw::Random, requires = "reference")]
    draw: ReferenceDraw,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), ExitCode> {
    let utterances = arguments.corpora.find(&arguments.split.evaluated())?;
    if let Some(clips) = arguments.explanations {
        return explanations(arguments, clips, &utterances);
    }
    if let Some(clips) = arguments.reference {
        return reference(arguments, clips, &utterances);
    }
    let (Scored { manifest, metrics, certain, .. }, notes) =
        score(&arguments.model, arguments.split, arguments.through, &utterances)?;
    let training = &manifest.training;
    if arguments.json {
        println!(
            "{}",
            json!({
                "model": manifest.name,
                "through": arguments.through.map(|condition| condition.to_string()),
                "training": training,
                "metrics": metrics,
                "certain": certain,
            })
        );
    } else {
        print_tables(&metrics, certain, training, &notes);
    }
    Ok(())
}

/// How many clips carry each note on their quality.
type Notes = BTreeMap<String, usize>;

/// Judges a model by those of all recordings that its weights for a split have not heard, with a copy of it a core, and
/// shows how far it is.
pub fn score(
    model: &ModelArguments,
    kind: SplitKind,
    condition: Option<Condition>,
    all: &[Utterance],
) -> Result<(Scored, Notes), ExitCode> {
    let loaded = model.load_for(kind)?;
    let (manifest, parameters) = (loaded.manifest().clone(), loaded.parameter_count());
    let test = unheard(&manifest.training, kind, all)?;
    let through = condition.map(|condition| format!(", {}", condition.describe())).unwrap_or_default();
    let message = format!("Judging {}, {kind}{through}", manifest.name);
    let Judgement { judged, notes, .. } = judge_clips(model, kind, condition, &test, &message)?;
    let certain = certain(&judged, manifest.calibration.likely_from);
    Ok((Scored { metrics: metrics(&judged), certain, manifest, parameters }, notes))
}

/// Judges a model's weights for a split by these clips, with a copy of it a core, shows how far it is, and says which recordings
/// cannot be read.
pub fn judge_clips(
    model: &ModelArguments,
    kind: SplitKind,
    condition: Option<Condition>,
    clips: &[&Utterance],
    message: &str,
) -> Result<Judgement, ExitCode> {
    let analyzers: Vec<Analyzer> =
        (0..cores()).map(|_| model.load_for(kind).map(Analyzer::new)).collect::<Result<_, _>>()?;
    let progress = Progress::new();
    let judgement = judge(analyzers, clips, condition, &|| progress.advance(clips.len(), message));
    progress.finish();
    for (path, reason) in &judgement.unreadable {
        eprintln!("{path}: {reason}");
    }
    Ok(judgement)
}

/// Those of all recordings that weights for a split have not heard.
pub fn unheard<'a>(
    training: &Training,
    kind: SplitKind,
    all: &'a [Utterance],
) -> Result<Vec<&'a Utterance>, ExitCode> {
    if let SplitKind::Corpus(corpus) = kind
        && !corpus.is_papers()
        && !training.other_corpora.iter().any(|name| name == corpus.name())
    {
        return Ok(all.iter().filter(|clip| clip.defect.is_none()).collect());
    }
    if training.split != kind.to_string() {
        return Err(fail(format!(
            "These weights were made on the {} split, so they may have heard clips that judge on the {kind} split.",
            training.split
        )));
    }
    let test = part(training, kind, all, |split| split.test);
    if test.is_empty() {
        return Err(fail(
            "Among these recordings is none that judges on this split; give the folder that holds all corpora.",
        ));
    }
    Ok(test)
}

/// A part of the split by which weights were trained.
pub fn part<'a>(
    training: &Training,
    kind: SplitKind,
    all: &'a [Utterance],
    of: fn(Split) -> Vec<usize>,
) -> Vec<&'a Utterance> {
    let used: Vec<&Utterance> =
        all.iter().filter(|clip| training.keep_defects || clip.defect.is_none()).collect();
    let owned: Vec<Utterance> = used.iter().map(|&clip| clip.clone()).collect();
    let split = SplitSettings { kind, seed: training.seed }.divide(&owned);
    of(split).into_iter().map(|index| used[index]).collect()
}

/// So many of the clips, spread over all corpora, speakers and emotions.
pub fn some<'a>(clips: &[&'a Utterance], count: usize) -> Vec<&'a Utterance> {
    let count = count.clamp(1, clips.len());
    (0..count).map(|i| clips[i * clips.len() / count]).collect()
}

fn explanations(arguments: &Arguments, clips: usize, all: &[Utterance]) -> Result<(), ExitCode> {
    let load = || arguments.model.load_for(arguments.split);
    let models: Vec<Model> = (0..cores()).map(|_| load()).collect::<Result<_, _>>()?;
    let manifest = models[0].manifest().clone();
    let test = unheard(&manifest.training, arguments.split, all)?;
    let test = some(&test, clips);
    let progress = Progress::new();
    let message = format!("Silencing parts of clips, {}", manifest.name);
    let found = occlude(models, &test, manifest.training.seed, &|| progress.advance(test.len(), &message));
    progress.finish();
    if found.is_empty() {
        return Err(fail("None of these recordings could be read."));
    }
    let share = found.iter().filter(|occlusion| occlusion.agrees()).count() as f32 / found.len() as f32;
    let mean = |of: fn(&Occlusion) -> f32| found.iter().map(of).sum::<f32>() / found.len() as f32;
    let (hottest, random) = (mean(|occlusion| occlusion.hottest), mean(|occlusion| occlusion.random));
    if arguments.json {
        let object = json!({
            "model": manifest.name,
            "clips": found.len(),
            "hottest_moves_more": share,
            "moved_by_hottest": hottest,
            "moved_by_random": random,
        });
        println!("{object}");
    } else {
        println!(
            "{} clips: silencing the tenth with the most heat moves the probability more than a random tenth in {:.1} %",
            found.len(),
            100.0 * share
        );
        println!("by {:.1} points on average, a random tenth by {:.1}", 100.0 * hottest, 100.0 * random);
    }
    Ok(())
}

/// Reads the clips alone and beside references.
fn reference(arguments: &Arguments, count: usize, all: &[Utterance]) -> Result<(), ExitCode> {
    let Arguments { model, split, draw, .. } = arguments;
    let loaded = model.load_for(*split)?;
    let manifest = loaded.manifest().clone();
    let (Some(head), Some(network)) = (&manifest.speaker, loaded.speaker_network()) else {
        return Err(fail(SpeakerReferenceError::NotTaken(manifest.name)));
    };
    if let SplitKind::Corpus(corpus) = split
        && head.other_corpora.iter().any(|name| name == corpus.name())
    {
        return Err(fail(format!(
            "The part of {} that takes references was trained on {corpus}. `sottovoce train-speaker` measures it without, and REPORT.md has the result.",
            manifest.name
        )));
    }
    let test = unheard(&manifest.training, *split, all)?;
    let analyzers: Vec<Analyzer> =
        (0..cores()).map(|_| model.load_for(*split).map(Analyzer::new)).collect::<Result<_, _>>()?;
    let progress = Progress::new();
    let message = format!("Judging {}, {split}", manifest.name);
    let clips = enrol(analyzers, &test, &|done| progress.set(done, test.len(), &message));
    progress.finish();
    let seed = manifest.training.seed;
    let name = split.to_string();
    let beside = read_beside(network, &clips, (*draw, count), seed);
    let scores = [
        reference_score(&name, (*draw, 0), &read_alone(&clips), &manifest.calibration),
        reference_score(&name, (*draw, count), &beside, &head.calibration),
    ];
    if arguments.json {
        println!("{}", json!({ "model": manifest.name, "training": manifest.training, "scores": scores }));
    } else {
        print_scores(&scores);
    }
    Ok(())
}

fn print_tables(metrics: &Metrics, certain: Certain, training: &Training, notes: &Notes) {
    let percent = |share: f32| format!("{:.2} %", 100.0 * share);
    let interval = |[low, high]: [f32; 2]| format!("(95 %: {:.2} to {:.2} %)", 100.0 * low, 100.0 * high);
    println!("{} clips, {} split, seed {}", metrics.clips, training.split, training.seed);
    println!("accuracy           {} {}", percent(metrics.accuracy), interval(metrics.accuracy_interval));
    println!(
        "mean recall        {} {}",
        percent(metrics.mean_recall),
        interval(metrics.mean_recall_interval)
    );
    println!("calibration error  {}", percent(metrics.calibration_error));
    println!(
        "said for certain   {}, right in {}; other than neutral {}",
        percent(certain.said),
        certain.right.map_or_else(|| "none".to_owned(), percent),
        percent(certain.not_neutral)
    );
    println!();
    for (corpus, accuracy) in &metrics.accuracy_by_corpus {
        println!("{corpus:<18} {}", percent(*accuracy));
    }
    println!("\nacted below, said to the right");
    let names = Emotion::ALL.map(|emotion| format!("{emotion:>9}"));
    println!("{:<9}{}   recall", "", names.concat());
    for (emotion, row) in Emotion::ALL.into_iter().zip(metrics.confusion) {
        let counts: String = row.iter().map(|count| format!("{count:>9}")).collect();
        let recall = metrics.recall.get(&emotion).copied().unwrap_or(0.0);
        println!("{emotion:<9}{counts}   {}", percent(recall));
    }
    if !notes.is_empty() {
        println!("\nclips with a note on their quality");
        for (note, count) in notes {
            println!("{note:<18} {}", percent(*count as f32 / metrics.clips.max(1) as f32));
        }
    }
}
