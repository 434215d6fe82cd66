//! EmoSpeech: keywords in houses, streets and over the web, by speakers from India.

use super::{Entry, Name, Parsed, Role, Speech};
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "EmoSpeech",
    language: "Indian English, Hindi",
    speech: Speech::Natural,
    licence: "CC BY-NC-SA 4.0",
    role: Role::Training,
    parse,
    sex: |_| None,
    defect: |_| None,
};

/// SHA-224 of nothing: no speaker was named.
const ANONYMOUS: &str = "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f";
/// Digits of the hash that identify speakers.
const DIGITS: usize = 12;

/// `Metro/help-safe-calm-20190710134644-<hash>`: keyword, situation, emotion, time and SHA-224 of the speaker. Calm counts as
/// neutral. All that name no speaker count as one, so that they stand on one side of a split.
fn parse(name: &Name) -> Option<Parsed> {
    let fields: Vec<&str> = name.stem.split('-').collect();
    let [word, _, emotion, _, hash] = fields[..] else { return None };
    if hash.len() != ANONYMOUS.len() || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let emotion = match emotion {
        "angry" => Emotion::Angry,
        "calm" => Emotion::Neutral,
        "fearful" => Emotion::Fear,
        "happy" => Emotion::Happy,
        _ => return None,
    };
    let speaker = if hash == ANONYMOUS { "anon" } else { &hash[..DIGITS] };
    Some(Parsed { text: Some(word.to_owned()), ..Parsed::new(speaker, name.stem, emotion) })
}
