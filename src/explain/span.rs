//! The part of a heat map with half of the heat.

use crate::features::FeatureMap;

/// Minimum length of the part in seconds: a shorter one is not perceived as a voice.
const MIN_LENGTH_S: f32 = 0.3;

/// The shortest part of the clip with half of the heat, from and to in seconds; `None` without heat, or without a time axis.
pub fn seconds(heat: &FeatureMap, clip_s: f32) -> Option<[f32; 2]> {
    let columns = heat.columns();
    if columns <= 1 {
        return None;
    }
    let mut sums = vec![0.0; columns];
    for row in heat.values().chunks_exact(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let [first, last] = half(&sums)?;
    let column_s = clip_s / columns as f32;
    let (from, to) = (first as f32 * column_s, (last + 1) as f32 * column_s);
    let missing = (MIN_LENGTH_S.min(clip_s) - (to - from)).max(0.0);
    let from = (from - missing / 2.0).clamp(0.0, clip_s - (to - from) - missing);
    Some([from, to.max(from + MIN_LENGTH_S.min(clip_s))])
}

/// The fewest adjacent rows with half of the heat, first and last; `None` without heat, or with one row.
pub fn rows(heat: &FeatureMap) -> Option<[usize; 2]> {
    if heat.rows() == 1 {
        return None;
    }
    let sums: Vec<f32> = heat.values().chunks_exact(heat.columns()).map(|row| row.iter().sum()).collect();
    half(&sums)
}

/// The first and last index of the shortest run whose sum is at least half of the total; `None` if all values are 0.
fn half(values: &[f32]) -> Option<[usize; 2]> {
    let total: f64 = values.iter().map(|&value| f64::from(value)).sum();
    if total <= 0.0 {
        return None;
    }
    let mut best: Option<[usize; 2]> = None;
    let (mut first, mut sum) = (0, 0.0);
    for (last, &value) in values.iter().enumerate() {
        sum += f64::from(value);
        while sum - f64::from(values[first]) >= total / 2.0 {
            sum -= f64::from(values[first]);
            first += 1;
        }
        if sum >= total / 2.0 && best.is_none_or(|[from, to]| last - first < to - from) {
            best = Some([first, last]);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_heat_is_in_the_shortest_run() {
        assert_eq!(half(&[0.0, 0.0]), None);
        assert_eq!(half(&[0.0, 3.0, 0.0]), Some([1, 1]));
        assert_eq!(half(&[1.0, 1.0, 1.0, 1.0]), Some([0, 1]));
        assert_eq!(half(&[1.0, 0.0, 2.0, 2.0, 1.0]), Some([2, 3]));
    }

    #[test]
    fn the_part_has_the_minimum_length_and_is_within_the_clip() {
        let at = |column: usize| {
            let mut values = vec![0.0; 100];
            values[column] = 1.0;
            seconds(&FeatureMap::new(values, 1), 4.0).unwrap()
        };
        for column in [0, 3, 50, 99] {
            let [from, to] = at(column);
            assert!(
                (to - from - MIN_LENGTH_S).abs() < 1e-5 && from >= 0.0 && to <= 4.0 + 1e-5,
                "{from} to {to}"
            );
            assert!(from <= column as f32 * 0.04 + 1e-5 && to >= (column + 1) as f32 * 0.04 - 1e-5);
        }
        assert_eq!(seconds(&FeatureMap::new(vec![1.0; 5], 1), 0.1), Some([0.0, 0.1]));
    }
}
