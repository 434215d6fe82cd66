//! Explanations of some predictions, drawn for `sottovoce report`.

use std::path::Path;
use std::process::ExitCode;

use sottovoce::analyzer::Analyzer;
use sottovoce::corpus::{Corpus, SplitKind, Utterance};
use sottovoce::evaluate::{evenly_spaced, test_set};
use sottovoce::explain::EmbeddingVariance;
use sottovoce::files::write_atomically;
use sottovoce::model::Emotion;
use sottovoce::report::{EvaluatedModel, Figure, figures};

use super::explain::{self, Read, View};
use super::{ModelArguments, ModelsFolder, fail, fail_at};

/// Number of clips for the variance of the embedding.
const VARIANCE_CLIPS: usize = 500;

/// Draws explanations of one clip per emotion, as the paper's Figures 3 to 6, for the models that are among the
/// `scored`.
pub fn draw(
    scored: &[EvaluatedModel],
    folder: &ModelsFolder,
    utterances: &[Utterance],
    figures: &Path,
) -> Result<Vec<Figure>, ExitCode> {
    let mut drawn = Vec::new();
    for EvaluatedModel { manifest, .. } in scored {
        let model = manifest.name.as_str();
        if manifest.training.split != SplitKind::Random.to_string()
            || !["mfcc1", "ms", "voice", "hubert-small", "hubert"].contains(&model)
        {
            continue;
        }
        let arguments = ModelArguments { model: model.to_owned(), folder: folder.clone() };
        let mut analyzer = Analyzer::new(arguments.load()?);
        let test = test_set(&manifest.training, SplitKind::Random, utterances).map_err(fail)?;
        let shown: Vec<Read> = one_per_emotion(&test)
            .into_iter()
            .map(|clip| {
                let read = explain::read_one(&mut analyzer, &clip.path, None);
                let read = read.map_err(|reason| fail_at(&clip.path, reason))?;
                Ok(Read { name: format!("{} acts {}", read.name, clip.emotion), ..read })
            })
            .collect::<Result<_, ExitCode>>()?;
        let mut draw = |kind: &str, title: String, svg: String| {
            let file = format!("{kind}-{model}.svg");
            write_atomically(&figures.join(&file), svg.as_bytes())
                .map_err(|error| fail_at(figures, error))?;
            drawn.push(Figure { title, file });
            Ok::<_, ExitCode>(())
        };
        let is_paper = |number: &str| format!("Figure {number}, {model}");
        match model {
            "mfcc1" => draw("heat", is_paper("3"), explain::draw(&mut analyzer, &shown, View::Heat))?,
            "ms" => draw("heat", is_paper("4"), explain::draw(&mut analyzer, &shown, View::Heat))?,
            _ => {
                draw(
                    "heat",
                    format!("Occlusion, {model}"),
                    explain::draw(&mut analyzer, &shown, View::Heat),
                )?;
                draw("activations", is_paper("5"), explain::draw(&mut analyzer, &shown, View::Activations))?;
                let clips: Vec<Vec<f32>> = evenly_spaced(&test, VARIANCE_CLIPS)
                    .into_iter()
                    .filter_map(|clip| {
                        let bytes = std::fs::read(&clip.path).ok()?;
                        Some(analyzer.analyze_file(&bytes).ok()?.embedding)
                    })
                    .collect();
                if let Some(found) = EmbeddingVariance::of(clips.iter().map(|clip| &clip[..])) {
                    let title = format!("Variance of the embedding of {model}");
                    draw("variance", is_paper("6"), figures::variance(&title, &found))?;
                }
            }
        }
    }
    Ok(drawn)
}

/// The first clip of each emotion, of CREMA-D if it has one: its licence allows to show plots of it.
fn one_per_emotion<'a>(clips: &[&'a Utterance]) -> Vec<&'a Utterance> {
    let first = |emotion: Emotion, corpus: Option<Corpus>| {
        let fits = |clip: &&&Utterance| {
            clip.emotion == emotion && corpus.is_none_or(|corpus| clip.speaker.corpus == corpus)
        };
        clips.iter().find(fits).copied()
    };
    Emotion::ALL
        .into_iter()
        .filter_map(|emotion| first(emotion, Some(Corpus::CremaD)).or_else(|| first(emotion, None)))
        .collect()
}
