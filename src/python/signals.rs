//! Work that Ctrl-C can end.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

/// Soon enough for whoever presses Ctrl-C, and too rarely to take time.
const CHECKED_EVERY: Duration = Duration::from_millis(100);

/// Runs `work` on a thread of its own, without the GIL, while this one looks for signals. `work` gets a flag that says whether to stop.
///
/// # Errors
/// What the handler of a signal raises, once `work` has stopped.
pub fn interruptible<R: Send>(py: Python<'_>, work: impl FnOnce(&AtomicBool) -> R + Send) -> PyResult<R> {
    let is_stopped = &AtomicBool::new(false);
    py.detach(|| {
        thread::scope(|scope| {
            let (sender, results) = mpsc::channel();
            let worker = scope.spawn(move || sender.send(work(is_stopped)));
            loop {
                match results.recv_timeout(CHECKED_EVERY) {
                    Ok(result) => return Ok(result),
                    Err(RecvTimeoutError::Timeout) => Python::attach(|py| py.check_signals())
                        .inspect_err(|_| is_stopped.store(true, Ordering::Relaxed))?,
                    Err(RecvTimeoutError::Disconnected) => {
                        resume_unwind(worker.join().expect_err("it sends a result unless it panics"))
                    }
                }
            }
        })
    })
}
