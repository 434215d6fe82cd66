//! SAVEE (Haq and Jackson, 2010).

use super::{Entry, Name, Parsed, Role, Speech};
use crate::corpus::Sex;
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "SAVEE",
    language: "English",
    speech: Speech::Acted,
    licence: "research only",
    role: Role::Paper,
    parse,
    sex: |_| Some(Sex::Male),
    defect: |_| None,
};

/// `DC/a01` in the original, `DC_a01` in Kaggle's copy: speaker, then emotion letters and number.
fn parse(name: &Name) -> Option<Parsed> {
    let (speaker, rest) = name.stem.split_once('_').unwrap_or((name.folder(0), name.stem));
    if !["DC", "JE", "JK", "KL"].contains(&speaker) {
        return None;
    }
    let letters = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.len() + 2 != rest.len() {
        return None;
    }
    let emotion = match letters {
        "a" => Emotion::Angry,
        "d" => Emotion::Disgust,
        "f" => Emotion::Fear,
        "h" => Emotion::Happy,
        "n" => Emotion::Neutral,
        "sa" => Emotion::Sad,
        "su" => Emotion::Surprise,
        _ => return None,
    };
    Some(Parsed::new(speaker, rest, emotion))
}
