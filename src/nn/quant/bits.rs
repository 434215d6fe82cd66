//! Packing of small signed integers into bytes, lowest bit first.

/// Packs the low `bits` of each code.
pub fn pack(codes: impl Iterator<Item = i8>, bits: u8) -> Vec<u8> {
    let mask = low_mask(bits);
    let mut packed = Vec::new();
    let (mut pending, mut filled) = (0_u32, 0);
    for code in codes {
        pending |= (code as u32 & mask) << filled;
        filled += u32::from(bits);
        while filled >= 8 {
            packed.push(pending as u8);
            pending >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        packed.push(pending as u8);
    }
    packed
}

/// Unpacks the first `count` codes of `packed`, with sign extension.
pub fn unpack(packed: &[u8], bits: u8, count: usize) -> impl Iterator<Item = i8> {
    let mask = low_mask(bits);
    let unused = 8 - u32::from(bits);
    let mut bytes = packed.iter();
    let (mut pending, mut filled) = (0_u32, 0);
    (0..count).map(move |_| {
        while filled < u32::from(bits) {
            pending |= u32::from(bytes.next().copied().unwrap_or(0)) << filled;
            filled += 8;
        }
        let code = (pending & mask) as u8;
        pending >>= bits;
        filled -= u32::from(bits);
        // Shifts the sign bit to the top and back, which fills the unused bits with it.
        ((code << unused) as i8) >> unused
    })
}

fn low_mask(bits: u8) -> u32 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_round_trips_for_every_width() {
        for bits in super::super::BITS {
            let top = ((1_i32 << (bits - 1)) - 1) as i8;
            let codes: Vec<i8> = (0..41)
                .map(|i| (i * 37 % (2 * i32::from(top) + 1)) as i8)
                .map(|c| c.wrapping_sub(top))
                .collect();
            let packed = pack(codes.iter().copied(), bits);
            assert_eq!(packed.len(), (codes.len() * usize::from(bits)).div_ceil(8));
            assert_eq!(unpack(&packed, bits, codes.len()).collect::<Vec<_>>(), codes, "{bits} bits");
        }
    }
}
