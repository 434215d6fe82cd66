//! Picovoice's benchmark of speech to intent: spoken orders of more than 50 speakers, who are not named.

use super::{Entry, Name, Parsed, Role, Speech};
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "Picovoice",
    language: "English",
    speech: Speech::Plain,
    licence: "Apache-2.0",
    role: Role::Training,
    parse,
    sex: |_| None,
    defect: |_| None,
};

/// `…picovoice…/0704c731-9895-4eb1-b93c-427c95ce8316`: a UUID below a folder with the publisher's name. As nobody knows who speaks,
/// all count as one speaker.
fn parse(name: &Name) -> Option<Parsed> {
    let fields: Vec<usize> = name.stem.split('-').map(str::len).collect();
    let is_uuid =
        fields == [8, 4, 4, 4, 12] && name.stem.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let is_theirs = name.folders.iter().any(|folder| folder.to_lowercase().contains("picovoice"));
    (is_uuid && is_theirs).then(|| Parsed::new("unknown", name.stem, Emotion::Neutral))
}
