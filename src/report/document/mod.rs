//! REPORT.md: the paper's tables with our numbers next to its own.

mod accuracy;
mod corpora;
mod references;
mod robustness;
mod unseen;

use std::fmt::Write;

pub use references::{PROTOCOLS, REFERENCE_CURVE, reference_lines};
pub use unseen::{UNSEEN_HEAD, unseen_row};

use crate::corpus::Survey;
use crate::evaluate::Condition;
use crate::metrics::Selective;
use crate::model::{Manifest, Metrics, ReferenceScore};

/// A model with its metrics on one split, recomputed from its weights.
pub struct EvaluatedModel {
    /// Its `model.json`.
    pub manifest: Manifest,
    /// Number of parameters.
    pub parameters: usize,
    /// Accuracy, recalls and the rest.
    pub metrics: Metrics,
    /// Coverage and selective accuracy.
    pub selective: Selective,
}

/// A model's accuracy under one condition.
pub struct RobustnessScore {
    /// The model's name.
    pub model: String,
    /// How the test recordings of the random split were degraded.
    pub condition: Condition,
    /// Accuracy, 0 to 1.
    pub accuracy: f32,
}

/// A figure of explanations.
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// Its file, in the folder with the pictures.
    pub file: String,
}

/// Contents of the report.
pub struct EvaluationReport<'a> {
    /// What the corpora hold.
    pub survey: &'a Survey,
    /// Every model on every split that there are weights for.
    pub scored: &'a [EvaluatedModel],
    /// Accuracy of some models under degraded conditions.
    pub robustness: &'a [RobustnessScore],
    /// Scores of `voice` by further protocols, with references and without; none if not measured.
    pub protocols: &'a [ReferenceScore],
    /// Explanations of some predictions.
    pub explained: &'a [Figure],
    /// Path of the folder with the pictures, as seen from the report.
    pub figures: &'a str,
}

/// File name of the picture of a model's confusion matrix.
pub fn confusion_file(manifest: &Manifest) -> String {
    format!("confusion-{}-{}.svg", manifest.name, manifest.training.split)
}

/// A share as percent with two digits.
pub fn percent(share: f32) -> String {
    format!("{:.2}", 100.0 * share)
}

fn interval([low, high]: [f32; 2]) -> String {
    format!("{:.1} to {:.1}", 100.0 * low, 100.0 * high)
}

impl EvaluationReport<'_> {
    /// The whole report as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("writing into a string cannot fail");
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "# Report\n\n\
             The tables of \"Emotion Recognition using Deep Learning Models\" with the numbers of the models in this\n\
             repository next to its own. `sottovoce report --data CORPORA` generates this file: it evaluates the shipped weights on\n\
             the test recordings, through the whole pipeline.\n\n\
             Most of it is about **acted English speech**, and about how often a model names the emotion that the actor was asked for."
        )?;
        self.data(out)?;
        self.splits(out)?;
        self.unseen_corpora(out)?;
        self.references(out)?;
        self.protocols(out)?;
        self.recipes(out)?;
        self.accuracies(out)?;
        self.robustness(out)?;
        self.recalls(out)?;
        self.confusions(out)?;
        self.explanations(out)?;
        ceiling(out)
    }

    fn heads(&self) -> String {
        let names: Vec<&str> = self.survey.speakers.keys().map(|corpus| corpus.name()).collect();
        format!(" {}", names.join(" | "))
    }

    fn of(&self, name: &str, split: &str) -> Option<&EvaluatedModel> {
        self.scored.iter().find(|s| s.manifest.name == name && s.manifest.training.split == split)
    }

    fn explanations(&self, out: &mut String) -> std::fmt::Result {
        if self.explained.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n## Explanations\n\n\
             The paper's Figures 3 to 6, on one test clip of each emotion. Figures 3 and 4 are Grad-CAM on the last convolution: the\n\
             input of the network at the left, the relevance for the predicted emotion at the right. Models with an encoder are\n\
             explained by occlusion: the heat is how far the probability falls without a part of the clip. Figure 5 is the mean\n\
             activation over time of each latent dimension of the encoder. Figure 6 is the variance over clips of each dimension of the\n\
             embedding.\n\n\
             Heat shows what a model's own prediction rests on, not what people hear. `sottovoce evaluate --explanations 200 --model\n\
             voice --data CORPORA` checks it: it occludes the tenth of a clip with the most heat, then a random tenth, and compares\n\
             how far the probability moves."
        )?;
        for Figure { title, file } in self.explained {
            writeln!(out, "\n![{title}]({}/{file})", self.figures)?;
        }
        Ok(())
    }
}

fn ceiling(out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "\n## The human ceiling\n\n\
         Listeners were played only the voice and asked which emotion CREMA-D's actors show. Their most frequent answer is the\n\
         emotion that the actor was asked for in **41.6 %** of its 7,442 clips (47.9 % if ties count as right), computed from the\n\
         corpus' published votes. A model with a higher accuracy on this corpus predicts what actors were asked for, which is not\n\
         what people perceive."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Training;
    use crate::train::ModelEntry;

    #[test]
    fn the_paper_and_ours_stand_in_one_row() {
        let survey = Survey::of(&[], false, &|_| {});
        let mut manifest = ModelEntry::find("ms").expect("known").untrained(None).expect("no encoder");
        manifest.training = Training { split: "speaker".to_owned(), ..Training::default() };
        let metrics = Metrics { accuracy: 0.5012, accuracy_interval: [0.48, 0.52], ..Metrics::default() };
        let selective = Selective { coverage: 0.5, accuracy: Some(0.75), coverage_not_neutral: 0.25 };
        let scored = [EvaluatedModel { manifest, parameters: 0, metrics, selective }];
        let model = "ms".to_owned();
        let robustness = [RobustnessScore { model, condition: Condition::Babble, accuracy: 0.3333 }];
        let explained = [Figure { title: "Figure 4, ms".to_owned(), file: "heat-ms.svg".to_owned() }];
        let report = EvaluationReport {
            survey: &survey,
            scored: &scored,
            robustness: &robustness,
            protocols: &[],
            explained: &explained,
            figures: "figures",
        };
        let text = report.markdown();
        assert!(text.contains("| six other voices, together 15 dB below | 33.33 |"), "{text}");
        assert!(text.contains("| MS | 68.39 | | | | **50.12** | 48.0 to 52.0 | 0.00 |"), "{text}");
        assert!(text.contains("(figures/confusion-ms-speaker.svg)"));
        assert!(text.contains("![Figure 4, ms](figures/heat-ms.svg)"));
        assert!(text.contains("41.6 %"));
    }
}
