//! EmotionTTS Open DB, the published excerpt.

use super::{Entry, Name, Parsed, Role, Speech};
use crate::corpus::Sex;
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "EmotionTTS",
    language: "Korean",
    speech: Speech::Acted,
    licence: "research only",
    role: Role::Training,
    parse,
    sex,
    defect: |_| None,
};

/// `nea/wav/nea00042`: speaker and number, a hundred of each emotion.
fn parse(name: &Name) -> Option<Parsed> {
    let (speaker, number) = name.stem.split_at_checked(3)?;
    if speaker != name.folder(1) || !is_speaker(speaker) || number.len() != 5 {
        return None;
    }
    let emotion = match number.parse().ok()? {
        1..=100 => Emotion::Neutral,
        101..=200 => Emotion::Happy,
        201..=300 => Emotion::Angry,
        301..=400 => Emotion::Sad,
        _ => return None,
    };
    Some(Parsed::new(speaker, name.stem, emotion))
}

/// `em` for plain speech made emotional, `ne` for emotional speech, and a letter.
fn is_speaker(name: &str) -> bool {
    (name.starts_with("em") || name.starts_with("ne")) && name.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The first five letters are women.
fn sex(speaker: &str) -> Option<Sex> {
    Some(if speaker.ends_with(|letter| letter <= 'e') { Sex::Female } else { Sex::Male })
}
