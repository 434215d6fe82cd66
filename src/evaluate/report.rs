//! REPORT.md: the paper's tables with our numbers beside its own.

use std::fmt::Write;

use super::calibrate::row;
use super::{Certain, Condition};
use crate::corpus::{Corpus, Survey};
use crate::model::{Emotion, Manifest, Metrics, ReferenceDraw, ReferenceScore, SpeakerHead, UnseenCorpus};
use crate::train::{Recipe, Schedule};

/// Accuracies of the paper's Table 3, in percent, on its random split.
const PAPER_ACCURACY: [(&str, &str, f32); 6] = [
    ("baseline", "Baseline", 49.02),
    ("mfcc1", "MFCC1", 70.16),
    ("mfcc2", "MFCC2", 66.95),
    ("ms", "MS", 68.39),
    ("hubert", "HuBERT", 74.89),
    ("wav2vec2", "Wav2Vec2", 80.11),
];

/// Our own.
const OWN: [(&str, &str); 3] =
    [("hubert-small", "`hubert-small`"), ("wav2vec2-small", "`wav2vec2-small`"), ("voice", "`voice`")];

/// Whether the paper has a model of this name.
pub fn is_of_the_paper(name: &str) -> bool {
    PAPER_ACCURACY.iter().any(|(of_paper, ..)| *of_paper == name)
}

/// What the paper's model of this name reaches, or the one that this is a small form of.
pub fn paper_accuracy(name: &str) -> Option<f32> {
    let of_paper = name.strip_suffix("-small").unwrap_or(name);
    PAPER_ACCURACY.iter().find(|(name, ..)| *name == of_paper).map(|(.., accuracy)| *accuracy)
}

/// Recalls of the paper's best model, Wav2Vec2, in percent, in the order of the emotions.
const PAPER_RECALL: [f32; 7] = [91.2, 74.2, 72.5, 75.8, 93.1, 69.1, 94.6];

/// Recordings of each emotion in the paper's Table 1, in the order of the emotions.
const PAPER_COUNTS: [usize; 7] = [1923, 1923, 1923, 1923, 1895, 1923, 652];

/// A model's scores on one split, recomputed from its weights.
pub struct Scored {
    /// What its `model.json` says.
    pub manifest: Manifest,
    /// Numbers that were learnt.
    pub parameters: usize,
    /// Accuracy, recalls and the rest.
    pub metrics: Metrics,
    /// What it says for certain.
    pub certain: Certain,
}

/// A model's accuracy on recordings that were made worse.
pub struct Endured {
    /// The model's name.
    pub model: String,
    /// What was done to the recordings that judge on the random split.
    pub condition: Condition,
    /// Share of them that it still reads as acted.
    pub accuracy: f32,
}

/// A picture of what decided readings.
pub struct Figure {
    /// What it shows.
    pub title: String,
    /// Its file, in the folder with the pictures.
    pub file: String,
}

/// Everything that the report tells.
pub struct Report<'a> {
    /// What the corpora hold.
    pub survey: &'a Survey,
    /// Every model on every split that there are weights for.
    pub scored: &'a [Scored],
    /// What some of the models endure.
    pub endured: &'a [Endured],
    /// How well `voice` does by further protocols, with references and without; none if that was not measured.
    pub protocols: &'a [ReferenceScore],
    /// What decided some readings.
    pub explained: &'a [Figure],
    /// Path of the folder with the pictures, as seen from the report.
    pub figures: &'a str,
}

/// File name of the picture of a model's confusion matrix.
pub fn confusion_file(manifest: &Manifest) -> String {
    format!("confusion-{}-{}.svg", manifest.name, manifest.training.split)
}

/// The head of a table of [`unseen_row`]s.
pub const UNSEEN_HEAD: &str = "| model | corpus | clips | accuracy, % | mean recall | certain | of that right | certain of another than neutral | calibration error |\n\
                               |---|---|---|---|---|---|---|---|---|";

/// The cells on a corpus that a model never met, behind the model's name.
pub fn unseen_row(unseen: &UnseenCorpus) -> String {
    let percent = |share: f32| format!("{:.1}", 100.0 * share);
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |",
        unseen.corpus,
        unseen.clips,
        percent(unseen.accuracy),
        percent(unseen.mean_recall),
        percent(unseen.said),
        unseen.right.map_or_else(String::new, percent),
        percent(unseen.not_neutral),
        percent(unseen.calibration_error),
    )
}

/// File name of the scores by further protocols, among the weights that are held out.
pub const PROTOCOLS: &str = "protocols.json";

/// File name of the picture of what references gain.
pub const REFERENCE_CURVE: &str = "speaker-reference.svg";

/// What is scored beside references, and how these were drawn, in the order of the scores.
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

/// The score of clips beside references of so many, or alone.
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

/// The cells of accuracies: alone, and beside each number of clips.
fn reference_cells(scores: &[ReferenceScore], clips_of: &str, draw: ReferenceDraw) -> String {
    let cells = [0, 1, 3, 6, 12, 24].map(|clips| {
        score_at(scores, clips_of, draw, clips).map_or_else(String::new, |score| {
            format!("{:.1} ({})", 100.0 * score.accuracy, interval(score.accuracy_interval))
        })
    });
    cells.join(" | ")
}

/// What references at random gain, by their length: a line for each split and corpus, of seconds and accuracy in percent.
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

impl Report<'_> {
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
             repository beside its own. `sottovoce report --data CORPORA` makes this file anew: it reads the recordings that\n\
             judge through the whole pipeline, with the weights that are shipped.\n\n\
             All of it is about **acted English speech**, and about how often a model names what the actor was asked for."
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
            "\nLeft out are {} recordings that are known to be wrong: digital silence, the same recording under two emotions,\n\
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
            "\n## Who judges\n\n\
             - **random**, the paper's: a fifth of each emotion's recordings, drawn at random. The same speakers and sentences stand\n  \
               on both sides, so this says how well voices that were heard before are read.\n\
             - **speaker**: a fifth of each corpus' speakers, none of whom was heard in training; one of SAVEE's four and one of\n  \
               TESS' two. This is what to expect of a new voice of the same kind.\n\n\
             A further twentieth of the recordings (or of the speakers) chooses the best epoch and helps to fit the calibration of the\n\
             probabilities. It neither trains nor judges: ours learn from 75 % of the recordings where the paper's had 80 %."
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
            "\n## Corpora never met\n\n\
             The shipped weights on corpora that took no part in their training: the nearest to a visitor's voice and microphone. In\n\
             plain speech (speechocean762, Picovoice) neutral counts as right. \"Certain\" is what is said without reserve (\"sounds …\").\n\
             Each row is by a calibration that was fitted without its corpus; EMOVO is in none of them. The last row of each model is\n\
             its random split, by the calibration that ships.\n\n{UNSEEN_HEAD}"
        )?;
        for manifest in shipped {
            for unseen in &manifest.unseen_corpora {
                writeln!(out, "| {} {}", manifest.name, unseen_row(unseen))?;
            }
            if let Some(Scored { metrics, certain, .. }) = self.of(&manifest.name, "random") {
                let random = row("(random split)", metrics, *certain);
                writeln!(out, "| {} {}", manifest.name, unseen_row(&random))?;
            }
        }
        writeln!(
            out,
            "\n`sottovoce calibrate --model voice --data CORPORA` fits the calibration and measures this; \
             `sottovoce evaluate --split corpus-emovo` reads a corpus whole."
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
            "\n## Beside other clips of the same speaker\n\n\
             Each clip is read beside n other clips of its speaker, without their labels (a speaker reference): accuracy in %, in\n\
             parentheses where it would lie in 95 of 100 draws of as many clips. References are drawn at random, or as a visitor gives\n\
             them in one sitting (four in five neutral); those of one emotion alone are the worst case. The part of a model that\n\
             takes references was trained on {} too; each of these is read by networks that were trained without it, and calibrated\n\
             without it. EMOVO trained nothing and calibrates nothing. \"Certain\" and \"right\" are of what is said without reserve\n\
             beside 12 clips.\n\n\
             | weights | clips of | drawn | alone | 1 | 3 | 6 | 12 | 24 | certain | right | calibration error |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|",
            takes[0].1.other_corpora.join(", ")
        )?;
        for (manifest, head) in &takes {
            for (clips_of, draw) in reference_rows(&head.scores) {
                let at = |clips: usize| score_at(&head.scores, clips_of, draw, clips);
                let cells = reference_cells(&head.scores, clips_of, draw);
                let certain = at(12).map_or_else(
                    || " | | ".to_owned(),
                    |score| {
                        let right =
                            score.right.map_or_else(String::new, |right| format!("{:.1}", 100.0 * right));
                        format!(
                            "{:.1} | {right} | {:.1}",
                            100.0 * score.said,
                            100.0 * score.calibration_error
                        )
                    },
                );
                writeln!(
                    out,
                    "| {}, {} | {clips_of} | {draw} | {} | {certain} |",
                    manifest.name, manifest.training.split, cells
                )?;
            }
        }
        writeln!(
            out,
            "\n![Accuracy by seconds of reference, of the speaker split's weights]({}/{REFERENCE_CURVE})\n\n\
             In speechocean762, plain speech, each speaker has one other clip. `sottovoce train-speaker` trains, calibrates and measures\n\
             all of it; `sottovoce evaluate --split speaker --reference 12 --data CORPORA` reads the clips of one split.",
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
             `voice`, trained anew for each (`sottovoce protocols`); columns as above. In **five folds** every speaker of the four corpora\n\
             judges once, in weights that did not hear them. The **published split** of CREMA-D is that of the NOSS benchmark: 19\n\
             speakers judge, six emotions are to choose from, and the other three corpora train, too. On it a linear layer on frozen\n\
             states reaches, as published, 70.9 % with FRILL, 77.4 with wav2vec 2.0, and 81.3, 82.6 and 83.2 with TRILLsson 1, 2 and 3 (5, 8\n\
             and 21 million parameters). A corpus that is **left out** is read whole, by weights that were trained on the other three.\n\n\
             | clips of | drawn | clips | alone | 1 | 3 | 6 | 12 | 24 |\n\
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
            "\n## Table 2: training\n\n| model | recipe | optimiser | batch | epochs at most | rate | schedule | changed copies |\n\
             |---|---|---|---|---|---|---|---|"
        )?;
        for name in Manifest::NAMES {
            for kind in ["paper", "best"] {
                let Some(Ok(recipe)) = Recipe::of_model(name, kind) else { continue };
                let schedule = match recipe.schedule {
                    Schedule::OneCycle { .. } => "one cycle",
                    Schedule::Plateau { .. } => "falls on plateaus",
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
        writeln!(out, "\nThe rest stands in `recipes/`.")
    }

    fn of(&self, name: &str, split: &str) -> Option<&Scored> {
        self.scored.iter().find(|s| s.manifest.name == name && s.manifest.training.split == split)
    }

    fn accuracies(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n## Table 3: accuracy, %\n\n| | the paper, random | random | (95 %) | mean recall | speaker | (95 %) | mean recall |\n\
             |---|---|---|---|---|---|---|---|"
        )?;
        let of_paper = PAPER_ACCURACY.map(|(name, title, paper)| (name, title, format!("{paper:.2}")));
        let own = OWN.map(|(name, title)| {
            (name, title, paper_accuracy(name).map_or_else(String::new, |large| format!("({large:.2})")))
        });
        for (name, title, paper) in of_paper.into_iter().chain(own) {
            let cells = ["random", "speaker"].map(|split| match self.of(name, split) {
                Some(Scored { metrics, .. }) => format!(
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
            "\nThe 95 % intervals are bootstrapped over recordings. HuBERT and Wav2Vec2 stand on encoders of 95 million parameters\n\
             each, which heard 960 hours of speech and must be imported. `hubert-small` and `wav2vec2-small`\n\
             have their heads, on small encoders that learnt here, from Whisper and 4.8 hours of speech (`docs/PRETRAINING.md`): in\n\
             parentheses what the large ones reach. `voice` is not in the paper.\n\n### By corpus\n\n| model, split |{} | calibration error | bytes |\n|---|{}---|---|",
            self.heads(),
            "---|".repeat(self.survey.speakers.len()),
        )?;
        for Scored { manifest, metrics, .. } in self.scored {
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
            "\nTESS is two women saying one sentence pattern. On the random split both are heard in training; on the speaker\n\
             split one alone."
        )
    }

    fn robustness(&self, out: &mut String) -> std::fmt::Result {
        if self.endured.is_empty() {
            return Ok(());
        }
        let mut models: Vec<&str> = self.endured.iter().map(|endured| endured.model.as_str()).collect();
        models.dedup();
        writeln!(
            out,
            "\n## What they endure: accuracy on the random split, %\n\n| recordings | {} |\n|---|{}",
            models.join(" | "),
            "---|".repeat(models.len())
        )?;
        let accuracies = |of: &dyn Fn(&str) -> Option<f32>| {
            let cells = models.iter().map(|model| of(model).map_or_else(String::new, percent));
            cells.collect::<Vec<_>>().join(" | ")
        };
        let clean = accuracies(&|model| Some(self.of(model, "random")?.metrics.accuracy));
        writeln!(out, "| as they are | {clean} |")?;
        for condition in Condition::ALL {
            let with =
                |model: &str, endured: &&Endured| endured.model == model && endured.condition == condition;
            let worse = accuracies(&|model| {
                self.endured.iter().find(|endured| with(model, endured)).map(|endured| endured.accuracy)
            });
            writeln!(out, "| {} | {worse} |", condition.describe())?;
        }
        writeln!(
            out,
            "\n`sottovoce evaluate --model voice --through babble --data CORPORA` recomputes one of them."
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
            let of = |scored: &Scored| {
                scored.metrics.recall.get(&emotion).copied().map_or_else(String::new, percent)
            };
            let recalls: Vec<String> = self.scored.iter().map(of).collect();
            writeln!(out, "| {emotion} | {:.1} | {} |", PAPER_RECALL[emotion.index()], recalls.join(" | "))?;
        }
        Ok(())
    }

    fn confusions(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Confusion matrices")?;
        for Scored { manifest, .. } in self.scored {
            let (name, split) = (&manifest.name, &manifest.training.split);
            writeln!(out, "\n![{name}, {split} split]({}/{})", self.figures, confusion_file(manifest))?;
        }
        Ok(())
    }
}

impl Report<'_> {
    fn explanations(&self, out: &mut String) -> std::fmt::Result {
        if self.explained.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\n## What decided\n\n\
             The paper's Figures 3 to 6, on one clip of each emotion that none of these weights has heard. Figures 3 and 4 are\n\
             Grad-CAM on the last convolution: at the left what the network saw, at the right where the likeliest emotion's\n\
             score came from. A model with an encoder reads the clip without one part after the other instead, and the heat lies\n\
             where the probability falls. Figure 5 is how strongly each latent dimension of the encoder answers, averaged over\n\
             time. Figure 6 is the variance, over clips, of each feature that the last layers decide by.\n\n\
             Heat shows where a model's own score came from; it does not show what people hear. `sottovoce evaluate\n\
             --explanations 200 --model voice --data CORPORA` checks it: it silences the tenth of a clip with the most heat, then a\n\
             random tenth, and tells which moves the probability more."
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
         Listeners who heard only the voice were asked which emotion CREMA-D's actors show. Their most frequent answer is the\n\
         emotion that the actor was asked for in **41.6 %** of its 7,442 clips (47.9 % if ties count as right), computed from the\n\
         corpus' published votes. A model that reaches more on this corpus predicts what actors were told, which is not what\n\
         people hear."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Training;

    #[test]
    fn the_paper_and_ours_stand_in_one_row() {
        let survey = Survey::of(&[], false, &|_| {});
        let mut manifest = Manifest::untrained("ms", None).expect("known");
        manifest.training = Training { split: "speaker".to_owned(), ..Training::default() };
        let metrics = Metrics { accuracy: 0.5012, accuracy_interval: [0.48, 0.52], ..Metrics::default() };
        let certain = Certain { said: 0.5, right: Some(0.75), not_neutral: 0.25 };
        let scored = [Scored { manifest, parameters: 0, metrics, certain }];
        let model = "ms".to_owned();
        let endured = [Endured { model, condition: Condition::Babble, accuracy: 0.3333 }];
        let explained = [Figure { title: "Figure 4, ms".to_owned(), file: "heat-ms.svg".to_owned() }];
        let report = Report {
            survey: &survey,
            scored: &scored,
            endured: &endured,
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
