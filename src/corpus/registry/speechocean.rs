//! speechocean762 (Zhang et al., 2021): plain sentences in English, read by speakers of Mandarin, half of them children.

use super::{Entry, Name, Parsed, Role, Speech};
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "speechocean762",
    language: "English",
    speech: Speech::Plain,
    licence: "free use",
    role: Role::Training,
    parse,
    sex: |_| None,
    defect: |_| None,
};

/// `SPEAKER3007/030070017`: speaker, then speaker and sentence.
fn parse(name: &Name) -> Option<Parsed> {
    let speaker = name.folder(0).strip_prefix("SPEAKER")?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if speaker.len() != 4 || name.stem.len() != 9 || !is_number(speaker) || !is_number(name.stem) {
        return None;
    }
    Some(Parsed::new(speaker, name.stem, Emotion::Neutral))
}
