//! Table 1, and how the recordings are split.

use std::fmt::Write;

use super::EvaluationReport;
use crate::model::Emotion;

/// Recordings of each emotion in the paper's Table 1, in the order of the emotions.
const PAPER_COUNTS: [usize; 7] = [1923, 1923, 1923, 1923, 1895, 1923, 652];

impl EvaluationReport<'_> {
    pub(super) fn data(&self, out: &mut String) -> std::fmt::Result {
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

    pub(super) fn splits(&self, out: &mut String) -> std::fmt::Result {
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
}
