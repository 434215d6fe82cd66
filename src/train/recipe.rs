//! The settings of a training run.

use serde::{Deserialize, Serialize};

/// Everything that decides how a model is trained, besides its architecture and the clips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Passes over the training clips.
    pub epochs: usize,
    /// Clips a step, divided among [`shards`](Self::shards).
    pub batch: usize,
    /// Parts of a batch that are computed side by side, each on its own thread; batch normalisation sees one part.
    pub shards: usize,
    /// Highest learning rate of Adam.
    pub learning_rate: f64,
    /// Epochs over which the learning rate rises from zero before it falls along a cosine.
    pub warm_up: f64,
    /// Probability taken from the right label and spread over all.
    pub label_smoothing: f32,
    /// Seed of the split, the weights, the order and the augmentations.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            epochs: 24,
            batch: 64,
            shards: 2,
            learning_rate: 1e-3,
            warm_up: 1.0,
            label_smoothing: 0.05,
            seed: 1,
        }
    }
}

impl Recipe {
    /// The learning rate after `progress` epochs.
    pub fn learning_rate_at(&self, progress: f64) -> f64 {
        if progress < self.warm_up {
            return self.learning_rate * progress / self.warm_up;
        }
        let falling = (progress - self.warm_up) / (self.epochs as f64 - self.warm_up);
        let cosine = 0.5 + 0.5 * (std::f64::consts::PI * falling.min(1.0)).cos();
        self.learning_rate * (0.005 + 0.995 * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_rises_then_falls() {
        let recipe = Recipe { epochs: 10, warm_up: 2.0, learning_rate: 1.0, ..Recipe::default() };
        assert_eq!(recipe.learning_rate_at(0.0), 0.0);
        assert!((recipe.learning_rate_at(1.0) - 0.5).abs() < 1e-9);
        assert!((recipe.learning_rate_at(2.0) - 1.0).abs() < 1e-9);
        assert!(recipe.learning_rate_at(6.0) < recipe.learning_rate_at(4.0));
        assert!((recipe.learning_rate_at(10.0) - 0.005).abs() < 1e-9);
    }
}
