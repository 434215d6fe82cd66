//! The selected channel of a recording.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::AudioError;

/// One channel of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Front left, the first in every layout.
    Left,
    /// Front right, the second in every layout.
    Right,
    /// By its number from 1, in the order of the file.
    Number(usize),
}

impl Channel {
    /// The index among `channels` channels, from 0.
    ///
    /// # Errors
    /// [`AudioError::NoSuchChannel`] if there is no such channel; a single channel is neither left nor right.
    pub(super) fn index(self, channels: usize) -> Result<usize, AudioError> {
        let index = match self {
            Self::Left => (channels > 1).then_some(0),
            Self::Right => Some(1),
            Self::Number(number) => number.checked_sub(1),
        };
        index.filter(|&index| index < channels).ok_or(AudioError::NoSuchChannel { channel: self, channels })
    }
}

impl Display for Channel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("left"),
            Self::Right => f.write_str("right"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// The error for a text that names no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Give left, right or a channel's number, counted from 1.")]
pub struct UnknownChannel;

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "left" => Ok(Self::Left),
            "right" => Ok(Self::Right),
            number => match number.parse() {
                Ok(number @ 1..) => Ok(Self::Number(number)),
                _ => Err(UnknownChannel),
            },
        }
    }
}
