//! Division of the inputs among machines.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// A share of the inputs: those whose names hash to its number, whichever other inputs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    count: u64,
}

impl Shard {
    /// All inputs.
    pub const ALL: Self = Self { number: 1, count: 1 };

    /// Whether an input of this name is in the shard.
    pub fn contains(self, name: &[u8]) -> bool {
        let hash = Sha256::digest(name);
        let hash = u64::from_le_bytes(*hash.first_chunk().expect("32 bytes"));
        hash % self.count == self.number - 1
    }
}

impl Display for Shard {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

/// The error for a text that names no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Give a number and how many there are, from 1/8 to 8/8 for eight.")]
pub struct UnknownShard;

impl FromStr for Shard {
    type Err = UnknownShard;

    /// `I/N`, counted from 1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, count) = text.split_once('/').ok_or(UnknownShard)?;
        let [number, count] = [number, count].map(|part| part.parse::<u64>().map_err(|_| UnknownShard));
        let shard = Self { number: number?, count: count? };
        (1..=shard.count).contains(&shard.number).then_some(shard).ok_or(UnknownShard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_one_shard() {
        let shards: Vec<Shard> = (1..=5).map(|number| Shard { number, count: 5 }).collect();
        let mut sizes = [0; 5];
        for index in 0..1000 {
            let name = format!("folder/{index}.wav");
            let places: Vec<usize> =
                (0..5).filter(|&place| shards[place].contains(name.as_bytes())).collect();
            assert_eq!(places.len(), 1, "{name}");
            sizes[places[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (150..250).contains(size)), "{sizes:?}");
    }

    #[test]
    fn the_shard_of_a_name_is_the_same_everywhere() {
        assert!("2/5".parse::<Shard>().expect("a shard").contains(b"folder/0.wav"));
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!("2/3".parse::<Shard>().expect("a shard").to_string(), "2/3");
        for text in ["0/3", "4/3", "3", "1/0", "a/b", "-1/2"] {
            assert_eq!(text.parse::<Shard>(), Err(UnknownShard), "{text}");
        }
    }
}
