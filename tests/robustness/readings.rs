//! Predictions for the same clips at other levels and through a telephone.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use sottovoce::analyzer::Analyzer;
use sottovoce::audio::QualityNote;
use sottovoce::model::{Emotion, Model};
use sottovoce::parallel;

use super::speech::{Condition, Condition::AsItIs, clips};

/// Peaks in dBFS.
const LEVELS: [f32; 3] = [-24.0, -12.0, 0.0];
/// Maximum shares of labels that change; through a telephone for many clips and, since a single one is a large share of them, for few.
const MAY_CHANGE_AT_LEVELS: f32 = 0.03;
const MAY_CHANGE_BY_TELEPHONE: f32 = 0.12;
const MAY_CHANGE_BY_TELEPHONE_OF_FEW: f32 = 0.25;
const FEW: usize = 100;

/// The label of a clip, and whether it has the note on telephones.
type Labelled = (Emotion, bool);

fn predictions(model: &Path, clips: &[(u64, Vec<f32>)], condition: Condition) -> Vec<Labelled> {
    let analyzer = || Analyzer::new(Model::load(model, &Device::flex()).expect("loads"));
    let analyzers = (0..parallel::cores()).map(|_| analyzer());
    parallel::map(clips, analyzers, |analyzer: &mut Analyzer, (number, clip)| {
        let (samples, _) = condition.apply(clip, *number);
        let analysis = analyzer.analyze_samples(&samples, 16_000).expect("readable");
        (analysis.prediction.label(), analysis.quality.notes.contains(&QualityNote::Telephone))
    })
}

fn models() -> Vec<PathBuf> {
    let mut folders: Vec<_> =
        fs::read_dir("models/shipped").expect("there").map(|entry| entry.expect("readable").path()).collect();
    folders.sort();
    folders
}

#[test]
fn labels_stay_at_other_levels_and_through_a_telephone() {
    let clips = clips();
    let total = clips.len();
    for folder in models() {
        let model = Model::load(&folder, &Device::flex()).expect("loads");
        let name = &model.manifest().name;
        // The others keep the paper's preprocessing.
        let is_levelled = model.manifest().clip.level_dbfs().is_some();
        let plain = predictions(&folder, &clips, AsItIs);
        let changed_under = |condition, may_change: f32| {
            let labelled = predictions(&folder, &clips, condition);
            let changed = labelled.iter().zip(&plain).filter(|(ours, plain)| ours.0 != plain.0).count();
            let telephones = labelled.iter().filter(|labelled| labelled.1).count();
            println!(
                "torture | {name}: {condition} | {total} | {} | {changed} | | {:.1} % other labels; called a telephone {telephones} |",
                total - changed,
                100.0 * changed as f32 / total as f32
            );
            let most = (may_change * total as f32).ceil() as usize;
            assert!(!is_levelled || changed <= most, "{name}, {condition}: {changed} of {total} labels");
            telephones
        };
        for level in LEVELS {
            let telephones = changed_under(Condition::Level(level), MAY_CHANGE_AT_LEVELS);
            assert!(telephones <= total / 100, "{telephones} of {total} clips called a telephone");
        }
        let may_change = if total < FEW { MAY_CHANGE_BY_TELEPHONE_OF_FEW } else { MAY_CHANGE_BY_TELEPHONE };
        let telephones = changed_under(Condition::Telephone, may_change);
        assert!(telephones >= total - total / 20, "{telephones} of {total} clips called a telephone");
    }
}
