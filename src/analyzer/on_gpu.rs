//! Reading with a speech encoder on the browser's GPU. The one on the CPU stays, and goes on when the GPU stops.

use web_time::Instant;

use super::{Analysis, Analyzer, Backend, Prepared, ms_since};
use crate::audio::SAMPLE_RATE_HZ;
use crate::nn::encoders::{GpuError, GpuInference};

/// Of a processor's time, what a graphics processor may take at most to be used: it has to earn the memory that it takes.
const WORTHWHILE: f64 = 0.8;
/// The least cosine between what both hear. They are made to say the same to the last bit, but should a GPU differ there, what
/// is rounded on the way makes it show; a broken driver is far below.
const ALIKE: f64 = 0.98;
/// Seconds of sound to try with.
const TRIAL_S: usize = 4;

/// How a GPU did beside the CPU.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// Milliseconds that the CPU took.
    pub cpu_ms: f64,
    /// Milliseconds that the GPU took, the second time.
    pub gpu_ms: f64,
    /// Whether the GPU is used from now on.
    pub is_adopted: bool,
}

impl Analyzer {
    /// Lets the model's encoder on a GPU hear the same as the one on the CPU, and uses it from then on if it is quicker,
    /// or in any case if that is `wanted`.
    ///
    /// # Errors
    /// [`GpuError`] when the GPU stops, or hears something else.
    pub async fn try_gpu(&mut self, mut gpu: GpuInference, wanted: bool) -> Result<Trial, GpuError> {
        let noise = noise(TRIAL_S * SAMPLE_RATE_HZ as usize);
        // The first time, the browser compiles what it runs.
        self.model.features_on(&mut gpu, &noise).await?;
        let start = Instant::now();
        let on_gpu = self.model.features_on(&mut gpu, &noise).await?.into_values();
        let gpu_ms = ms_since(start);
        let start = Instant::now();
        let on_cpu = self.model.features_of(&noise).into_values();
        let cpu_ms = ms_since(start);
        let similarity = cosine(&on_gpu, &on_cpu);
        if similarity.is_nan() || similarity < ALIKE {
            return Err(GpuError::Failed(format!(
                "it hears otherwise than the processor, cosine {similarity:.3}"
            )));
        }
        let is_adopted = wanted || gpu_ms <= WORTHWHILE * cpu_ms;
        self.gpu = is_adopted.then_some(gpu);
        Ok(Trial { cpu_ms, gpu_ms, is_adopted })
    }

    /// Reads as [`Analyzer::read`] does, on the GPU if one is used. If that stops, the CPU reads, now and from then on,
    /// and why is told beside the reading.
    pub async fn read_on_gpu(&mut self, prepared: Prepared) -> (Analysis, Option<GpuError>) {
        let Some(mut gpu) = self.gpu.take() else { return (self.read(prepared), None) };
        let start = Instant::now();
        match self.model.features_on(&mut gpu, prepared.clip.samples()).await {
            Ok(features) => {
                self.gpu = Some(gpu);
                (self.conclude(prepared, features, start, Backend::WebGpu), None)
            }
            Err(error) => (self.read(prepared), Some(error)),
        }
    }
}

/// Noise at a tenth of full scale, the same every time.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 0.1
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
