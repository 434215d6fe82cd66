//! Opus packets for symphonia's demuxers: an adapter around the `opus-decoder` crate, which symphonia lacks.
//!
//! Decodes at 48 kHz, as RFC 7845 recommends whatever the rate before encoding, and drops the encoder's
//! pre-skip and the padding after the last page's granule position.

use opus_decoder::{OpusDecoder, OpusMultistreamDecoder};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Result, decode_error, unsupported_error};
use symphonia::core::packet::PacketRef;

const OPUS_RATE_HZ: u32 = 48_000;

/// The fields of RFC 7845's identification header (section 5.1) that decoding needs.
struct OpusHead {
    channels: usize,
    pre_skip: usize,
    streams: usize,
    coupled_streams: usize,
    mapping: Vec<u8>,
}

impl OpusHead {
    fn parse(data: &[u8]) -> Option<Self> {
        let fixed = data.get(..19).filter(|head| head.starts_with(b"OpusHead"))?;
        let channels = usize::from(fixed[9]);
        let pre_skip = usize::from(u16::from_le_bytes([fixed[10], fixed[11]]));
        let (streams, coupled_streams, mapping) = match (fixed[18], channels) {
            (0, 1) => (1, 0, vec![0]),
            (0, 2) => (1, 1, vec![0, 1]),
            (0, _) | (_, 0) => return None,
            (_, n) => {
                let table = data.get(19..21 + n)?;
                (usize::from(table[0]), usize::from(table[1]), table[2..].to_vec())
            }
        };
        Some(Self { channels, pre_skip, streams, coupled_streams, mapping })
    }
}

enum Streams {
    One(Box<OpusDecoder>),
    Many(Box<OpusMultistreamDecoder>),
}

/// An Opus decoder in the shape that symphonia's codec registry takes.
pub struct OpusAdapter {
    params: AudioCodecParameters,
    streams: Streams,
    channels: usize,
    pre_skip: usize,
    container_trims: bool,
    interleaved: Vec<f32>,
    buffer: AudioBuffer<f32>,
}

impl OpusAdapter {
    fn try_new(params: &AudioCodecParameters) -> Result<Self> {
        let Some(head) = params.extra_data.as_deref().and_then(OpusHead::parse) else {
            return unsupported_error("opus: no identification header");
        };
        let streams = if head.streams == 1 && head.channels <= 2 {
            OpusDecoder::new(OPUS_RATE_HZ, head.channels).map(|d| Streams::One(Box::new(d)))
        } else {
            OpusMultistreamDecoder::new(
                OPUS_RATE_HZ,
                head.channels,
                head.streams,
                head.coupled_streams,
                &head.mapping,
            )
            .map(|d| Streams::Many(Box::new(d)))
        };
        let Ok(streams) = streams else {
            return unsupported_error("opus: channel mapping");
        };
        let Ok(count) = u16::try_from(head.channels) else {
            return unsupported_error("opus: channel count");
        };
        let spec = AudioSpec::new(OPUS_RATE_HZ, Channels::Discrete(count));
        let mut params = params.clone();
        params.with_sample_rate(OPUS_RATE_HZ);
        Ok(Self {
            params,
            streams,
            channels: head.channels,
            pre_skip: head.pre_skip,
            container_trims: false,
            interleaved: vec![0.0; OpusDecoder::MAX_FRAME_SIZE_48K * head.channels],
            buffer: AudioBuffer::new(spec, OpusDecoder::MAX_FRAME_SIZE_48K),
        })
    }

    /// Frames to drop from the start of this packet. Ogg says so in each packet; WebM leaves it to the decoder.
    fn start_trim(&mut self, packet: &PacketRef<'_>, frames: usize) -> usize {
        let by_container = packet.trim_start.get() as usize;
        self.container_trims |= by_container > 0;
        if self.container_trims {
            return by_container.min(frames);
        }
        let trimmed = self.pre_skip.min(frames);
        self.pre_skip -= trimmed;
        trimmed
    }
}

impl AudioDecoder for OpusAdapter {
    fn reset(&mut self) {
        if let Streams::One(decoder) = &mut self.streams {
            decoder.reset();
        }
        self.buffer.clear();
    }

    fn codec_info(&self) -> &CodecInfo {
        &Self::supported_codecs()[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let decoded = match &mut self.streams {
            Streams::One(decoder) => {
                decoder.decode_float(packet.data, &mut self.interleaved, false)
            }
            Streams::Many(decoder) => {
                decoder.decode_float(packet.data, &mut self.interleaved, false)
            }
        };
        let Ok(frames) = decoded else {
            return decode_error("opus: invalid packet");
        };
        self.buffer.render_silence(Some(frames));
        for channel in 0..self.channels {
            if let Some(plane) = self.buffer.plane_mut(channel) {
                let samples = self.interleaved.iter().skip(channel).step_by(self.channels);
                plane.iter_mut().zip(samples).for_each(|(out, sample)| *out = *sample);
            }
        }
        let start = self.start_trim(packet, frames);
        let end = (packet.trim_end.get() as usize).min(frames - start);
        self.buffer.trim(start, end);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

impl RegisterableAudioDecoder for OpusAdapter {
    fn try_registry_new(
        params: &AudioCodecParameters,
        _options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self::try_new(params)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        const INFO: CodecInfo =
            CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };
        &[SupportedAudioCodec { id: CODEC_ID_OPUS, info: INFO }]
    }
}
