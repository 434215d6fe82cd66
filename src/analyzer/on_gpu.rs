//! Analysis with the model's networks on a GPU. Those on the CPU are kept as a fallback.

use web_time::Instant;

use super::{Analysis, Analyzer, Backend, NetworkOutput, Prepared, ms_since};
use crate::audio::SAMPLE_RATE_HZ;
use crate::model::Accelerator;
use crate::nn::gpu::GpuError;

/// Maximum time on the GPU relative to that on the CPU for the GPU to be used: it must justify its memory.
const MAX_RELATIVE_TIME: f64 = 0.8;
/// Minimum cosine similarity of the features. They are designed to be equal to the last bit, but should a GPU differ there,
/// quantization amplifies the difference; a broken driver is far below.
const MIN_SIMILARITY: f64 = 0.98;
/// Maximum difference of a probability.
const MAX_DIFFERENCE: f32 = 0.02;
/// Seconds of audio in the trial.
const TRIAL_S: usize = 4;

/// Comparison of a GPU with the CPU.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// Milliseconds on the CPU.
    pub cpu_ms: f64,
    /// Milliseconds on the GPU, in the second run.
    pub gpu_ms: f64,
}

impl Trial {
    /// Whether the GPU is so much faster that it is worth its memory.
    pub fn is_worthwhile(&self) -> bool {
        self.gpu_ms <= MAX_RELATIVE_TIME * self.cpu_ms
    }
}

impl Analyzer {
    /// Reads the same clip on a GPU and on the CPU, and compares results and times.
    ///
    /// # Errors
    /// [`GpuError`] if the GPU stops, or its output differs.
    pub async fn try_gpu(&mut self, gpu: &mut impl Accelerator) -> Result<Trial, GpuError> {
        let noise = noise(TRIAL_S * SAMPLE_RATE_HZ as usize);
        // In the first run, kernels are compiled.
        let features = self.model.features_on(gpu, &noise).await?;
        self.model.classify_on(gpu, &features).await?;
        let start = Instant::now();
        let on_gpu = self.model.features_on(gpu, &noise).await?;
        let (_, output) = self.model.classify_on(gpu, &on_gpu).await?;
        let gpu_ms = ms_since(start);
        let start = Instant::now();
        let on_cpu = self.model.features_of(&noise);
        let expected = self.model.output(on_cpu.clone(), None);
        let cpu_ms = ms_since(start);
        let similarity = cosine(on_gpu.values(), on_cpu.values());
        if similarity.is_nan() || similarity < MIN_SIMILARITY {
            return Err(GpuError::Failed(format!(
                "its features differ from those of the CPU, cosine {similarity:.3}"
            )));
        }
        let calibration = self.model.calibration(None);
        let [output, expected] =
            [output, expected].map(|output| *calibration.predict(&output).probabilities());
        // Not a number is close to none.
        let is_close = output.iter().zip(expected).all(|(a, b)| (a - b).abs() <= MAX_DIFFERENCE);
        if !is_close {
            return Err(GpuError::Failed(format!(
                "its probabilities differ from those of the CPU by more than {MAX_DIFFERENCE}"
            )));
        }
        Ok(Trial { cpu_ms, gpu_ms })
    }

    /// Like [`Analyzer::read`], on a GPU. If that stops, the CPU is used in its place, and the error is returned with the
    /// analysis.
    pub async fn read_on(
        &mut self,
        gpu: &mut impl Accelerator,
        prepared: Prepared,
    ) -> (Analysis, Option<GpuError>) {
        let start = Instant::now();
        let on_gpu = async {
            let features = self.model.features_on(gpu, prepared.clip.samples()).await?;
            let features_ms = ms_since(start);
            let (embedding, output) = self.model.classify_on(gpu, &features).await?;
            Ok((features, features_ms, embedding, output))
        };
        match on_gpu.await {
            Ok((features, features_ms, embedding, output)) => {
                let output =
                    NetworkOutput { features, features_ms, embedding, output, backend: Backend::WebGpu };
                (self.complete(prepared, output, start), None)
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
