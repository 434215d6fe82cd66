//! Analyzers for several threads.

use std::sync::{Mutex, MutexGuard};

use super::Analyzer;
use crate::model::Model;

/// A model for several threads at once. There are as many analyzers as were ever needed at the same time; they share the weights of an
/// encoder, and each keeps its buffers from one recording to the next.
pub struct SharedAnalyzer {
    model: Model,
    idle: Mutex<Vec<Analyzer>>,
}

impl SharedAnalyzer {
    /// Wraps a model.
    pub fn new(model: Model) -> Self {
        Self { model, idle: Mutex::default() }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Lends an analyzer, which has the channel and the reference of whatever it was used for before.
    pub fn with<R>(&self, work: impl FnOnce(&mut Analyzer) -> R) -> R {
        let idle = self.idle().pop();
        let mut analyzer = idle.unwrap_or_else(|| Analyzer::new(self.model.clone()));
        let result = work(&mut analyzer);
        self.idle().push(analyzer);
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Analyzer>> {
        self.idle.lock().expect("no thread panics with the lock")
    }
}
