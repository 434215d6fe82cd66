//! What happened in each epoch of a run.

use serde::{Deserialize, Serialize};

/// One epoch: a line of a run's `log.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean cross-entropy over its steps, of changed clips and smoothed labels; without the penalty on weights.
    pub loss: f32,
    /// Learning rate at its end.
    pub learning_rate: f64,
    /// Mean cross-entropy of the validation clips.
    pub validation_loss: f32,
    /// Share of the validation clips that were named as they were acted.
    pub validation_accuracy: f32,
    /// How long it took.
    pub seconds: f32,
}

/// The epoch with the best validation accuracy, of equals the one with the lowest loss; none before the first.
pub fn best(epochs: &[Epoch]) -> Option<&Epoch> {
    epochs.iter().max_by(|a, b| {
        let accuracy = a.validation_accuracy.total_cmp(&b.validation_accuracy);
        accuracy.then(b.validation_loss.total_cmp(&a.validation_loss))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize, validation_accuracy: f32, validation_loss: f32) -> Epoch {
        Epoch { epoch, loss: 1.0, learning_rate: 1e-3, validation_loss, validation_accuracy, seconds: 1.0 }
    }

    #[test]
    fn the_best_epoch_is_the_most_accurate_then_the_surest() {
        assert!(best(&[]).is_none());
        let epochs = [epoch(1, 0.5, 1.4), epoch(2, 0.7, 1.1), epoch(3, 0.7, 1.0), epoch(4, 0.6, 0.9)];
        assert_eq!(best(&epochs).expect("one").epoch, 3);
    }
}
