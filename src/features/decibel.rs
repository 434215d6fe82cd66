//! Power to decibels, as `librosa.power_to_db`.

/// Lower bound of powers (`amin`): -100 dB.
const MIN_POWER: f32 = 1e-10;

/// The power that corresponds to 0 dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference {
    /// A fixed power.
    Power(f32),
    /// The maximum power.
    Max,
}

/// Converts powers to decibels in place: `10 log10(power / reference)`, then clips values more than `top_db` below the
/// maximum.
pub fn power_to_db(values: &mut [f32], reference: Reference, top_db: f32) {
    let peak_power = values.iter().copied().fold(MIN_POWER, f32::max);
    let reference_power = match reference {
        Reference::Power(power) => power.abs().max(MIN_POWER),
        Reference::Max => peak_power,
    };
    let reference_db = 10.0 * log10(reference_power);
    let floor_db = 10.0 * log10(peak_power) - reference_db - top_db;
    for value in values {
        *value = (10.0 * log10(value.max(MIN_POWER)) - reference_db).max(floor_db);
    }
}

/// Computed in 64 bits: the logarithms of a browser and of a system's library differ in the last digits, which rounding
/// removes.
fn log10(value: f32) -> f32 {
    f64::from(value).log10() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_are_ten_decibels_and_the_floor_holds() {
        let mut values = [1.0, 0.1, 1e-12, 10.0];
        power_to_db(&mut values, Reference::Power(1.0), 80.0);
        for (value, expected) in values.iter().zip([0.0, -10.0, -70.0, 10.0]) {
            assert!((value - expected).abs() < 1e-5, "{value} is not {expected}");
        }
    }

    #[test]
    fn silence_is_a_hundred_decibels_down() {
        let mut values = [0.0; 4];
        power_to_db(&mut values, Reference::Power(1.0), 80.0);
        assert_eq!(values, [-100.0; 4]);
        let mut values = [0.0; 4];
        power_to_db(&mut values, Reference::Max, 80.0);
        assert_eq!(values, [0.0; 4]);
    }
}
