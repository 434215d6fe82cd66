//! Opus packets for symphonia's demuxers: an adapter around the `ropus` crate, which symphonia lacks.
//!
//! Decodes at 48 kHz, as RFC 7845 recommends for any original rate, and drops the encoder's pre-skip and the padding after
//! the last page's granule position.

use ropus::{Channels as OpusChannels, DecodeMode, Decoder};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Error, Result, decode_error, unsupported_error};
use symphonia::core::packet::PacketRef;

const OPUS_RATE_HZ: u32 = 48_000;
/// Frames of the longest packet: 120 ms.
const MAX_PACKET_FRAMES: usize = 5_760;

/// The fields of RFC 7845's identification header (section 5.1) needed for decoding.
struct OpusHead {
    channels: usize,
    pre_skip: usize,
    /// Gain to apply, in 1/256 dB.
    output_gain: i16,
}

/// A decoder in its initial state.
fn opus_decoder(head: &OpusHead) -> Result<Decoder> {
    let channels = if head.channels == 1 { OpusChannels::Mono } else { OpusChannels::Stereo };
    let refused = || Error::Unsupported("opus: channel count or gain");
    let mut decoder = Decoder::new(OPUS_RATE_HZ, channels).map_err(|_| refused())?;
    decoder.set_gain(head.output_gain.into()).map_err(|_| refused())?;
    Ok(decoder)
}

impl OpusHead {
    /// Parses the header of mono and stereo (channel mapping family 0); surround is left to other decoders.
    ///
    /// MP4 has the same fields in big-endian order, and version 0.
    fn parse(data: &[u8]) -> Option<Self> {
        let fixed = data.get(..19).filter(|head| head.starts_with(b"OpusHead"))?;
        let channels = usize::from(fixed[9]);
        let (pre_skip, output_gain) = ([fixed[10], fixed[11]], [fixed[16], fixed[17]]);
        let (pre_skip, output_gain) = match fixed[8] {
            0 => (u16::from_be_bytes(pre_skip), i16::from_be_bytes(output_gain)),
            _ => (u16::from_le_bytes(pre_skip), i16::from_le_bytes(output_gain)),
        };
        let pre_skip = usize::from(pre_skip);
        let supported = fixed[18] == 0 && (1..=2).contains(&channels);
        supported.then_some(Self { channels, pre_skip, output_gain })
    }
}

/// An Opus decoder for symphonia's codec registry.
pub struct OpusAdapter {
    params: AudioCodecParameters,
    decoder: Decoder,
    head: OpusHead,
    /// Remaining frames of the pre-skip.
    pre_skip: usize,
    container_trims: bool,
    interleaved: Vec<f32>,
    buffer: AudioBuffer<f32>,
}

impl OpusAdapter {
    fn try_new(params: &AudioCodecParameters) -> Result<Self> {
        let Some(head) = params.extra_data.as_deref().and_then(OpusHead::parse) else {
            return unsupported_error("opus: only mono and stereo");
        };
        let decoder = opus_decoder(&head)?;
        let spec = AudioSpec::new(OPUS_RATE_HZ, Channels::Discrete(head.channels as u16));
        let mut params = params.clone();
        params.with_sample_rate(OPUS_RATE_HZ);
        Ok(Self {
            params,
            decoder,
            pre_skip: head.pre_skip,
            container_trims: false,
            interleaved: vec![0.0; MAX_PACKET_FRAMES * head.channels],
            buffer: AudioBuffer::new(spec, MAX_PACKET_FRAMES),
            head,
        })
    }

    /// Number of frames to drop from the start of this packet. The Ogg demuxer sets it on each packet; WebM leaves it to the
    /// decoder.
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
        if let Ok(fresh) = opus_decoder(&self.head) {
            self.decoder = fresh;
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
        let decoded = self.decoder.decode_float(packet.data, &mut self.interleaved, DecodeMode::Normal);
        let Ok(frames) = decoded else {
            return decode_error("opus: invalid packet");
        };
        self.buffer.render_silence(Some(frames));
        let channels = self.head.channels;
        for channel in 0..channels {
            if let Some(plane) = self.buffer.plane_mut(channel) {
                let samples = self.interleaved.iter().skip(channel).step_by(channels);
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
        const INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };
        &[SupportedAudioCodec { id: CODEC_ID_OPUS, info: INFO }]
    }
}
