//! CARD.md: what a model is, for what it may be used, how it was made and how well it does.

use std::fmt::Write;

use super::document::{EvaluatedModel, UNSEEN_HEAD, percent, unseen_row};
use crate::audio::ClipSettings;
use crate::corpus::Corpus;
use crate::encoder::Description;
use crate::model::{Emotion, Manifest, Metrics, ReferenceDraw, SpeakerHead};
use crate::train::ModelEntry;

/// The card of a model as Markdown, with its metrics on each split that there are weights for.
pub fn card(shipped: &EvaluatedModel, others: &[&EvaluatedModel]) -> String {
    let mut text = String::new();
    write_card(&mut text, shipped, others).expect("writing into a string cannot fail");
    text
}

fn write_card(out: &mut String, shipped: &EvaluatedModel, others: &[&EvaluatedModel]) -> std::fmt::Result {
    let EvaluatedModel { manifest, parameters, .. } = shipped;
    let (name, training) = (&manifest.name, &manifest.training);
    let entry = ModelEntry::find(name).ok();
    let encoder = manifest.front_end.encoder();
    writeln!(
        out,
        "# {name}\n\n\
         {}{}. Its input is {}; its output, a probability for each of seven emotions.\n\
         {parameters} parameters{}, {:.1} MB.\n\n\
         ## Intended use\n\n\
         Demonstrations, lessons, comparison of models, one's own voice.\n\n\
         **Not for** assessing people: it does not know what anyone feels. In the European Union it is forbidden to infer the\n\
         emotions of pupils and employees (AI Act, Article 5(1)(f)).\n\n\
         ## Data\n\n\
         Clips of acted English speech, labelled with the emotion that the actor was asked for; calm counts as neutral and pleasant\n\
         surprise as surprise.\n\n\
         | corpus | clips | speakers | licence |\n|---|---|---|---|\n\
         | CREMA-D | 7,442 | 91 | ODbL 1.0, DbCL 1.0 |\n\
         | TESS | 2,800 | 2 | CC BY-NC-ND 4.0 |\n\
         | RAVDESS | 1,440 | 24 | CC BY-NC-SA 4.0 |\n\
         | SAVEE | 480 | 4 | research use only |\n\n\
         Three of the four are for non-commercial use; so are these weights.{}{}\n\n\
         ## Training\n\n```",
        manifest.summary,
        if entry.is_some_and(|entry| entry.is_of_the_paper) {
            ", after \"Emotion Recognition using Deep Learning Models\""
        } else {
            ""
        },
        match manifest.clip {
            ClipSettings::Fixed(clip) => format!("{} seconds of a voice", clip.length_s),
            ClipSettings::Speech(clip) =>
                format!("a voice from its first word on, {} seconds at most", clip.longest_s),
        },
        match encoder {
            None => String::new(),
            Some(Description { name, network, .. }) => format!(
                " without those of its encoder, {}{}",
                match made_here(name) {
                    Some(_) => format!("{name}, which was trained here"),
                    None => format!(
                        "the first {} layers of {name}, see NOTICE.md for its licence",
                        network.layers()
                    ),
                },
                match training.unfrozen_layers {
                    0 => String::new(),
                    count => format!(" (its last {count} layers fine-tuned)"),
                }
            ),
        },
        manifest.bytes() as f64 / 1e6,
        if training.keep_defects { "" } else { " Eight clips with known defects are left out." },
        other_corpora(manifest),
    )?;
    let encoder_made = encoder.and_then(|encoder| made_here(&encoder.name));
    if let Some(Made { pretrain, .. }) = &encoder_made {
        writeln!(out, "{pretrain}")?;
    }
    if let Some(Description { name, network, .. }) = encoder {
        match &encoder_made {
            Some(_) => {
                writeln!(out, "sottovoce encoder import runs/pretrain-{name}-1/encoder --name {name}")?
            }
            None => {
                writeln!(out, "sottovoce encoder import {name} --name {name} --layers {}", network.layers())?;
            }
        }
    }
    for EvaluatedModel { manifest, .. } in std::iter::once(shipped).chain(others.iter().copied()) {
        let training = &manifest.training;
        let defects = if training.keep_defects { " --keep-defects" } else { "" };
        let listens = encoder.map(|encoder| {
            format!(" --encoder encoders/{} --unfreeze-last {}", encoder.name, training.unfrozen_layers)
        });
        let listens = listens.unwrap_or_default();
        writeln!(
            out,
            "sottovoce train {name}{listens} --recipe {} --split {} --seed {}{defects} --data CORPORA",
            training.recipe, training.split, training.seed,
        )?;
    }
    if manifest.speaker.is_some() {
        for split in
            std::iter::once(shipped).chain(others.iter().copied()).map(|s| &s.manifest.training.split)
        {
            writeln!(out, "sottovoce train-speaker --model {name} --split {split} --data CORPORA")?;
        }
    }
    writeln!(
        out,
        "```\n\nThe first command trains these weights, the others those in `models/held-out/`, for evaluation only. The recipe is\n\
         `recipes/{name}.toml`. {} clips are the training set; a further twentieth is the validation set, for early stopping (epoch\n\
         {}) and calibration{}. Weight matrices are quantized to eight bits or fewer, per output channel.{}\n\n\
         ## Evaluation\n\n\
         Of the shipped weights, in the whole pipeline from file to prediction, on test clips.\n{}{}\n\
         | | {} |\n|---|{}",
        training.clips,
        training.epochs,
        if manifest.unseen_corpora.is_empty() { "" } else { ", together with clips of unseen corpora" },
        encoder_made.as_ref().map_or_else(String::new, |made| format!("\n\n{}", made.how)),
        unseen_corpora(shipped),
        references(shipped, others),
        splits(shipped, others, |scored| format!("{} split", scored.manifest.training.split)),
        "---|".repeat(1 + others.len()),
    )?;
    let mut row = |title: &str, value: &dyn Fn(&Metrics) -> String| {
        writeln!(out, "| {title} | {} |", splits(shipped, others, |scored| value(&scored.metrics)))
    };
    row("clips", &|m| m.clips.to_string())?;
    row("accuracy, %", &|m| percent(m.accuracy))?;
    row("95 % interval", &|m| m.accuracy_interval.map(percent).join(" to "))?;
    row("mean recall, %", &|m| percent(m.mean_recall))?;
    row("calibration error, %", &|m| percent(m.calibration_error))?;
    for corpus in manifest.metrics.accuracy_by_corpus.keys() {
        row(corpus, &|m| m.accuracy_by_corpus.get(corpus).copied().map_or_else(String::new, percent))?;
    }
    for emotion in Emotion::ALL {
        row(emotion.name(), &|m| m.recall.get(&emotion).copied().map_or_else(String::new, percent))?;
    }
    if let Some(paper) = entry.and_then(|entry| entry.paper_accuracy) {
        let large = match &encoder_made {
            Some(_) => ", on an encoder of 95 million parameters pretrained on 960 hours of speech,",
            None => "",
        };
        writeln!(out, "\nThe paper's model{large} has an accuracy of {paper:.2} % on a random split.")?;
    }
    writeln!(
        out,
        "\nThe random split shares speakers between training and test; the speaker split does not, which is what to expect of a new\n\
         voice. TESS is two women saying one sentence pattern. Listeners who were played only the voice chose the emotion the actor\n\
         was asked for in 42 % of CREMA-D's clips: on that corpus the model predicts what actors were asked for, which is not what\n\
         people perceive.\n\n\
         `sottovoce evaluate --model {name} --split random --data CORPORA` recomputes the figures."
    )
}

/// The section on unseen corpora; empty if not measured.
fn unseen_corpora(shipped: &EvaluatedModel) -> String {
    let Manifest { name, unseen_corpora, .. } = &shipped.manifest;
    if unseen_corpora.is_empty() {
        return String::new();
    }
    let rows: String =
        unseen_corpora.iter().map(|unseen| format!("| {name} {}\n", unseen_row(unseen))).collect();
    format!(
        "\nOn unseen corpora, each by a calibration fitted without it (the label of ordinary speech is neutral; coverage is the share\n\
         of clips with a prediction without reserve):\n\n{UNSEEN_HEAD}\n{rows}"
    )
}

/// The corpora that the speaker head was trained on in addition to the four; empty without one.
fn other_corpora(manifest: &Manifest) -> String {
    let Some(head) = manifest.speaker.as_ref().filter(|head| !head.other_corpora.is_empty()) else {
        return String::new();
    };
    let of = |name: &String| {
        let entry = name.parse::<Corpus>().ok().map(Corpus::entry);
        entry.map(|entry| format!("{name} ({}, {})", entry.language, entry.licence))
    };
    let corpora: Vec<String> = head.other_corpora.iter().filter_map(of).collect();
    format!(
        "\n\nThe speaker head was trained on {} too, for non-commercial use and research.",
        corpora.join(", ")
    )
}

/// The section on speaker references; empty for models that take none.
fn references(shipped: &EvaluatedModel, others: &[&EvaluatedModel]) -> String {
    let unseen = others.iter().find_map(|scored| {
        let Manifest { training, speaker, .. } = &scored.manifest;
        (training.split == "speaker").then_some(speaker.as_ref())?
    });
    let (Some(head), Some(unseen)) = (&shipped.manifest.speaker, unseen) else { return String::new() };
    let accuracy = |head: &SpeakerHead, clips_of: &str, clips: usize| {
        let score = head.scores.iter().find(|score| {
            score.clips_of == clips_of
                && score.reference_clips == clips
                && score.draw == ReferenceDraw::Random
        });
        score.map_or_else(String::new, |score| format!("{:.1}", 100.0 * score.accuracy))
    };
    let mut rows = format!(
        "| unseen speakers | {} | {} | {} |\n",
        accuracy(unseen, "speaker", 0),
        accuracy(unseen, "speaker", 3),
        accuracy(unseen, "speaker", 12)
    );
    for corpus in ["EMOVO"].into_iter().chain(head.other_corpora.iter().map(String::as_str)) {
        let cells = [0, 3, 12].map(|clips| accuracy(head, corpus, clips));
        rows.push_str(&format!("| {corpus}, unseen | {} |\n", cells.join(" | ")));
    }
    format!(
        "\nAccuracy in %, conditioned on other, unlabelled clips of the same speaker, drawn at random; REPORT.md says how each corpus\n\
         was held out:\n\n| evaluation set | no reference | 3 clips | 12 clips |\n|---|---|---|---|\n{rows}"
    )
}

fn splits(
    shipped: &EvaluatedModel,
    others: &[&EvaluatedModel],
    cell: impl Fn(&EvaluatedModel) -> String,
) -> String {
    std::iter::once(shipped).chain(others.iter().copied()).map(cell).collect::<Vec<_>>().join(" | ")
}

/// An encoder that was trained here.
struct Made {
    /// The command.
    pretrain: String,
    /// How it was pretrained.
    how: &'static str,
}

const EARS: &str = "\
sottovoce pretrain wav2vec2 --recipe recipes/pretrain/wav2vec2-small-ears.toml --teacher whisper-tiny.en --begin whisper-tiny.en --data CORPORA
sottovoce pretrain wav2vec2 --recipe recipes/pretrain/wav2vec2-small.toml --teacher whisper-tiny.en --begin runs/pretrain-wav2vec2-small-ears-1/encoder --data CORPORA";

fn made_here(encoder: &str) -> Option<Made> {
    match encoder {
        "hubert-small" => Some(Made {
            pretrain: format!(
                "{EARS}\nsottovoce pretrain hubert --recipe recipes/pretrain/hubert-small.toml --teacher whisper-tiny.en --begin runs/pretrain-wav2vec2-small-1/encoder --data CORPORA"
            ),
            how: "The encoder is initialized from that of `wav2vec2-small`: convolutions over samples that were trained here, and the first\n\
                  three layers of Whisper `tiny.en`'s encoder (MIT, see NOTICE.md). It was then pretrained as HuBERT is, without labels:\n\
                  predicting, for masked spans of a clip, the cluster of Whisper's third hidden state, of 256. Data: 4.8 hours of the\n\
                  corpora, the training clips of both splits, never a validation or test clip. `docs/PRETRAINING.md` has what else was\n\
                  tried.",
        }),
        "wav2vec2-small" => Some(Made {
            pretrain: EARS.to_owned(),
            how: "The encoder is distilled, without labels: its convolutions over samples, initialized to mel bands, were trained to\n\
                  predict the input of Whisper `tiny.en`'s first encoder layer (MIT, see NOTICE.md); then they and the first three\n\
                  layers, initialized from Whisper's, were trained together to predict Whisper's hidden states of the clean sound. Data:\n\
                  4.8 hours of the corpora, the training clips of both splits, never a validation or test clip.\n\
                  `docs/PRETRAINING.md` has what else was tried.",
        }),
        _ => None,
    }
}
