//! CARD.md: what a model is, for what it may be used, how it was made and how well it does.

use std::fmt::Write;

use super::report::{Scored, UNSEEN_HEAD, is_of_the_paper, paper_accuracy, percent, unseen_row};
use crate::audio::ClipSettings;
use crate::corpus::Corpus;
use crate::encoder::Description;
use crate::model::{Emotion, Manifest, Metrics, ReferenceDraw, SpeakerHead};

/// The card of a model as Markdown, with its scores on each split that there are weights for.
pub fn card(shipped: &Scored, others: &[&Scored]) -> String {
    let mut text = String::new();
    write_card(&mut text, shipped, others).expect("writing into a string cannot fail");
    text
}

fn write_card(out: &mut String, shipped: &Scored, others: &[&Scored]) -> std::fmt::Result {
    let Scored { manifest, parameters, .. } = shipped;
    let (name, training) = (&manifest.name, &manifest.training);
    let encoder = manifest.front_end.encoder();
    writeln!(
        out,
        "# {name}\n\n\
         {}{}. It hears {} and gives a probability to each of seven emotions.\n\
         {parameters} parameters{}, {:.1} MB.\n\n\
         ## For\n\n\
         Hearing what acted English speech sounds like: demonstrations, lessons, comparison of models, one's own voice.\n\n\
         **Not for** judging people: it does not know what anyone feels. In the European Union it is forbidden to infer the\n\
         emotions of pupils and employees (AI Act, Article 5(1)(f)).\n\n\
         ## Data\n\n\
         Clips of acted English speech, labelled with what the actor was asked for; calm counts as neutral and pleasant\n\
         surprise as surprise.\n\n\
         | corpus | clips | speakers | licence |\n|---|---|---|---|\n\
         | CREMA-D | 7,442 | 91 | ODbL 1.0, DbCL 1.0 |\n\
         | TESS | 2,800 | 2 | CC BY-NC-ND 4.0 |\n\
         | RAVDESS | 1,440 | 24 | CC BY-NC-SA 4.0 |\n\
         | SAVEE | 480 | 4 | research use only |\n\n\
         Three of the four are for non-commercial use; so are these weights.{}{}\n\n\
         ## Training\n\n```",
        manifest.summary,
        if is_of_the_paper(name) { ", after \"Emotion Recognition using Deep Learning Models\"" } else { "" },
        match manifest.clip {
            ClipSettings::Fixed(clip) => format!("{} seconds of a voice", clip.length_s),
            ClipSettings::Speech(clip) =>
                format!("a voice from its first word on, {} seconds at most,", clip.longest_s),
        },
        match encoder {
            None => String::new(),
            Some(Description { name, network, .. }) => format!(
                " beside those of its encoder, {}{}",
                match made_here(name) {
                    Some(_) => format!("{name}, which was trained here"),
                    None => format!(
                        "the first {} layers of {name}, whose licence stands in NOTICE.md",
                        network.layers()
                    ),
                },
                match training.unfrozen_layers {
                    0 => String::new(),
                    count => format!(" (its last {count} layers learnt further with the labels)"),
                }
            ),
        },
        manifest.bytes() as f64 / 1e6,
        if training.keep_defects { "" } else { " Eight clips that are known to be wrong are left out." },
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
    for Scored { manifest, .. } in std::iter::once(shipped).chain(others.iter().copied()) {
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
        "```\n\nThe first training makes these weights, the others those that `held-out/` keeps for judging alone. The recipe is in\n\
         `recipes/{name}.toml`. {} clips train; a further twentieth chooses the epoch ({} was taken) and fits the temperature of\n\
         the probabilities and the thresholds of \"unsure\"{}. Matrices are kept in eight bits or fewer, per output channel.{}\n\n\
         ## Scores\n\n\
         By the shipped weights, in the whole pipeline from file to reading, on clips that served nothing else.\n{}{}\n\
         | | {} |\n|---|{}",
        training.clips,
        training.epochs,
        if manifest.unseen_corpora.is_empty() {
            ""
        } else {
            ", together with clips of corpora that did not train it"
        },
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
    row("95 % of draws", &|m| m.accuracy_interval.map(percent).join(" to "))?;
    row("mean recall, %", &|m| percent(m.mean_recall))?;
    row("calibration error, %", &|m| percent(m.calibration_error))?;
    for corpus in manifest.metrics.accuracy_by_corpus.keys() {
        row(corpus, &|m| m.accuracy_by_corpus.get(corpus).copied().map_or_else(String::new, percent))?;
    }
    for emotion in Emotion::ALL {
        row(emotion.name(), &|m| m.recall.get(&emotion).copied().map_or_else(String::new, percent))?;
    }
    if let Some(paper) = paper_accuracy(name) {
        let large = match &encoder_made {
            Some(_) => ", on an encoder of 95 million parameters that heard 960 hours of speech,",
            None => "",
        };
        writeln!(out, "\nThe paper's model{large} has an accuracy of {paper:.2} % on a random split.")?;
    }
    writeln!(
        out,
        "\nOn the random split the same speakers stand on both sides; on the speaker split none of those who judge was heard in\n\
         training, which is what to expect of a new voice. TESS is two women saying one sentence pattern. Listeners who heard only\n\
         the voice chose the emotion the actor was asked for in 42 % of CREMA-D's clips: on that corpus the model predicts what\n\
         actors were told, which is not what people hear.\n\n\
         `sottovoce evaluate --model {name} --split random --data CORPORA` recomputes the figures."
    )
}

/// What the card says of corpora that the model never met; nothing if it was not measured.
fn unseen_corpora(shipped: &Scored) -> String {
    let Manifest { name, unseen_corpora, .. } = &shipped.manifest;
    if unseen_corpora.is_empty() {
        return String::new();
    }
    let rows: String =
        unseen_corpora.iter().map(|unseen| format!("| {name} {}\n", unseen_row(unseen))).collect();
    format!(
        "\nOn corpora that it never met, by a calibration fitted without each (in plain speech neutral counts as right; \"certain\"\n\
         is what is said without reserve):\n\n{UNSEEN_HEAD}\n{rows}"
    )
}

/// The corpora that trained the speaker head beside the four; nothing of models without one.
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
        "\n\nThe networks that read a clip beside others of its speaker were trained on {} too, for non-commercial use and research.",
        corpora.join(", ")
    )
}

/// What the card says of other clips of the speaker; nothing of models that take none.
fn references(shipped: &Scored, others: &[&Scored]) -> String {
    let unheard = others.iter().find_map(|scored| {
        let Manifest { training, speaker, .. } = &scored.manifest;
        (training.split == "speaker").then_some(speaker.as_ref())?
    });
    let (Some(head), Some(unheard)) = (&shipped.manifest.speaker, unheard) else { return String::new() };
    let accuracy = |head: &SpeakerHead, clips_of: &str, clips: usize| {
        let score = head.scores.iter().find(|score| {
            score.clips_of == clips_of
                && score.reference_clips == clips
                && score.draw == ReferenceDraw::Random
        });
        score.map_or_else(String::new, |score| format!("{:.1}", 100.0 * score.accuracy))
    };
    let mut rows = format!(
        "| speakers not heard in training | {} | {} | {} |\n",
        accuracy(unheard, "speaker", 0),
        accuracy(unheard, "speaker", 3),
        accuracy(unheard, "speaker", 12)
    );
    for corpus in ["EMOVO"].into_iter().chain(head.other_corpora.iter().map(String::as_str)) {
        let cells = [0, 3, 12].map(|clips| accuracy(head, corpus, clips));
        rows.push_str(&format!("| {corpus}, never met | {} |\n", cells.join(" | ")));
    }
    format!(
        "\nBeside other clips of the same speaker, drawn at random and without their labels, accuracy in %; REPORT.md tells how each\n\
         corpus was kept out:\n\n| clips of | alone | 3 others | 12 others |\n|---|---|---|---|\n{rows}"
    )
}

fn splits(shipped: &Scored, others: &[&Scored], cell: impl Fn(&Scored) -> String) -> String {
    std::iter::once(shipped).chain(others.iter().copied()).map(cell).collect::<Vec<_>>().join(" | ")
}

/// An encoder that was trained here.
struct Made {
    /// The command.
    pretrain: String,
    /// What it learnt from.
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
            how: "The encoder began as that of `wav2vec2-small`: convolutions over samples that were trained here, and the first three\n\
                  layers of Whisper `tiny.en`'s encoder (MIT, see NOTICE.md). Then it learnt as HuBERT does, without labels: spans of\n\
                  a clip were hidden from it, and it named what Whisper's third layer makes of them, in 256 clusters. It heard 4.8 hours\n\
                  of the corpora, the clips that train on both splits: never one that judges or chooses. `docs/PRETRAINING.md` tells\n\
                  what else was tried.",
        }),
        "wav2vec2-small" => Some(Made {
            pretrain: EARS.to_owned(),
            how: "The encoder is distilled, without labels: its convolutions over samples, mel bands at first, learnt to say what\n\
                  Whisper `tiny.en`'s encoder (MIT, see NOTICE.md) gives to its first layer; then they and the first three layers of\n\
                  Whisper, which it began with, learnt together to say what Whisper's layers say of the clean sound. It heard 4.8 hours\n\
                  of the corpora, the clips that train on both splits: never one that judges or chooses. `docs/PRETRAINING.md` tells\n\
                  what else was tried.",
        }),
        _ => None,
    }
}
