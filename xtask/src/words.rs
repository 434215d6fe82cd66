//! Words that CONTRIBUTING's glossary replaces do not return.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Result, root, step};

/// A word of old, what replaces it, and the files that may contain it for another reason.
const REPLACED: [(&str, &str, &[&str]); 17] = [
    ("affine", "QuantizedLinear", &[]),
    ("beside", "conditioned on, or with", &["src/model/manifest.rs"]),
    ("endure", "robustness", &[]),
    ("endured", "robustness", &[]),
    ("hears", "encodes, extracts features", &[]),
    ("judge", "evaluate", &[]),
    ("judged", "evaluated", &[]),
    ("judgement", "evaluation", &[]),
    ("judges", "evaluates", &[]),
    ("milliard", "billion", &[]),
    ("reckon", "compute", &[]),
    ("reckons", "computes", &[]),
    // The serialised name of a method, kept for pages that were written for it.
    ("silencing", "occlusion", &["src/explain/mod.rs"]),
    ("sitting", "one session", &["src/corpus/registry/ravdess.rs", "src/model/manifest.rs"]),
    ("slopes", "gradients", &[]),
    ("told", "targets, or reported", &[]),
    ("unheard", "unseen", &[]),
];

const FOLDERS: [&str; 5] = ["src", "www", "xtask", "tests", "python"];
const EXTENSIONS: [&str; 8] = ["rs", "js", "mjs", "ts", "html", "css", "py", "pyi"];

/// Fails where a replaced word occurs in code, comments or page texts.
pub fn check() -> Result {
    step("Words that the glossary replaces");
    let files = FOLDERS.iter().flat_map(|folder| sources(&root().join(folder)));
    let found: Vec<String> = files.flat_map(|path| occurrences(&path)).collect();
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

fn occurrences(path: &Path) -> Vec<String> {
    if path.ends_with("xtask/src/words.rs") {
        return Vec::new();
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for word in words(line) {
            let replaced = REPLACED.iter().find(|(old, ..)| *old == word);
            if let Some((old, new, except)) = replaced
                && !except.iter().any(|exception| path.ends_with(exception))
            {
                found.push(format!(
                    "{}:{number}: \"{old}\"; the glossary in CONTRIBUTING.md says {new}.",
                    path.display()
                ));
            }
        }
    }
    found
}

/// The words of a line in lower case, those of identifiers among them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in line.chars() {
        let starts = letter.is_uppercase() && was_lower;
        if !letter.is_alphabetic() || starts {
            words.push(String::new());
        }
        if letter.is_alphabetic() {
            words.last_mut().expect("one at least").extend(letter.to_lowercase());
        }
        was_lower = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    // What others wrote.
    let entries = entries.filter(|path| !path.ends_with("node_modules"));
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    let is_source =
        |path: &PathBuf| path.extension().is_some_and(|e| EXTENSIONS.iter().any(|known| e == *known));
    files.filter(is_source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_split_into_words() {
        assert_eq!(
            words("let toldOnce = is_judged(Self::Told);"),
            ["let", "told", "once", "is", "judged", "self", "told"]
        );
    }
}
