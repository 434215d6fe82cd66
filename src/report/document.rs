//! REPORT.md: the paper's tables with our numbers next to its own.

use std::fmt::Write;

use crate::corpus::{Corpus, Survey};
use crate::evaluate::Condition;
use crate::metrics::{Selective, unseen_corpus};
use crate::model::{Emotion, Manifest, Metrics, ReferenceDraw, ReferenceScore, SpeakerHead, UnseenCorpus};
use crate::train::{MODELS, ModelEntry, Schedule};

/// Recalls of the paper's best model, Wav2Vec2, in percent, in the order of the emotions.
const PAPER_RECALL: [f32; 7] = [91.2, 74.2, 72.5, 75.8, 93.1, 69.1, 94.6];

/// Recordings of each emotion in the paper's Table 1, in the order of the emotions.
const PAPER_COUNTS: [usize; 7] = [1923, 1923, 1923, 1923, 1895, 1923, 652];

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

/// File name of the scores by further protocols, among the weights that are held out.
pub const PROTOCOLS: &str = "protocols.json";

/// File name of the figure of accuracy against reference duration.
pub const REFERENCE_CURVE: &str = "speaker-reference.svg";

/// Evaluation sets and how references were drawn, in the order of the scores.
fn reference_rows(scores: &[ReferenceScore]) -> Vec<(&str, ReferenceDraw)> {
    let mut rows = Vec::new();
    for score in scores.iter().filter(|score| score.reference_clips > 0) {
        let row = (score.clips_of.as_str(), score.draw);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

/// The score with references of `clips` clips; 0 is without one.
fn score_at<'a>(
    scores: &'a [ReferenceScore],
    clips_of: &str,
    draw: ReferenceDraw,
    clips: usize,
) -> Option<&'a ReferenceScore> {
    scores.iter().find(|score| {
        score.clips_of == clips_of && score.reference_clips == clips && (clips == 0 || score.draw == draw)
    })
}

/// The cells of accuracies: without a reference, and with each number of clips.
fn reference_cells(scores: &[ReferenceScore], clips_of: &str, draw: ReferenceDraw) -> String {
    let cells = [0, 1, 3, 6, 12, 24].map(|clips| {
        score_at(scores, clips_of, draw, clips).map_or_else(String::new, |score| {
            format!("{:.1} ({})", 100.0 * score.accuracy, interval(score.accuracy_interval))
        })
    });
    cells.join(" | ")
}

/// Accuracy against the duration of random references: a line for each evaluation set, of seconds and accuracy in percent.
pub fn reference_lines(head: &SpeakerHead) -> Vec<(String, Vec<[f32; 2]>)> {
    let rows = reference_rows(&head.scores).into_iter().filter(|(_, draw)| *draw == ReferenceDraw::Random);
    let line = |(clips_of, draw): (&str, ReferenceDraw)| {
        let of_row = head.scores.iter().filter(|score| score.clips_of == clips_of && score.draw == draw);
        (clips_of.to_owned(), of_row.map(|score| [score.reference_s, 100.0 * score.accuracy]).collect())
    };
    rows.map(line).collect()
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

    fn data(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Table 1: recordings\n\n| emotion | the paper | here |{} |", self.heads())?;
        writeln!(out, "|---|---|---|{}", "---|".repeat(self.survey.speakers.len()))?;
        for emotion in Emotion::ALL {
            let counts = self.survey.counts.get(&emotion);
            let by_corpus: Vec<String> = self
                .survey
                .speakers
                .keys()
                .map(|corpus| counts.and_then(|counts| counts.get(corpus)).copied().unwrap_or(0).to_string())
                .collect();
            let paper = PAPER_COUNTS[emotion.index()];
            writeln!(
                out,
                "| {emotion} | {paper} | {} | {} |",
                self.survey.count(emotion),
                by_corpus.join(" | ")
            )?;
        }
        writeln!(out, "\n| corpus | recordings | women, men | hours | mean length |\n|---|---|---|---|---|")?;
        for (&corpus, speakers) in &self.survey.speakers {
            let Some(durations) = self.survey.durations_s.get(&corpus) else { continue };
            writeln!(
                out,
                "| {corpus} | {} | {}, {} | {:.2} | {:.2} s |",
                self.survey.count_of_corpus(corpus),
                speakers.female,
                speakers.male,
                durations.total / 3600.0,
                durations.mean
            )?;
        }
        writeln!(
            out,
            "\n{} recordings with known defects are left out: digital silence, the same recording under two emotions,\n\
             a repetition (`sottovoce corpus` lists them; `--keep-defects` uses them).\n\n\
             ![Recordings of each emotion]({figures}/emotions.svg)\n\n\
             ![Loudness of each emotion's recordings]({figures}/loudness.svg)",
            self.survey.defects.len(),
            figures = self.figures,
        )
    }

    fn heads(&self) -> String {
        let names: Vec<&str> = self.survey.speakers.keys().map(|corpus| corpus.name()).collect();
        format!(" {}", names.join(" | "))
    }

    fn splits(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n## Splits\n\n\
             - **random**, the paper's: the test set is a fifth of each emotion's recordings, drawn at random. Training and test share\n  \
               speakers and sentences, so this measures accuracy on known voices.\n\
             - **speaker**: the test set is a fifth of each corpus' speakers, unseen in training; one of SAVEE's four and one of\n  \
               TESS' two. This is what to expect of a new voice of the same kind.\n\n\
             A further twentieth of the recordings (or of the speakers) is the validation set, for early stopping and calibration:\n\
             our models are trained on 75 % of the recordings where the paper's had 80 %."
        )
    }

    fn unseen_corpora(&self, out: &mut String) -> std::fmt::Result {
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

    fn references(&self, out: &mut String) -> std::fmt::Result {
        let takes: Vec<(&Manifest, &SpeakerHead)> = self
            .scored
            .iter()
            .filter_map(|scored| Some((&scored.manifest, scored.manifest.speaker.as_ref()?)))
            .filter(|(_, head)| !head.scores.is_empty())
            .collect();
        if takes.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n## With a speaker reference\n\n\
             Predictions conditioned on n other, unlabelled clips of the same speaker: accuracy in %, with 95 % bootstrap intervals.\n\
             References are drawn at random, or as a visitor records them in one session (four in five neutral); one-sided ones, of\n\
             one emotion, are the worst case. The speaker head was trained on {} too; on each of these, networks trained without it\n\
             and a calibration fitted without it are evaluated. EMOVO takes part in no training and no calibration. Coverage,\n\
             selective accuracy and calibration error are with 12 clips.\n\n\
             | weights | evaluation set | reference | 0 | 1 | 3 | 6 | 12 | 24 | coverage | selective accuracy | calibration error |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|",
            takes[0].1.other_corpora.join(", ")
        )?;
        for (manifest, head) in &takes {
            for (clips_of, draw) in reference_rows(&head.scores) {
                let at = |clips: usize| score_at(&head.scores, clips_of, draw, clips);
                let cells = reference_cells(&head.scores, clips_of, draw);
                let selective = at(12).map_or_else(
                    || " | | ".to_owned(),
                    |score| {
                        let accuracy = score
                            .selective_accuracy
                            .map_or_else(String::new, |accuracy| format!("{:.1}", 100.0 * accuracy));
                        format!(
                            "{:.1} | {accuracy} | {:.1}",
                            100.0 * score.coverage,
                            100.0 * score.calibration_error
                        )
                    },
                );
                writeln!(
                    out,
                    "| {}, {} | {clips_of} | {draw} | {} | {selective} |",
                    manifest.name, manifest.training.split, cells
                )?;
            }
        }
        writeln!(
            out,
            "\n![Accuracy by seconds of reference, of the speaker split's weights]({}/{REFERENCE_CURVE})\n\n\
             In speechocean762 each speaker has one other clip. `sottovoce train-speaker` trains, calibrates and evaluates all of it;\n\
             `sottovoce evaluate --split speaker --reference 12 --data CORPORA` evaluates one split.",
            self.figures
        )
    }

    fn protocols(&self, out: &mut String) -> std::fmt::Result {
        if self.protocols.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n## Further protocols\n\n\
             `voice`, trained anew for each (`sottovoce protocols`); columns as above. **Five folds** are a cross-validation over the speakers of\n\
             the four corpora. The **published split** of CREMA-D is that of the NOSS benchmark: 19 test speakers, six classes; the other\n\
             three corpora are used for training, too. On it a linear layer on frozen embeddings reaches, as published, 70.9 % with FRILL,\n\
             77.4 with wav2vec 2.0, and 81.3, 82.6 and 83.2 with TRILLsson 1, 2 and 3 (5, 8 and 21 million parameters). A corpus that is\n\
             **left out** is the test set of weights trained on the other three.\n\n\
             | evaluation set | reference | clips | 0 | 1 | 3 | 6 | 12 | 24 |\n\
             |---|---|---|---|---|---|---|---|---|"
        )?;
        for (clips_of, draw) in reference_rows(self.protocols) {
            let clips = score_at(self.protocols, clips_of, draw, 0).map_or(0, |score| score.clips);
            let cells = reference_cells(self.protocols, clips_of, draw);
            writeln!(out, "| {clips_of} | {draw} | {clips} | {cells} |")?;
        }
        Ok(())
    }

    fn recipes(&self, out: &mut String) -> std::fmt::Result {
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

    fn of(&self, name: &str, split: &str) -> Option<&EvaluatedModel> {
        self.scored.iter().find(|s| s.manifest.name == name && s.manifest.training.split == split)
    }

    fn accuracies(&self, out: &mut String) -> std::fmt::Result {
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

    fn robustness(&self, out: &mut String) -> std::fmt::Result {
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

    fn recalls(&self, out: &mut String) -> std::fmt::Result {
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

    fn confusions(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Confusion matrices")?;
        for EvaluatedModel { manifest, .. } in self.scored {
            let (name, split) = (&manifest.name, &manifest.training.split);
            writeln!(out, "\n![{name}, {split} split]({}/{})", self.figures, confusion_file(manifest))?;
        }
        Ok(())
    }
}

impl EvaluationReport<'_> {
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
