//! Analysis with the speech encoder on the browser's GPU. The encoder on the CPU is kept as a fallback.

use web_time::Instant;

use super::{Analysis, Analyzer, Backend, Prepared, ms_since};
use crate::audio::SAMPLE_RATE_HZ;
use crate::nn::encoders::{GpuError, GpuInference};

/// Maximum time on the GPU relative to that on the CPU for the GPU to be used: it must justify its memory.
const MAX_RELATIVE_TIME: f64 = 0.8;
/// Minimum cosine similarity of both outputs. They are designed to be equal to the last bit, but should a GPU differ there,
/// quantization amplifies the difference; a broken driver is far below.
const MIN_SIMILARITY: f64 = 0.98;
/// Seconds of audio in the trial.
const TRIAL_S: usize = 4;

/// Comparison of a GPU with the CPU.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// Milliseconds on the CPU.
    pub cpu_ms: f64,
    /// Milliseconds on the GPU, in the second run.
    pub gpu_ms: f64,
    /// Whether the GPU is used from now on.
    pub is_adopted: bool,
}

impl Analyzer {
    /// Encodes the same input on a GPU and on the CPU, and uses the GPU from then on if it is faster, or in any case if that is
    /// `wanted`.
    ///
    /// # Errors
    /// [`GpuError`] if the GPU stops, or its output differs.
    pub async fn try_gpu(&mut self, mut gpu: GpuInference, wanted: bool) -> Result<Trial, GpuError> {
        let noise = noise(TRIAL_S * SAMPLE_RATE_HZ as usize);
        // In the first run, the browser compiles the kernels.
        self.model.features_on(&mut gpu, &noise).await?;
        let start = Instant::now();
        let on_gpu = self.model.features_on(&mut gpu, &noise).await?.into_values();
        let gpu_ms = ms_since(start);
        let start = Instant::now();
        let on_cpu = self.model.features_of(&noise).into_values();
        let cpu_ms = ms_since(start);
        let similarity = cosine(&on_gpu, &on_cpu);
        if similarity.is_nan() || similarity < MIN_SIMILARITY {
            return Err(GpuError::Failed(format!(
                "its hidden states differ from those of the CPU, cosine {similarity:.3}"
            )));
        }
        let is_adopted = wanted || gpu_ms <= MAX_RELATIVE_TIME * cpu_ms;
        self.gpu = is_adopted.then_some(gpu);
        Ok(Trial { cpu_ms, gpu_ms, is_adopted })
    }

    /// Like [`Analyzer::read`], on the GPU if one is used. If that stops, the CPU is used, now and from then on, and the error is
    /// returned with the analysis.
    pub async fn read_on_gpu(&mut self, prepared: Prepared) -> (Analysis, Option<GpuError>) {
        let Some(mut gpu) = self.gpu.take() else { return (self.read(prepared), None) };
        let start = Instant::now();
        match self.model.features_on(&mut gpu, prepared.clip.samples()).await {
            Ok(features) => {
                self.gpu = Some(gpu);
                (self.analyze_features(prepared, features, start, Backend::WebGpu), None)
            }
            Err(error) => (self.read(prepared), Some(error)),
        }
    }
}

/// Deterministic noise at a tenth of full scale.
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
