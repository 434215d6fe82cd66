//! Accuracy on degraded recordings.

use std::fmt::Write;

use super::{EvaluationReport, RobustnessScore, percent};
use crate::evaluate::Condition;

impl EvaluationReport<'_> {
    pub(super) fn robustness(&self, out: &mut String) -> std::fmt::Result {
        if self.robustness.is_empty() {
            return Ok(());
        }
        let mut models: Vec<&str> =
            self.robustness.iter().map(|robustness| robustness.model.as_str()).collect();
        models.dedup();
        writeln!(
            out,
            "\n## Robustness: accuracy on the random split, %\n\n| recordings | {} |\n|---|{}",
            models.join(" | "),
            "---|".repeat(models.len())
        )?;
        let accuracies = |of: &dyn Fn(&str) -> Option<f32>| {
            let cells = models.iter().map(|model| of(model).map_or_else(String::new, percent));
            cells.collect::<Vec<_>>().join(" | ")
        };
        let clean = accuracies(&|model| Some(self.of(model, "random")?.metrics.accuracy));
        writeln!(out, "| unchanged | {clean} |")?;
        for condition in Condition::ALL {
            let with = |model: &str, robustness: &&RobustnessScore| {
                robustness.model == model && robustness.condition == condition
            };
            let worse = accuracies(&|model| {
                self.robustness
                    .iter()
                    .find(|robustness| with(model, robustness))
                    .map(|robustness| robustness.accuracy)
            });
            writeln!(out, "| {} | {worse} |", condition.describe())?;
        }
        writeln!(
            out,
            "\n`sottovoce evaluate --model voice --through babble --data CORPORA` recomputes one column."
        )
    }
}
