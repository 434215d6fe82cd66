//! Rules that what comes from outside must keep, each with what is said when it does not.

/// The first rule that does not hold.
pub(crate) fn first_broken<'a>(rules: &[(bool, &'a str)]) -> Result<(), &'a str> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(rule),
        None => Ok(()),
    }
}
