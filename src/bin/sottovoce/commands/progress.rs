//! A progress bar with the remaining time, on a terminal.

use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

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

/// Progress of work that takes hours: a bar on a terminal, and a line every minute elsewhere, as in the log of a cluster.
pub struct LongProgress {
    bar: Progress,
    start: Instant,
    printed: Instant,
    before: u64,
    total: u64,
}

impl LongProgress {
    /// `before` of `total` are done already.
    pub fn new(before: u64, total: u64) -> Self {
        let bar = Progress::new();
        bar.0.set_length(total);
        bar.0.set_position(before);
        bar.0.reset_eta();
        let now = Instant::now();
        Self { bar, start: now, printed: now, before, total }
    }

    /// `done` of all are done.
    pub fn set(&mut self, done: u64, message: &str) {
        const INTERVAL: Duration = Duration::from_secs(60);
        if !self.bar.0.is_hidden() {
            self.bar.0.set_position(done);
            self.bar.0.set_message(message.to_owned());
        } else if self.printed.elapsed() >= INTERVAL {
            self.printed = Instant::now();
            let per_one = self.start.elapsed().as_secs_f64() / (done - self.before).max(1) as f64;
            let left = Duration::from_secs_f64(per_one * (self.total - done) as f64);
            eprintln!("{done} of {}, {} left", self.total, HumanDuration(left));
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish();
    }
}
