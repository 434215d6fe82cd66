//! Predictions on corpora that took no part in training.

use std::fmt::Write;

use super::{EvaluatedModel, EvaluationReport};
use crate::metrics::unseen_corpus;
use crate::model::{Manifest, UnseenCorpus};

/// The head of a table of [`unseen_row`]s.
pub const UNSEEN_HEAD: &str = "| model | corpus | clips | accuracy, % | mean recall | coverage | selective accuracy | coverage, not neutral | calibration error |\n\
                               |---|---|---|---|---|---|---|---|---|";

/// The cells of an unseen corpus, behind the model's name.
pub fn unseen_row(unseen: &UnseenCorpus) -> String {
    let percent = |share: f32| format!("{:.1}", 100.0 * share);
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        unseen.corpus,
        unseen.clips,
        percent(unseen.accuracy),
        percent(unseen.mean_recall),
        percent(unseen.coverage),
        unseen.selective_accuracy.map_or_else(String::new, percent),
        percent(unseen.coverage_not_neutral),
        percent(unseen.calibration_error),
    )
}

impl EvaluationReport<'_> {
    pub(super) fn unseen_corpora(&self, out: &mut String) -> std::fmt::Result {
        let shipped: Vec<&Manifest> = self
            .scored
            .iter()
            .map(|scored| &scored.manifest)
            .filter(|manifest| manifest.training.split == "random" && !manifest.unseen_corpora.is_empty())
            .collect();
        if shipped.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n## Unseen corpora\n\n\
             The shipped weights on corpora that took no part in their training: the closest to a visitor's voice and microphone. In\n\
             ordinary speech (speechocean762, Picovoice) the label is neutral. Coverage is the share of clips with a prediction without\n\
             reserve (\"sounds …\"), selective accuracy how often that is right. Each row is by a calibration fitted without its\n\
             corpus; EMOVO is in none of them. The last row of each model is its random split, by the shipped calibration.\n\n{UNSEEN_HEAD}"
        )?;
        for manifest in shipped {
            for unseen in &manifest.unseen_corpora {
                writeln!(out, "| {} {}", manifest.name, unseen_row(unseen))?;
            }
            if let Some(EvaluatedModel { metrics, selective, .. }) = self.of(&manifest.name, "random") {
                let random = unseen_corpus("(random split)", metrics, *selective);
                writeln!(out, "| {} {}", manifest.name, unseen_row(&random))?;
            }
        }
        writeln!(
            out,
            "\n`sottovoce calibrate --model voice --data CORPORA` fits the calibration and computes this; \
             `sottovoce evaluate --split corpus-emovo` evaluates on a whole corpus."
        )
    }
}
