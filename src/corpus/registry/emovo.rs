//! EMOVO (Costantini et al., 2014). Its licence is unclear, so nothing is trained on it.

use super::{Entry, Name, Parsed, Role, Speech};
use crate::corpus::Sex;
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "EMOVO",
    language: "Italian",
    speech: Speech::Acted,
    licence: "unclear",
    role: Role::Evaluation,
    parse,
    sex,
    defect: |_| None,
};

const SPEAKERS: [&str; 6] = ["f1", "f2", "f3", "m1", "m2", "m3"];

/// `dis-f1-b2`: emotion, speaker, sentence.
fn parse(name: &Name) -> Option<Parsed> {
    let fields: Vec<&str> = name.stem.split('-').collect();
    let [emotion, speaker, text] = fields[..] else { return None };
    if !SPEAKERS.contains(&speaker) || !(1..=2).contains(&text.len()) {
        return None;
    }
    let emotion = match emotion {
        "dis" => Emotion::Disgust,
        "gio" => Emotion::Happy,
        "neu" => Emotion::Neutral,
        "pau" => Emotion::Fear,
        "rab" => Emotion::Angry,
        "sor" => Emotion::Surprise,
        "tri" => Emotion::Sad,
        _ => return None,
    };
    Some(Parsed::new(speaker, name.stem, emotion))
}

fn sex(speaker: &str) -> Option<Sex> {
    Some(if speaker.starts_with('f') { Sex::Female } else { Sex::Male })
}
