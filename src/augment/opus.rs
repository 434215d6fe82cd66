//! A voice message's codec.

use ropus::{Application, Bitrate, Channels, DecodeMode, Decoder, Encoder};

use crate::audio::SAMPLE_RATE_HZ;

/// Samples of a frame: 20 ms.
const FRAME: usize = 320;

/// Encodes and decodes with Opus; what comes back has the length and the place in time of what went in.
pub fn through_opus(samples: &[f32], bits_per_second: u32) -> Vec<f32> {
    let mut encoder = Encoder::builder(SAMPLE_RATE_HZ, Channels::Mono, Application::Voip)
        .bitrate(Bitrate::Bits(bits_per_second))
        .build()
        .expect("16 kHz mono is a mode of Opus");
    let mut decoder = Decoder::new(SAMPLE_RATE_HZ, Channels::Mono).expect("16 kHz mono is a mode of Opus");
    let delay = encoder.lookahead() as usize;
    let mut input = samples.to_vec();
    input.resize((samples.len() + delay).next_multiple_of(FRAME), 0.0);
    let mut output = Vec::with_capacity(input.len());
    let (mut packet, mut frame) = ([0; 1_500], [0.0; FRAME]);
    for piece in input.chunks_exact(FRAME) {
        let bytes = encoder.encode_float(piece, &mut packet).expect("a whole frame fits the packet");
        decoder
            .decode_float(&packet[..bytes], &mut frame, DecodeMode::Normal)
            .expect("a packet that was just encoded");
        output.extend_from_slice(&frame);
    }
    output[delay..delay + samples.len()].to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::tests::tone;
    use super::*;

    #[test]
    fn opus_keeps_place_and_length_and_changes_the_samples() {
        let tone = tone(440.0, 16_000);
        let decoded = through_opus(&tone, 16_000);
        assert_eq!(decoded.len(), tone.len());
        assert_ne!(decoded, tone);
        let settled = 3_200..14_000;
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let (a, b) = (&tone[settled.clone()], &decoded[settled]);
        let correlation = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
        assert!(correlation > 0.95, "{correlation}");
    }
}
