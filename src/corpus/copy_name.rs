//! Names that programs give to copies.

/// What programs call a copy, in the page's languages.
const WORDS: [&str; 5] = ["copy", "kopie", "copia", "copie", "副本"];

/// What stands in front of a copy's name.
const IN_FRONT: [&str; 4] = ["copy of ", "kopie von ", "copia de ", "copie de "];

/// The name of the file that one called `stem`, without extension, is a copy of: `a` of `a (1)`, `a 2`, `a - Copy`,
/// `a copy 2`, `a (another copy)` and `Copy of a`. Any other name comes back as it is.
pub fn original(stem: &str) -> &str {
    let mut name = stem;
    while let Some(shorter) = without_mark(name) {
        name = shorter;
    }
    name
}

/// The name without its outermost mark, if it has one and there is something left.
fn without_mark(name: &str) -> Option<&str> {
    // As many bytes as the name has.
    let lower = name.to_ascii_lowercase();
    let rest = if let Some(mark) = IN_FRONT.iter().find(|mark| lower.starts_with(**mark)) {
        &name[mark.len()..]
    } else if let Some((rest, _)) =
        name.strip_suffix(')').and_then(|open| open.rsplit_once('(')).filter(|(_, mark)| is_mark(mark))
    {
        rest
    } else if let Some((rest, _)) = name.rsplit_once(' ').filter(|(_, number)| is_number(number)) {
        rest
    } else {
        let word = WORDS.iter().find(|word| lower.ends_with(**word))?;
        name[..name.len() - word.len()].strip_suffix([' ', '-', '_'])?
    };
    Some(rest.trim_matches([' ', '-', '_'])).filter(|rest| !rest.is_empty())
}

/// Whether this, in brackets, marks a copy: a number, or words one of which says so.
fn is_mark(text: &str) -> bool {
    is_number(text) || text.split(' ').any(|part| WORDS.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::original;

    #[test]
    fn marks_of_copies_are_taken_off() {
        for copy in [
            "1001_DFA_ANG_XX (1)",
            "1001_DFA_ANG_XX(12)",
            "1001_DFA_ANG_XX 2",
            "1001_DFA_ANG_XX - Copy",
            "1001_DFA_ANG_XX - Copy (2)",
            "1001_DFA_ANG_XX copy",
            "1001_DFA_ANG_XX copy 3",
            "1001_DFA_ANG_XX_copy",
            "1001_DFA_ANG_XX (another copy)",
            "1001_DFA_ANG_XX (copy 2)",
            "1001_DFA_ANG_XX - Kopie",
            "1001_DFA_ANG_XX - 副本",
            "Copy of 1001_DFA_ANG_XX",
            "copy of Copy of 1001_DFA_ANG_XX (1)",
            "Copia de 1001_DFA_ANG_XX",
        ] {
            assert_eq!(original(copy), "1001_DFA_ANG_XX", "{copy}");
        }
    }

    #[test]
    fn other_names_stay() {
        for name in
            ["1001_DFA_ANG_XX", "03-01-05-01-01-01-01", "OAF_back_fear", "a01", "copy", "(1)", "a (take one)"]
        {
            assert_eq!(original(name), name);
        }
    }
}
