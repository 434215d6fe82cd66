//! Other people's decoders at work on files that nobody has checked: should one panic, the file is told to be damaged.

use symphonia::core::errors::Error;

/// Runs a step of a decoder. In a browser, where nothing unwinds, a panic ends the worker instead, and the page goes on with
/// another.
pub fn guarded<T>(step: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    #[cfg(panic = "unwind")]
    return std::panic::catch_unwind(std::panic::AssertUnwindSafe(step))
        .unwrap_or(Err(Error::DecodeError("the decoder cannot make sense of it")));
    #[cfg(not(panic = "unwind"))]
    step()
}

/// Whether a panic happened in a decoder. It is told as an error then, so that a program need not tell it once more: this is
/// for its panic hook.
pub fn panicked_in_decoder(panic: &std::panic::PanicHookInfo<'_>) -> bool {
    panic
        .location()
        .is_some_and(|place| ["/symphonia", "/ropus"].iter().any(|name| place.file().contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let outcome = guarded(|| -> Result<(), Error> { panic!("as decoders do") });
        assert!(matches!(outcome, Err(Error::DecodeError(_))));
        assert!(matches!(guarded(|| Ok(7)), Ok(7)));
    }
}
