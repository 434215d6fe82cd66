//! What models say of the same clips at other levels and through a telephone.

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
/// Shares of labels that may change; through a telephone of many clips and, since one more or less is a great share of them, of a few.
const MAY_CHANGE_AT_LEVELS: f32 = 0.03;
const MAY_CHANGE_BY_TELEPHONE: f32 = 0.12;
const MAY_CHANGE_BY_TELEPHONE_OF_FEW: f32 = 0.25;
const FEW: usize = 100;

/// What is said of a clip: its label, and whether it is told to come from a telephone.
type Said = (Emotion, bool);

fn readings(model: &Path, clips: &[(u64, Vec<f32>)], condition: Condition) -> Vec<Said> {
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
        fs::read_dir("models").expect("there").map(|entry| entry.expect("readable").path()).collect();
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
        let plain = readings(&folder, &clips, AsItIs);
        let changed_under = |condition, may_change: f32| {
            let said = readings(&folder, &clips, condition);
            let changed = said.iter().zip(&plain).filter(|(said, plain)| said.0 != plain.0).count();
            let told = said.iter().filter(|said| said.1).count();
            println!(
                "torture | {name}: {condition} | {total} | {} | {changed} | | {:.1} % other labels; called a telephone {told} |",
                total - changed,
                100.0 * changed as f32 / total as f32
            );
            let most = (may_change * total as f32).ceil() as usize;
            assert!(!is_levelled || changed <= most, "{name}, {condition}: {changed} of {total} labels");
            told
        };
        for level in LEVELS {
            let told = changed_under(Condition::Level(level), MAY_CHANGE_AT_LEVELS);
            assert!(told <= total / 100, "{told} of {total} clips called a telephone");
        }
        let may_change = if total < FEW { MAY_CHANGE_BY_TELEPHONE_OF_FEW } else { MAY_CHANGE_BY_TELEPHONE };
        let told = changed_under(Condition::Telephone, may_change);
        assert!(told >= total - total / 20, "{told} of {total} clips called a telephone");
    }
}
