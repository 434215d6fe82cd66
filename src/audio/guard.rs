//! Isolation of third-party decoders on untrusted files: a panic is reported as a damaged file.

use symphonia::core::errors::Error;

/// Runs a step of a decoder. In a browser, where panics do not unwind, a panic ends the worker instead, and the page starts
/// another.
pub fn guarded<T>(step: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    #[cfg(panic = "unwind")]
    return std::panic::catch_unwind(std::panic::AssertUnwindSafe(step))
        .unwrap_or(Err(Error::DecodeError("the decoder cannot make sense of it")));
    #[cfg(not(panic = "unwind"))]
    step()
}

/// Suppresses the printing of panics in decoders, which are reported as errors; all others go to the previous hook.
pub fn hush_decoder_panics() {
    let previous_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let in_decoder = panic
            .location()
            .is_some_and(|place| ["/symphonia", "/ropus"].iter().any(|name| place.file().contains(name)));
        if !in_decoder {
            previous_hook(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let result = guarded(|| -> Result<(), Error> { panic!("as decoders do") });
        assert!(matches!(result, Err(Error::DecodeError(_))));
        assert!(matches!(guarded(|| Ok(7)), Ok(7)));
    }
}
