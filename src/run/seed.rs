//! Seeds of the draws within a run.

/// A seed that depends on the run's `seed` and on `position` (epoch, step, shard) alone: a resumed run draws what an uninterrupted
/// one would, and a shard what it would without the others.
pub fn derive_seed(seed: u64, position: &[usize]) -> u64 {
    position.iter().fold(seed, |seed, &number| {
        (seed ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_has_a_seed_of_its_own() {
        let positions = (0..20).flat_map(|step| (0..20).map(move |shard| [step, shard]));
        let seeds: std::collections::BTreeSet<u64> =
            positions.map(|position| derive_seed(1, &position)).collect();
        assert_eq!(seeds.len(), 400);
        assert_ne!(derive_seed(1, &[2, 3]), derive_seed(2, &[2, 3]));
    }
}
