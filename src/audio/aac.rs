//! The AAC-LC core of HE-AAC: spectral band replication and parametric stereo add the upper half of the band and the second
//! channel to a stream that is complete without them.

/// The AudioSpecificConfig of the AAC-LC core (ISO/IEC 14496-3, 1.6.2.1), from one that signals band replication explicitly;
/// `None` for other configs.
pub fn core(config: &[u8]) -> Option<Vec<u8>> {
    let mut bits = Bits { bytes: config, at: 0 };
    let object = bits.object_type()?;
    let rate = bits.rate()?;
    let channels = bits.take(4)?;
    // 5 is band replication, 29 parametric stereo.
    if object != 5 && object != 29 {
        return None;
    }
    let _replicated_rate = bits.rate()?;
    let core = bits.object_type().filter(|&core| core == 2)?;
    let is_short = bits.take(1)?;
    let mut written = Written::default();
    written.put(core, 5);
    match rate {
        Rate::Index(index) => written.put(index, 4),
        Rate::Hz(hz) => {
            written.put(15, 4);
            written.put(hz, 24);
        }
    }
    written.put(channels, 4);
    // Frame length flag, no dependence on a core coder, no extension.
    written.put(is_short << 2, 3);
    Some(written.bytes)
}

enum Rate {
    Index(u32),
    Hz(u32),
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |value, _| {
            let byte = self.bytes.get(self.at / 8)?;
            let bit = byte >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(value << 1 | u32::from(bit))
        })
    }

    fn object_type(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => Some(32 + self.take(6)?),
            object => Some(object),
        }
    }

    fn rate(&mut self) -> Option<Rate> {
        Some(match self.take(4)? {
            15 => Rate::Hz(self.take(24)?),
            index => Rate::Index(index),
        })
    }
}

#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    bits: usize,
}

impl Written {
    fn put(&mut self, value: u32, count: usize) {
        for bit in (0..count).rev().map(|place| (value >> place & 1) as u8) {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.bits % 8);
            }
            self.bits += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Written, core};

    #[test]
    fn the_core_of_he_aac_is_aac_lc() {
        // Band replication, 24 kHz for 48 kHz, stereo: AAC-LC at 24 kHz, stereo.
        assert_eq!(core(&[0x2b, 0x11, 0x88, 0]), Some(vec![0x13, 0x10]));
        // Parametric stereo, 24 kHz for 48 kHz, mono.
        assert_eq!(core(&[0xeb, 0x09, 0x88, 0]), Some(vec![0x13, 0x08]));
        // An explicit rate: 24,000 Hz.
        let written = |fields: &[(u32, usize)]| {
            let mut written = Written::default();
            fields.iter().for_each(|&(value, bits)| written.put(value, bits));
            written.bytes
        };
        let config = written(&[(5, 5), (15, 4), (24_000, 24), (2, 4), (3, 4), (2, 5), (0, 3)]);
        assert_eq!(core(&config), Some(written(&[(2, 5), (15, 4), (24_000, 24), (2, 4), (0, 3)])));
        // AAC-LC itself, with band replication signalled after it; too short configs; a core other than AAC-LC.
        for other in [&[0x13, 0x10, 0x56, 0xe5, 0x98][..], &[0x2b, 0x11], &[], &[0x2b, 0x11, 0x84, 0]] {
            assert_eq!(core(other), None);
        }
    }
}
