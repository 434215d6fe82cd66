//! TESS (Pichora-Fuller and Dupuis, 2020).

use super::{Entry, Name, Parsed, Role, Speech};
use crate::corpus::Sex;
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "TESS",
    language: "English",
    speech: Speech::Acted,
    licence: "CC BY-NC-ND 4.0",
    role: Role::Paper,
    parse,
    sex: |_| Some(Sex::Female),
    defect: |_| None,
};

/// `OAF_back_angry`: speaker, word, emotion. One file of the corpus itself has `OA` for `OAF`. `ps` is pleasant surprise.
fn parse(name: &Name) -> Option<Parsed> {
    let fields: Vec<&str> = name.stem.split('_').collect();
    let [speaker, word, emotion] = fields[..] else { return None };
    let speaker = match speaker {
        "OAF" | "OA" => "OAF",
        "YAF" => "YAF",
        _ => return None,
    };
    let emotion = match emotion {
        "ps" => Emotion::Surprise,
        named => named.parse().ok().filter(|&emotion| emotion != Emotion::Surprise)?,
    };
    Some(Parsed { text: Some(format!("Say the word {word}")), ..Parsed::new(speaker, name.stem, emotion) })
}
