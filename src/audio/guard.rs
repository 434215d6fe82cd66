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

/// Keeps a program from printing panics of decoders, which are told as errors; all others go to the hook that was there.
pub fn hush_decoder_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let in_decoder = panic
            .location()
            .is_some_and(|place| ["/symphonia", "/ropus"].iter().any(|name| place.file().contains(name)));
        if !in_decoder {
            tell(panic);
        }
    }));
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
