//! CREMA-D (Cao et al., 2014).

use super::{Entry, Name, Parsed, Role, Speech};
use crate::corpus::{Defect, Sex};
use crate::model::Emotion;

pub const ENTRY: Entry = Entry {
    name: "CREMA-D",
    language: "English",
    speech: Speech::Acted,
    licence: "ODbL 1.0",
    role: Role::Paper,
    parse,
    sex,
    defect,
};

/// Sentences by their codes, from the corpus' description.
const SENTENCES: [(&str, &str); 12] = [
    ("IEO", "It's eleven o'clock"),
    ("TIE", "That is exactly what happened"),
    ("IOM", "I'm on my way to the meeting"),
    ("IWW", "I wonder what this is about"),
    ("TAI", "The airplane is almost full"),
    ("MTI", "Maybe tomorrow it will be cold"),
    ("IWL", "I would like a new alarm clock"),
    ("ITH", "I think I have a doctor's appointment"),
    ("DFA", "Don't forget a jacket"),
    ("ITS", "I think I've seen this before"),
    ("TSI", "The surface is slick"),
    ("WSI", "We'll stop in a couple of minutes"),
];

/// The women among the actors 1001 to 1091, from the corpus' table of demographics.
const WOMEN: [u16; 43] = [
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028, 1029,
    1030, 1037, 1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063, 1072, 1073,
    1074, 1075, 1076, 1078, 1079, 1082, 1084, 1089, 1091,
];

/// `1001_DFA_ANG_XX`: actor, sentence, emotion, intensity.
fn parse(name: &Name) -> Option<Parsed> {
    let fields: Vec<&str> = name.stem.split('_').collect();
    let [actor, sentence, emotion, _] = fields[..] else { return None };
    if actor.len() != 4 || !actor.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let emotion = match emotion {
        "ANG" => Emotion::Angry,
        "DIS" => Emotion::Disgust,
        "FEA" => Emotion::Fear,
        "HAP" => Emotion::Happy,
        "NEU" => Emotion::Neutral,
        "SAD" => Emotion::Sad,
        _ => return None,
    };
    let text = SENTENCES.iter().find(|(code, _)| *code == sentence)?.1;
    Some(Parsed { text: Some(text.to_owned()), ..Parsed::new(actor, name.stem, emotion) })
}

fn sex(actor: &str) -> Option<Sex> {
    let is_woman = actor.parse().is_ok_and(|number| WOMEN.contains(&number));
    Some(if is_woman { Sex::Female } else { Sex::Male })
}

fn defect(id: &str) -> Option<Defect> {
    match id {
        "1076_MTI_SAD_XX" => Some(Defect::Silent),
        "1006_TIE_HAP_XX" | "1006_TIE_NEU_XX" => Some(Defect::LabelledTwice),
        "1013_WSI_DIS_XX" | "1013_WSI_SAD_XX" => Some(Defect::LabelledTwice),
        "1017_IWW_ANG_XX" | "1017_IWW_FEA_XX" => Some(Defect::LabelledTwice),
        _ => None,
    }
}
