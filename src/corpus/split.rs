//! Train, validation and test sets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Corpus, SpeakerId, Utterance};
use crate::files::write_atomically;
use crate::model::Emotion;

/// How clips are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SplitKind {
    /// The paper's: the test set is a fifth of each emotion's clips of its four corpora, drawn at random. Speakers and
    /// sentences are in both sets, so this measures accuracy on known voices.
    Random,
    /// By speaker: the test set is a fifth of the speakers of each of the paper's corpora, one of SAVEE's four, OAF of
    /// TESS' two.
    Speaker,
    /// By speaker, one of five folds, counted from 1: every speaker of the paper's corpora is in the test set of one;
    /// of TESS' two, OAF of the first and YAF of the second.
    Fold(usize),
    /// By speaker, with the test and validation speakers of CREMA-D in the NOSS benchmark; its other speakers and the
    /// other corpora are the training set.
    Noss,
    /// Leave one corpus out: it is the test set.
    Corpus(Corpus),
}

/// Folds of the speakers.
pub const FOLDS: usize = 5;

/// The speakers of CREMA-D in the validation set of the NOSS benchmark (Shor et al., "Towards Learning a Universal
/// Non-Semantic Representation of Speech", 2020): TensorFlow Datasets shuffles the sorted names by NumPy's
/// `RandomState(0)` and cuts at 70, 80 and 100 %.
const NOSS_VALIDATION: [&str; 9] = ["1015", "1020", "1021", "1030", "1050", "1070", "1079", "1089", "1090"];
/// The test speakers.
const NOSS_TEST: [&str; 19] = [
    "1010", "1013", "1022", "1026", "1037", "1038", "1040", "1045", "1047", "1048", "1059", "1065", "1066",
    "1068", "1071", "1073", "1084", "1086", "1088",
];

impl SplitKind {
    /// The corpora of the test set.
    pub fn evaluated(self) -> Vec<Corpus> {
        match self {
            Self::Random | Self::Speaker | Self::Fold(_) => Corpus::PAPER.to_vec(),
            Self::Noss => vec![Corpus::CremaD],
            Self::Corpus(corpus) => vec![corpus],
        }
    }
}

impl fmt::Display for SplitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random => f.write_str("random"),
            Self::Speaker => f.write_str("speaker"),
            Self::Fold(fold) => write!(f, "fold-{fold}"),
            Self::Noss => f.write_str("noss"),
            Self::Corpus(corpus) => write!(f, "corpus-{}", corpus.name().to_lowercase()),
        }
    }
}

impl From<SplitKind> for String {
    fn from(kind: SplitKind) -> Self {
        kind.to_string()
    }
}

impl FromStr for SplitKind {
    type Err = String;

    /// `random`, `speaker`, `fold-1` to `fold-5`, `noss` or `corpus-NAME`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "random" => Ok(Self::Random),
            "speaker" => Ok(Self::Speaker),
            "noss" => Ok(Self::Noss),
            _ => {
                if let Some(corpus) = name.strip_prefix("corpus-") {
                    return corpus.parse().map(Self::Corpus);
                }
                let fold = name.strip_prefix("fold-").and_then(|fold| fold.parse().ok());
                fold.filter(|fold| (1..=FOLDS).contains(fold)).map(Self::Fold).ok_or_else(|| {
                    format!(
                        "'{name}' is none of random, speaker, fold-1 to fold-{FOLDS}, noss and corpus-NAME (such as corpus-tess)"
                    )
                })
            }
        }
    }
}

impl TryFrom<String> for SplitKind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

/// Everything that decides a split, besides the clips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitSettings {
    /// How clips are divided.
    pub kind: SplitKind,
    /// Seed of the draw.
    pub seed: u64,
}

/// Indices into a list of utterances; each is in at most one part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Training set.
    pub train: Vec<usize>,
    /// Validation set, for early stopping and calibration: a twentieth of the clips, or of the speakers.
    pub validation: Vec<usize>,
    /// Test set, used for nothing else.
    pub test: Vec<usize>,
}

/// A split by the clips' names, as in a file.
#[derive(Serialize, Deserialize)]
struct Named {
    #[serde(flatten)]
    settings: SplitSettings,
    train: Vec<String>,
    validation: Vec<String>,
    test: Vec<String>,
}

/// Why a split could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {detail}")]
pub struct SplitError {
    path: String,
    detail: String,
}

impl SplitSettings {
    /// Divides `utterances`. The draw depends on the seed and the clips' names alone, not on where they lie, their
    /// order or any library, and that of the paper's corpora not on which others are there. Of corpora that only
    /// evaluate, a clip is in no part unless its corpus is held out.
    pub fn divide(&self, utterances: &[Utterance]) -> Split {
        match self.kind {
            SplitKind::Random => self.by_clip(utterances, |_| false),
            SplitKind::Speaker => {
                self.by_speaker(utterances, |speakers, place| place < (speakers / FOLDS).max(1))
            }
            SplitKind::Fold(fold) => self.by_speaker(utterances, |_, place| place % FOLDS == fold - 1),
            SplitKind::Noss => noss(utterances),
            SplitKind::Corpus(held_out) => self.by_clip(utterances, |corpus| corpus == held_out),
        }
    }

    /// A twentieth of each emotion's clips for validation and, of the paper's corpora, a fifth for the test set, unless
    /// that is a whole corpus.
    fn by_clip(&self, utterances: &[Utterance], is_held_out: impl Fn(Corpus) -> bool) -> Split {
        let mut split = Split::default();
        let mut groups: BTreeMap<(bool, Emotion), Vec<usize>> = BTreeMap::new();
        for (index, Utterance { speaker, emotion, .. }) in utterances.iter().enumerate() {
            if is_held_out(speaker.corpus) {
                split.test.push(index);
            } else if speaker.corpus.is_for_training() {
                groups.entry((speaker.corpus.is_in_paper(), *emotion)).or_default().push(index);
            }
        }
        let is_random = matches!(self.kind, SplitKind::Random);
        for ((is_in_paper, _), mut indices) in groups {
            indices.sort_by_cached_key(|&index| draw(self.seed, &utterances[index].key()));
            let twentieths = if is_random && is_in_paper { 4 } else { 0 };
            let (test, rest) = indices.split_at(indices.len() * twentieths / 20);
            let (validation, train) = rest.split_at(indices.len() / 20);
            split.test.extend(test);
            split.validation.extend(validation);
            split.train.extend(train);
        }
        split.sorted()
    }

    /// A twentieth of each corpus' speakers, in a random order, for validation, rounded down; the test set is those of
    /// the paper's corpora for whom `is_test` holds, given the number of speakers and the place in this order.
    fn by_speaker(&self, utterances: &[Utterance], is_test: impl Fn(usize, usize) -> bool) -> Split {
        let mut by_corpus: BTreeMap<Corpus, BTreeSet<&SpeakerId>> = BTreeMap::new();
        for utterance in utterances {
            by_corpus.entry(utterance.speaker.corpus).or_default().insert(&utterance.speaker);
        }
        let mut test: BTreeSet<&SpeakerId> = BTreeSet::new();
        let mut validation: BTreeSet<&SpeakerId> = BTreeSet::new();
        for (corpus, speakers) in by_corpus {
            let mut speakers: Vec<_> = speakers.into_iter().collect();
            speakers.sort_by_cached_key(|speaker| match corpus {
                Corpus::Tess => u64::from(speaker.name != "OAF"),
                _ => draw(self.seed, &speaker.to_string()),
            });
            let count = speakers.len();
            let (test_speakers, others): (Vec<_>, Vec<_>) = speakers
                .into_iter()
                .enumerate()
                .partition(|&(place, _)| corpus.is_in_paper() && is_test(count, place));
            test.extend(test_speakers.into_iter().map(|(_, speaker)| speaker));
            validation.extend(others.into_iter().take(count / 20).map(|(_, speaker)| speaker));
        }
        let mut split = Split::default();
        for (index, utterance) in
            utterances.iter().enumerate().filter(|(_, u)| u.speaker.corpus.is_for_training())
        {
            let part = if test.contains(&utterance.speaker) {
                &mut split.test
            } else if validation.contains(&utterance.speaker) {
                &mut split.validation
            } else {
                &mut split.train
            };
            part.push(index);
        }
        split
    }
}

fn noss(utterances: &[Utterance]) -> Split {
    let mut split = Split::default();
    for (index, Utterance { speaker, .. }) in
        utterances.iter().enumerate().filter(|(_, u)| u.speaker.corpus.is_for_training())
    {
        let is_among =
            |names: &[&str]| speaker.corpus == Corpus::CremaD && names.contains(&speaker.name.as_str());
        let part = match () {
            () if is_among(&NOSS_TEST) => &mut split.test,
            () if is_among(&NOSS_VALIDATION) => &mut split.validation,
            () => &mut split.train,
        };
        part.push(index);
    }
    split
}

impl Split {
    fn sorted(mut self) -> Self {
        for part in [&mut self.train, &mut self.validation, &mut self.test] {
            part.sort_unstable();
        }
        self
    }

    /// Writes the names of the clips of each part as JSON.
    ///
    /// # Errors
    /// [`SplitError`] when the file cannot be written.
    pub fn write(
        &self,
        settings: SplitSettings,
        utterances: &[Utterance],
        path: &Path,
    ) -> Result<(), SplitError> {
        let names = |part: &[usize]| part.iter().map(|&index| utterances[index].key()).collect();
        let named = Named {
            settings,
            train: names(&self.train),
            validation: names(&self.validation),
            test: names(&self.test),
        };
        let text = serde_json::to_string_pretty(&named).expect("names are plain data");
        write_atomically(path, text.as_bytes())
            .map_err(|error| SplitError { path: path.display().to_string(), detail: error.to_string() })
    }

    /// Reads a split that [`write`](Self::write) wrote. Clips that are not among `utterances` are left out.
    ///
    /// # Errors
    /// [`SplitError`] when the file cannot be read or is no split.
    pub fn read(path: &Path, utterances: &[Utterance]) -> Result<(SplitSettings, Self), SplitError> {
        let failed = |detail: String| SplitError { path: path.display().to_string(), detail };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let named: Named = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let places: BTreeMap<String, usize> =
            utterances.iter().enumerate().map(|(index, utterance)| (utterance.key(), index)).collect();
        let indices = |names: &[String]| names.iter().filter_map(|name| places.get(name).copied()).collect();
        let split = Self {
            train: indices(&named.train),
            validation: indices(&named.validation),
            test: indices(&named.test),
        };
        Ok((named.settings, split))
    }
}

/// A number that looks random and depends on nothing but the seed and the name: 64-bit FNV-1a, then the finaliser of
/// SplitMix64.
fn draw(seed: u64, name: &str) -> u64 {
    let name = format!("{seed} {name}");
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

    /// The names of all four corpora's clips, a few sentences each.
    fn utterances() -> Vec<Utterance> {
        let mut names = Vec::new();
        for actor in 1001..1092 {
            names.extend(
                ["ANG", "DIS", "FEA", "HAP", "NEU", "SAD"].map(|e| format!("{actor}_DFA_{e}_XX.wav")),
            );
        }
        for actor in 1..25 {
            names.extend((1..9).map(|emotion| format!("03-01-{emotion:02}-01-01-01-{actor:02}.wav")));
        }
        for speaker in ["DC", "JE", "JK", "KL"] {
            names.extend(
                ["a", "d", "f", "h", "n", "sa", "su"].map(|emotion| format!("{speaker}_{emotion}01.wav")),
            );
        }
        for speaker in ["OAF", "YAF"] {
            names.extend(
                ["angry", "fear", "ps", "sad"].map(|emotion| format!("{speaker}_back_{emotion}.wav")),
            );
        }
        names.iter().map(|name| parse(Path::new(name)).expect("a corpus' name")).collect()
    }

    const KINDS: [SplitKind; 5] = [
        SplitKind::Random,
        SplitKind::Speaker,
        SplitKind::Fold(2),
        SplitKind::Noss,
        SplitKind::Corpus(Corpus::Savee),
    ];

    #[test]
    fn every_clip_is_in_exactly_one_set() {
        let utterances = utterances();
        for kind in KINDS {
            let split = SplitSettings { kind, seed: 1 }.divide(&utterances);
            let mut all = [split.train, split.validation, split.test].concat();
            all.sort_unstable();
            assert_eq!(all, (0..utterances.len()).collect::<Vec<_>>(), "{kind}");
        }
    }

    #[test]
    fn at_random_the_test_set_is_a_fifth_of_each_emotion() {
        let utterances = utterances();
        let split = SplitSettings { kind: SplitKind::Random, seed: 1 }.divide(&utterances);
        for emotion in Emotion::ALL {
            let count = |part: &[usize]| part.iter().filter(|&&i| utterances[i].emotion == emotion).count();
            let all = utterances.iter().filter(|utterance| utterance.emotion == emotion).count();
            assert_eq!(count(&split.test), all / 5, "{emotion}");
            assert_eq!(count(&split.validation), all / 20, "{emotion}");
        }
    }

    #[test]
    fn other_corpora_train_and_change_no_test() {
        let papers = utterances();
        let mut all = papers.clone();
        let names = ["KD0_anger_1.wav", "KS0_neutral_2.wav", "SPEAKER0001/000010011.wav", "gio-f2-b2.wav"];
        all.splice(7..7, names.iter().map(|name| parse(Path::new(name)).expect("a corpus' name")));
        let names =
            |list: &[Utterance], part: &[usize]| part.iter().map(|&i| list[i].key()).collect::<Vec<_>>();
        for kind in [SplitKind::Random, SplitKind::Speaker, SplitKind::Corpus(Corpus::Tess)] {
            let settings = SplitSettings { kind, seed: 1 };
            let (alone, among) = (settings.divide(&papers), settings.divide(&all));
            assert_eq!(names(&papers, &alone.test), names(&all, &among.test));
            let known = names(&all, &[&among.train[..], &among.validation].concat());
            assert_eq!(known.len(), alone.train.len() + alone.validation.len() + 3);
            assert!(!known.iter().any(|name| name.starts_with("EMOVO")));
        }
        let emovo = SplitSettings { kind: SplitKind::Corpus(Corpus::Emovo), seed: 1 }.divide(&all);
        assert_eq!(names(&all, &emovo.test), ["EMOVO f2 gio-f2-b2"]);
    }

    #[test]
    fn no_speaker_is_in_two_sets() {
        let utterances = utterances();
        for seed in 0..20 {
            let split = SplitSettings { kind: SplitKind::Speaker, seed }.divide(&utterances);
            let speakers =
                |part: &[usize]| part.iter().map(|&i| utterances[i].speaker.clone()).collect::<BTreeSet<_>>();
            let (train, validation, test) =
                (speakers(&split.train), speakers(&split.validation), speakers(&split.test));
            assert!(
                train.is_disjoint(&test) && train.is_disjoint(&validation) && validation.is_disjoint(&test)
            );
            let of = |corpus| test.iter().filter(|speaker| speaker.corpus == corpus).count();
            assert_eq!(Corpus::PAPER.map(of), [18, 4, 1, 1]);
            assert!(test.iter().any(|speaker| speaker.name == "OAF"));
        }
    }

    #[test]
    fn every_speaker_is_tested_in_one_fold() {
        let utterances = utterances();
        let mut tested = vec![0; utterances.len()];
        for fold in 1..=FOLDS {
            let split = SplitSettings { kind: SplitKind::Fold(fold), seed: 1 }.divide(&utterances);
            let speakers =
                |part: &[usize]| part.iter().map(|&i| utterances[i].speaker.clone()).collect::<BTreeSet<_>>();
            let known = [&split.train[..], &split.validation].concat();
            assert!(speakers(&known).is_disjoint(&speakers(&split.test)));
            assert!(speakers(&split.train).is_disjoint(&speakers(&split.validation)));
            assert_eq!(known.len() + split.test.len(), utterances.len());
            split.test.iter().for_each(|&i| tested[i] += 1);
        }
        assert!(tested.iter().all(|&times| times == 1));
    }

    /// Against the names from which the corpus' parts are known.
    #[test]
    fn the_published_split_of_crema_d_has_its_speakers() {
        let utterances = utterances();
        let split = SplitSettings { kind: SplitKind::Noss, seed: 1 }.divide(&utterances);
        let speakers = |part: &[usize]| {
            let of_part = part.iter().map(|&i| &utterances[i].speaker);
            of_part.filter(|speaker| speaker.corpus == Corpus::CremaD).collect::<BTreeSet<_>>().len()
        };
        assert_eq!([&split.train, &split.validation, &split.test].map(|part| speakers(part)), [63, 9, 19]);
        let known = split.train.iter().chain(&split.validation);
        assert!(known.clone().any(|&i| utterances[i].speaker.corpus == Corpus::Tess));
        assert!(split.test.iter().all(|&i| utterances[i].speaker.corpus == Corpus::CremaD));
    }

    #[test]
    fn a_left_out_corpus_is_the_test_set() {
        let utterances = utterances();
        for corpus in Corpus::PAPER {
            let split = SplitSettings { kind: SplitKind::Corpus(corpus), seed: 1 }.divide(&utterances);
            assert!(split.test.iter().all(|&i| utterances[i].speaker.corpus == corpus));
            let known = [&split.train[..], &split.validation].concat();
            assert!(known.iter().all(|&i| utterances[i].speaker.corpus != corpus));
        }
    }

    #[test]
    fn the_draw_follows_the_seed_and_the_names_not_the_order() {
        let mut utterances = utterances();
        let names = |list: &[Utterance], kind, seed| {
            let split = SplitSettings { kind, seed }.divide(list);
            split.test.iter().map(|&i| list[i].key()).collect::<BTreeSet<_>>()
        };
        for kind in [SplitKind::Random, SplitKind::Speaker] {
            let first = names(&utterances, kind, 1);
            assert_ne!(first, names(&utterances, kind, 2));
            utterances.reverse();
            assert_eq!(first, names(&utterances, kind, 1));
        }
    }

    #[test]
    fn a_written_split_is_read_back() {
        let utterances = utterances();
        let path = std::env::temp_dir().join(format!("sottovoce-split-{}.json", std::process::id()));
        for kind in KINDS {
            let settings = SplitSettings { kind, seed: 3 };
            let split = settings.divide(&utterances);
            split.write(settings, &utterances, &path).expect("written");
            assert_eq!(Split::read(&path, &utterances).expect("read"), (settings, split));
        }
        std::fs::write(&path, "[]").expect("written");
        assert!(Split::read(&path, &utterances).is_err());
        std::fs::remove_file(&path).expect("removed");
    }
}
