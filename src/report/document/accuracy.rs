//! Tables 2 to 4 and the confusion matrices.

use std::fmt::Write;

use super::{EvaluatedModel, EvaluationReport, confusion_file, interval, percent};
use crate::corpus::Corpus;
use crate::model::Emotion;
use crate::train::{MODELS, ModelEntry, Schedule};

/// Recalls of the paper's best model, Wav2Vec2, in percent, in the order of the emotions.
const PAPER_RECALL: [f32; 7] = [91.2, 74.2, 72.5, 75.8, 93.1, 69.1, 94.6];

impl EvaluationReport<'_> {
    pub(super) fn recipes(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n## Table 2: training\n\n| model | recipe | optimizer | batch | epochs at most | learning rate | schedule | augmented copies |\n\
             |---|---|---|---|---|---|---|---|"
        )?;
        for entry in &MODELS {
            let name = entry.name;
            for kind in ["paper", "best"] {
                let Ok(recipe) = entry.recipe(kind) else { continue };
                let schedule = match recipe.schedule {
                    Schedule::OneCycle { .. } => "one cycle",
                    Schedule::Plateau { .. } => "reduce on plateau",
                };
                writeln!(
                    out,
                    "| {name} | {kind} | {:?} | {} | {} | {:.0e} | {schedule} | {} |",
                    recipe.optimizer,
                    recipe.batch,
                    recipe.epochs,
                    recipe.learning_rate,
                    recipe.waveform.map_or(0, |waveform| waveform.copies),
                )?;
            }
        }
        writeln!(out, "\nThe rest is in `recipes/`.")
    }

    pub(super) fn accuracies(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n## Table 3: accuracy, %\n\n| | the paper, random | random | (95 %) | mean recall | speaker | (95 %) | mean recall |\n\
             |---|---|---|---|---|---|---|---|"
        )?;
        let (of_paper, own): (Vec<_>, Vec<_>) = MODELS.iter().partition(|entry| entry.is_of_the_paper);
        for entry in of_paper.into_iter().chain(own) {
            let ModelEntry { name, title, .. } = entry;
            let paper = match entry.paper_accuracy {
                Some(accuracy) if entry.is_of_the_paper => format!("{accuracy:.2}"),
                Some(accuracy) => format!("({accuracy:.2})"),
                None => String::new(),
            };
            let cells = ["random", "speaker"].map(|split| match self.of(name, split) {
                Some(EvaluatedModel { metrics, .. }) => format!(
                    "**{}** | {} | {}",
                    percent(metrics.accuracy),
                    interval(metrics.accuracy_interval),
                    percent(metrics.mean_recall)
                ),
                None => "| |".to_owned(),
            });
            writeln!(out, "| {title} | {paper} | {} | {} |", cells[0], cells[1])?;
        }
        writeln!(
            out,
            "\nThe 95 % intervals are bootstrapped over recordings. HuBERT and Wav2Vec2 need encoders of 95 million parameters, pretrained\n\
             on 960 hours of speech, which must be imported. `hubert-small` and `wav2vec2-small` have the same heads on small encoders\n\
             that were pretrained here, from Whisper and 4.8 hours of speech (`docs/PRETRAINING.md`); the accuracy of the large ones\n\
             is in parentheses. `voice` is not in the paper.\n\n### By corpus\n\n| model, split |{} | calibration error | bytes |\n|---|{}---|---|",
            self.heads(),
            "---|".repeat(self.survey.speakers.len()),
        )?;
        for EvaluatedModel { manifest, metrics, .. } in self.scored {
            let of = |corpus: &Corpus| metrics.accuracy_by_corpus.get(corpus.name()).copied();
            let by_corpus: Vec<String> =
                self.survey.speakers.keys().map(|c| of(c).map_or_else(String::new, percent)).collect();
            writeln!(
                out,
                "| {}, {} | {} | {} | {} |",
                manifest.name,
                manifest.training.split,
                by_corpus.join(" | "),
                percent(metrics.calibration_error),
                manifest.bytes(),
            )?;
        }
        writeln!(
            out,
            "\nTESS is two women saying one sentence pattern. On the random split both are in the training set; on the speaker\n\
             split only one."
        )
    }

    pub(super) fn recalls(&self, out: &mut String) -> std::fmt::Result {
        let heads: String = self
            .scored
            .iter()
            .map(|s| format!(" {}, {} |", s.manifest.name, s.manifest.training.split))
            .collect();
        writeln!(out, "\n## Table 4: recall, %\n\n| acted | the paper's Wav2Vec2, random |{heads}")?;
        writeln!(out, "|---|---|{}", "---|".repeat(self.scored.len()))?;
        for emotion in Emotion::ALL {
            let of = |scored: &EvaluatedModel| {
                scored.metrics.recall.get(&emotion).copied().map_or_else(String::new, percent)
            };
            let recalls: Vec<String> = self.scored.iter().map(of).collect();
            writeln!(out, "| {emotion} | {:.1} | {} |", PAPER_RECALL[emotion.index()], recalls.join(" | "))?;
        }
        Ok(())
    }

    pub(super) fn confusions(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Confusion matrices")?;
        for EvaluatedModel { manifest, .. } in self.scored {
            let (name, split) = (&manifest.name, &manifest.training.split);
            writeln!(out, "\n![{name}, {split} split]({}/{})", self.figures, confusion_file(manifest))?;
        }
        Ok(())
    }
}
