//! Which clips train and which judge.

use std::collections::BTreeMap;

use super::Utterance;
use crate::model::Emotion;

/// Indices into a list of utterances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Clips to train on.
    pub train: Vec<usize>,
    /// Clips to judge by.
    pub validation: Vec<usize>,
}

/// The paper's split: of each emotion, a fifth of the clips drawn at random judge and the rest train.
///
/// Speakers and sentences stand on both sides, so the scores say how well voices that were heard before are read.
/// The draw depends on `seed` and the clips' names alone, not on where they lie, their order or any library.
pub fn random_split(utterances: &[Utterance], seed: u64) -> Split {
    let mut by_emotion: BTreeMap<Emotion, Vec<usize>> = BTreeMap::new();
    for (index, utterance) in utterances.iter().enumerate() {
        by_emotion.entry(utterance.emotion).or_default().push(index);
    }
    let mut split = Split { train: Vec::new(), validation: Vec::new() };
    for mut indices in by_emotion.into_values() {
        indices.sort_by_cached_key(|&index| draw(&utterances[index], seed));
        let held_out = indices.len() / 5;
        split.validation.extend(&indices[..held_out]);
        split.train.extend(&indices[held_out..]);
    }
    split.train.sort_unstable();
    split.validation.sort_unstable();
    split
}

/// A number that looks random and depends on nothing but the seed and the clip's name: 64-bit FNV-1a, then the
/// finaliser of SplitMix64.
fn draw(utterance: &Utterance, seed: u64) -> u64 {
    let name = format!("{seed} {} {} {}", utterance.speaker.corpus, utterance.speaker.name, utterance.id);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::corpus::parse;

    fn utterances() -> Vec<Utterance> {
        let names = ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"];
        (1001..1091)
            .flat_map(|actor| names.map(|emotion| format!("{actor}_DFA_{emotion}_XX.wav")))
            .map(|name| parse(Path::new(&name)).expect("a CREMA-D name"))
            .collect()
    }

    #[test]
    fn a_fifth_of_each_emotion_judges_and_no_clip_does_both() {
        let utterances = utterances();
        let split = random_split(&utterances, 1);
        let mut all = [split.train.clone(), split.validation.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..utterances.len()).collect::<Vec<_>>());
        for emotion in &Emotion::ALL[..6] {
            let held_out = split.validation.iter().filter(|&&i| utterances[i].emotion == *emotion);
            assert_eq!(held_out.count(), 18, "{emotion}");
        }
    }

    #[test]
    fn the_draw_follows_the_seed_and_the_names_not_the_order() {
        let mut utterances = utterances();
        let names = |list: &[Utterance], split: &Split| {
            let mut ids: Vec<_> = split.validation.iter().map(|&i| list[i].id.clone()).collect();
            ids.sort();
            ids
        };
        let first = names(&utterances, &random_split(&utterances, 1));
        assert_ne!(first, names(&utterances, &random_split(&utterances, 2)));
        utterances.reverse();
        assert_eq!(first, names(&utterances, &random_split(&utterances, 1)));
    }
}
