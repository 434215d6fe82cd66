//! A model's networks on a GPU.

use burn::tensor::{Tensor, TensorData};

#[cfg(not(target_arch = "wasm32"))]
use super::files::{bytes_in, manifest_in};
use super::manifest::load_network;
use super::{Accelerator, Classified, Manifest, ModelError};
use crate::encoder::import_for_gpu;
use crate::nn::classifiers::Classifier;
use crate::nn::encoders::GpuInference;
use crate::nn::gpu::{Gpu, GpuError};
use crate::nn::weights::WeightsFile;

/// The encoder and the classifier of a model on a GPU. The speaker head, a small network, stays on the CPU.
pub struct GpuModel {
    encoder: Option<GpuInference>,
    network: Classifier,
    gpu: Gpu,
}

impl GpuModel {
    /// Uploads a model from the text of its `model.json` and the bytes of its [files](Manifest::files), which are requested
    /// one after the other, in their order, without that of a speaker head, and [checked](WeightsFile::checked) by `bytes_of`.
    ///
    /// # Errors
    /// The error of `bytes_of`, or [`ModelError`] when the parts do not belong together or are damaged.
    pub fn from_parts(
        manifest: &str,
        mut bytes_of: impl FnMut(&WeightsFile) -> Result<Vec<u8>, ModelError>,
        gpu: Gpu,
    ) -> Result<Self, ModelError> {
        let manifest = Manifest::parse(manifest)?;
        let network =
            load_network(manifest.architecture.init(gpu.device()), &manifest.weights, &mut bytes_of)?;
        let encoder = match manifest.front_end.encoder() {
            Some(encoder) => {
                Some(import_for_gpu(&encoder.network, encoder.tensors(&mut bytes_of)?, gpu.clone())?)
            }
            None => None,
        };
        Ok(Self { encoder, network, gpu })
    }

    /// Opens the GPU and uploads the model in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] when there is no suitable GPU, or a file is missing or damaged.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn load(folder: impl AsRef<std::path::Path>) -> Result<Self, ModelError> {
        let gpu = burn::cubecl::future::block_on(Gpu::open())?;
        let folder = folder.as_ref();
        Self::from_parts(&manifest_in(folder)?, bytes_in(folder), gpu)
    }

    /// The GPU.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }
}

impl Accelerator for GpuModel {
    async fn encode(&mut self, input: &[f32], states: &[usize]) -> Result<Vec<Vec<f32>>, GpuError> {
        let encoder = self.encoder.as_mut().ok_or_else(|| GpuError::Missing("no encoder".to_owned()))?;
        encoder.forward(input, states).await
    }

    async fn classify(&mut self, map: &[f32], rows: usize) -> Result<Classified, GpuError> {
        let shape = [1, rows, map.len() / rows];
        let map = Tensor::from_data(TensorData::new(map.to_vec(), shape), self.gpu.device());
        let embedding = self.network.embed(map);
        let logits = self.network.classify(embedding.clone());
        let [embedding, logits] = [self.read(embedding).await?, self.read(logits).await?];
        Ok(Classified { embedding, logits })
    }
}

impl GpuModel {
    async fn read(&self, tensor: Tensor<2>) -> Result<Vec<f32>, GpuError> {
        let data = tensor.into_data_async().await;
        self.gpu.check()?;
        let failed = |error: &dyn std::fmt::Display| GpuError::Failed(error.to_string());
        data.map_err(|error| failed(&error))?.try_to_vec().map_err(|error| failed(&error))
    }
}
