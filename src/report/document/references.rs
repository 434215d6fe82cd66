//! Predictions conditioned on a speaker reference, on the splits and by further protocols.

use std::fmt::Write;

use super::{EvaluationReport, interval};
use crate::model::{Manifest, ReferenceDraw, ReferenceScore, SpeakerHead};

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

impl EvaluationReport<'_> {
    pub(super) fn references(&self, out: &mut String) -> std::fmt::Result {
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

    pub(super) fn protocols(&self, out: &mut String) -> std::fmt::Result {
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
}
