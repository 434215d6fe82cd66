//! Downmix coefficients of channel layouts to mono (1/0), from ITU-R BS.775.

use std::f64::consts::FRAC_1_SQRT_2;

use symphonia::core::audio::{AmbisonicBFormat, ChannelLabel, Channels, Position};

const CENTRE: f64 = 1.0;
const FRONT: f64 = FRAC_1_SQRT_2;
const SURROUND: f64 = 0.5;

/// WAV files without a channel mask are assigned the first positions of the mask. Four, five, seven or eight of them are no
/// common layout, but the inputs of a recorder or a microphone array, any of which may have the voice.
const UNPOSITIONED: [u32; 4] = [4, 5, 7, 8];

/// A weight for each channel, in order; only their ratios matter.
///
/// Channels without a position have equal weights, since any of them may have the voice, and so do two channels. In Ambisonics,
/// the omnidirectional component (W) is the mono signal.
pub fn weights(layout: &Channels) -> Vec<f64> {
    let weights: Vec<f64> = match layout {
        two if two.count() == 2 => vec![1.0; 2],
        Channels::Positioned(positions) if !is_unpositioned(*positions) => positions.iter().map(of).collect(),
        Channels::Ambisonic(_) => (0..layout.count()).map(|number| of_first(number == 0)).collect(),
        Channels::Custom(labels) => labels.iter().map(of_label).collect(),
        _ => vec![1.0; layout.count()],
    };
    if weights.iter().all(|&weight| weight == 0.0) { vec![1.0; weights.len()] } else { weights }
}

fn is_unpositioned(positions: Position) -> bool {
    UNPOSITIONED.iter().any(|&count| Position::from_count(count) == Some(positions))
}

fn of(position: Position) -> f64 {
    const LFE: Position = Position::LFE1.union(Position::LFE2);
    const MIDDLE: Position = Position::FRONT_CENTER;
    const SIDES: Position = Position::FRONT_LEFT
        .union(Position::FRONT_RIGHT)
        .union(Position::FRONT_LEFT_CENTER)
        .union(Position::FRONT_RIGHT_CENTER)
        .union(Position::FRONT_LEFT_WIDE)
        .union(Position::FRONT_RIGHT_WIDE);
    match position {
        position if LFE.contains(position) => 0.0,
        position if MIDDLE.contains(position) => CENTRE,
        position if SIDES.contains(position) => FRONT,
        _ => SURROUND,
    }
}

fn of_label(label: &ChannelLabel) -> f64 {
    match label {
        ChannelLabel::Positioned(position) => of(*position),
        ChannelLabel::Ambisonic(number) => of_first(*number == 0),
        ChannelLabel::AmbisonicBFormat(component) => of_first(*component == AmbisonicBFormat::W),
        _ => 1.0,
    }
}

fn of_first(is_first: bool) -> f64 {
    f64::from(u8::from(is_first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surround_has_the_coefficients_of_the_recommendation() {
        let surround = Position::from_count(6).expect("5.1");
        let expected = [FRAC_1_SQRT_2, FRAC_1_SQRT_2, 1.0, 0.0, 0.5, 0.5];
        assert_eq!(weights(&Channels::Positioned(surround)), expected);
    }

    #[test]
    fn stereo_channels_have_equal_weights() {
        assert_eq!(weights(&Channels::Positioned(Position::FRONT_LEFT | Position::FRONT_RIGHT)), [1.0; 2]);
    }

    #[test]
    fn channels_without_a_position_have_equal_weights() {
        assert_eq!(weights(&Channels::Discrete(6)), [1.0; 6]);
        assert_eq!(weights(&Channels::Positioned(Position::from_count(4).expect("four"))), [1.0; 4]);
        assert_eq!(weights(&Channels::Positioned(Position::LFE1)), [1.0]);
    }

    #[test]
    fn ambisonics_is_mixed_to_the_omnidirectional_component() {
        assert_eq!(weights(&Channels::Ambisonic(1)), [1.0, 0.0, 0.0, 0.0]);
        let labels = [AmbisonicBFormat::X, AmbisonicBFormat::Y, AmbisonicBFormat::W];
        let labels = labels.map(ChannelLabel::AmbisonicBFormat);
        assert_eq!(weights(&Channels::Custom(labels.into())), [0.0, 0.0, 1.0]);
    }
}
