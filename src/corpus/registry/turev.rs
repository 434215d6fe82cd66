//! TurEV-DB (Canpolat et al., 2020).

use super::{Entry, Name, Parsed, Role, Speech};
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "TurEV",
    language: "Turkish",
    speech: Speech::Acted,
    licence: "CC BY-NC-ND 4.0",
    role: Role::Training,
    parse,
    sex: |_| None,
    defect: |_| None,
};

/// `Angry/1157_kz_algi`: the emotion's folder, then speaker, the emotion's code and word. Calm counts as neutral.
fn parse(name: &Name) -> Option<Parsed> {
    let (code, emotion) = match name.folder(0) {
        "Angry" => ("kz", Emotion::Angry),
        "Calm" => ("sk", Emotion::Neutral),
        "Happy" => ("mt", Emotion::Happy),
        "Sad" => ("hl", Emotion::Sad),
        _ => return None,
    };
    let (speaker, rest) = name.stem.split_once('_')?;
    let (emotion_code, word) = rest.split_once('_')?;
    if emotion_code != code || speaker.len() != 4 || !speaker.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Parsed { text: Some(word.to_owned()), ..Parsed::new(speaker, name.stem, emotion) })
}
