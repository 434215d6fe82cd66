//! RAVDESS, its audio of speech (Livingstone and Russo, 2018).

use super::{Entry, Name, Parsed, Role, Speech};
use crate::corpus::{Defect, Sex};
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "RAVDESS",
    language: "English",
    speech: Speech::Acted,
    licence: "CC BY-NC-SA 4.0",
    role: Role::Paper,
    parse,
    sex,
    defect,
};

/// `03-01-EE-II-SS-RR-AA`: modality (03 audio only), channel (01 speech), emotion, intensity, statement, repetition, actor.
/// Calm counts as neutral.
fn parse(name: &Name) -> Option<Parsed> {
    let fields: Vec<&str> = name.stem.split('-').collect();
    let ["03", "01", emotion, _, statement, _, actor] = fields[..] else { return None };
    let text = match statement {
        "01" => "Kids are talking by the door",
        "02" => "Dogs are sitting by the door",
        _ => return None,
    };
    let emotion = match emotion {
        "01" | "02" => Emotion::Neutral,
        "03" => Emotion::Happy,
        "04" => Emotion::Sad,
        "05" => Emotion::Angry,
        "06" => Emotion::Fear,
        "07" => Emotion::Disgust,
        "08" => Emotion::Surprise,
        _ => return None,
    };
    Some(Parsed { text: Some(text.to_owned()), ..Parsed::new(actor, name.stem, emotion) })
}

/// Actors with even numbers are women.
fn sex(actor: &str) -> Option<Sex> {
    let number: u16 = actor.parse().ok()?;
    Some(if number.is_multiple_of(2) { Sex::Female } else { Sex::Male })
}

fn defect(id: &str) -> Option<Defect> {
    (id == "03-01-03-01-02-02-07").then_some(Defect::Repeated)
}
