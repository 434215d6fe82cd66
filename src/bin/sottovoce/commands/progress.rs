//! A progress bar with the remaining time, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar with a message; nothing where there is no terminal.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new() -> Self {
        let style = ProgressStyle::with_template("{msg:32} {wide_bar} {pos}/{len}, {eta} left");
        let bar = ProgressBar::no_length();
        bar.set_style(style.expect("a valid template"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }

    /// One more of `total` is done.
    pub fn advance(&self, total: usize, message: &str) {
        if self.0.length() != Some(total as u64) {
            self.0.set_length(total as u64);
            self.0.set_message(message.to_owned());
        }
        self.0.inc(1);
    }

    /// `done` of `total` are done.
    pub fn set(&self, done: usize, total: usize, message: &str) {
        if done == 1 {
            self.0.reset();
            self.0.set_length(total as u64);
        }
        self.0.set_position(done as u64);
        self.0.set_message(message.to_owned());
    }

    /// Prints a line above the bar.
    pub fn say(&self, line: &str) {
        self.0.suspend(|| println!("{line}"));
    }

    /// Prints a line on standard error above the bar.
    pub fn complain(&self, line: &str) {
        self.0.suspend(|| eprintln!("{line}"));
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
