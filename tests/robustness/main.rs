//! Speech is detected, noise is not, and predictions do not depend on the level. With `CORPORA=FOLDER`, 500 clips of the corpora
//! replace our sample clips; `cargo xtask torture` prints the tables of docs/RELIABILITY.md.

mod detectors;
mod readings;
mod sounds;
mod speech;

use std::collections::BTreeMap;
use std::ops::Range;

use detectors::{DETECTORS, Detector};
use sottovoce::parallel;
use sounds::non_speech;
use speech::{CONDITIONS, clips};

/// Tolerance for the ends of a span, in samples: 0.2 s.
const SPAN_MOVES: usize = 3_200;

/// Counts the non-speech sounds, and those in which a detector finds speech, also by kind.
fn found_in_non_speech(detector: Detector) -> (usize, usize, BTreeMap<&'static str, usize>) {
    let sounds = non_speech();
    let found =
        parallel::map(&sounds, vec![(); parallel::cores()], |(), sound| detector(&sound.samples).is_some());
    let mut kinds = BTreeMap::new();
    for (sound, _) in sounds.iter().zip(&found).filter(|(_, found)| **found) {
        *kinds.entry(sound.kind).or_default() += 1;
    }
    (sounds.len(), kinds.values().sum(), kinds)
}

#[test]
fn no_speech_is_detected_in_noise() {
    for (name, detector) in DETECTORS {
        let (tried, found, kinds) = found_in_non_speech(detector);
        println!(
            "torture | non-speech sounds: {name} | {tried} | {} | {found} | | found in {kinds:?} |",
            tried - found
        );
    }
    let (tried, found, kinds) = found_in_non_speech(DETECTORS[0].1);
    assert_eq!(tried, 300);
    assert!(found <= 6, "speech in {kinds:?}");
}

fn is_near(ours: &Range<usize>, expected: &Range<usize>) -> bool {
    ours.start.abs_diff(expected.start) <= SPAN_MOVES && ours.end.abs_diff(expected.end) <= SPAN_MOVES
}

#[test]
fn speech_is_detected_under_all_conditions() {
    let clips = clips();
    for (name, detector) in DETECTORS {
        for condition in CONDITIONS {
            // Spans under a condition, compared with those of the original clip.
            let results = parallel::map(&clips, vec![(); parallel::cores()], |(), (number, clip)| {
                let clean = detector(clip);
                let (changed, places) = condition.apply(clip, *number);
                let found = detector(&changed);
                let near = clean.zip(found.clone()).map(|(clean, found)| {
                    is_near(&found, &(clean.start + places.start..clean.end + places.end))
                });
                (found.is_some(), near.unwrap_or(false))
            });
            let count = |of: fn(&(bool, bool)) -> bool| results.iter().filter(|result| of(result)).count();
            let (found, near) = (count(|r| r.0), count(|r| r.1));
            let percent = 100.0 * near as f32 / found.max(1) as f32;
            let total = clips.len();
            println!(
                "torture | {name}: {condition} | {total} | {found} | {} | | span within 0.2 s in {percent:.1} % |",
                total - found
            );
            if name == DETECTORS[0].0 {
                let least = condition.least_found() * total as f32;
                assert!(found as f32 >= least.floor(), "{condition}: {found} of {total}");
            }
        }
    }
}
