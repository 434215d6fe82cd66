//! nEMO (Christop, 2024).

use super::{Entry, Name, Parsed, Role, Speech};
use crate::corpus::Sex;
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "nEMO",
    language: "Polish",
    speech: Speech::Acted,
    licence: "CC BY-NC-SA 4.0",
    role: Role::Training,
    parse,
    sex,
    defect: |_| None,
};

const WOMEN: [&str; 4] = ["EB0", "IC0", "KD0", "MK0"];
const MEN: [&str; 5] = ["KS0", "MP0", "SM0", "TP0", "WR0"];

/// `KD0_neutral_60`: speaker, emotion, sentence.
fn parse(name: &Name) -> Option<Parsed> {
    let fields: Vec<&str> = name.stem.split('_').collect();
    let [speaker, emotion, number] = fields[..] else { return None };
    if !WOMEN.contains(&speaker) && !MEN.contains(&speaker) || number.parse::<u16>().is_err() {
        return None;
    }
    let emotion = match emotion {
        "anger" => Emotion::Angry,
        "fear" => Emotion::Fear,
        "happiness" => Emotion::Happy,
        "neutral" => Emotion::Neutral,
        "sadness" => Emotion::Sad,
        "surprised" => Emotion::Surprise,
        _ => return None,
    };
    Some(Parsed::new(speaker, name.stem, emotion))
}

fn sex(speaker: &str) -> Option<Sex> {
    Some(if WOMEN.contains(&speaker) { Sex::Female } else { Sex::Male })
}
