//! Models on disk.

use std::fs;
use std::path::Path;

use super::{Manifest, Model, ModelError};
#[cfg(feature = "train")]
use crate::nn::classifiers::Classifier;
use crate::nn::classifiers::{SpeakerNetwork, SpeakerNetworkConfig};
use crate::nn::parameters::{self, Parameter};
use crate::nn::weights::{self, Storage, WeightsFile, in_floats};
use burn::tensor::Device;

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> ModelError {
    let path = path.display().to_string();
    move |source| ModelError::File { path, source }
}

impl Model {
    /// Loads the model in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] when a file is missing or damaged.
    pub fn load(folder: impl AsRef<Path>, device: &Device) -> Result<Self, ModelError> {
        let folder = folder.as_ref();
        Self::from_parts(&manifest_in(folder)?, bytes_in(folder), device)
    }
}

/// The text of the `model.json` in a folder.
pub(super) fn manifest_in(folder: &Path) -> Result<String, ModelError> {
    let path = folder.join("model.json");
    fs::read_to_string(&path).map_err(file_error(&path))
}

/// Reads and checks files in a folder.
pub(super) fn bytes_in(folder: &Path) -> impl FnMut(&WeightsFile) -> Result<Vec<u8>, ModelError> {
    move |file| {
        let path = folder.join(&file.file);
        Ok(file.checked(fs::read(&path).map_err(file_error(&path))?)?)
    }
}

/// Writes `network` as quantized weights and `manifest`, whose weights entry is filled in, into `folder`, with a
/// copy of the encoder's files from the folder `encoder`, if the model needs one.
///
/// Each file is written whole under another name and then renamed, so that a crash leaves the old model or the
/// new one.
#[cfg(feature = "train")]
pub(crate) fn save(
    mut manifest: Manifest,
    network: &Classifier,
    encoder: Option<&Path>,
    folder: &Path,
) -> Result<Manifest, ModelError> {
    let bytes = weights::write(&parameters::collect(network), storage);
    manifest.weights = WeightsFile::describe("model.safetensors", &bytes);
    fs::create_dir_all(folder).map_err(file_error(folder))?;
    write_whole(&folder.join(&manifest.weights.file), &bytes)?;
    if let Some(encoder) = encoder {
        for shard in manifest.front_end.encoder().map_or(&[][..], |encoder| &encoder.shards) {
            let path = encoder.join(&shard.file);
            let bytes = fs::read(&path).map_err(file_error(&path))?;
            write_whole(&folder.join(&shard.file), &bytes)?;
        }
    }
    write_whole(&folder.join("model.json"), manifest.to_json().as_bytes())?;
    Ok(manifest)
}

/// The network as it would be loaded from its file: with quantized weights.
#[cfg(feature = "train")]
pub(crate) fn as_saved(
    network: &Classifier,
    manifest: &Manifest,
    device: &Device,
) -> Result<Classifier, ModelError> {
    let parameters = in_floats(weights::read(weights::write(&parameters::collect(network), storage))?);
    Ok(parameters::apply(manifest.architecture.init(device), parameters)?)
}

/// A speaker network with quantized weights, and the bytes of its file.
#[derive(Debug, Clone)]
pub struct QuantizedSpeakerNetwork {
    /// The network.
    pub network: SpeakerNetwork,
    /// The file.
    pub bytes: Vec<u8>,
}

impl QuantizedSpeakerNetwork {
    /// Quantizes the weights of a network.
    ///
    /// # Errors
    /// [`ModelError`] when they are not finite, or not of these sizes.
    pub fn new(network: &SpeakerNetwork, architecture: &SpeakerNetworkConfig) -> Result<Self, ModelError> {
        let bytes = weights::write(&parameters::collect(network), storage);
        let quantized = in_floats(weights::read(bytes.clone())?);
        Ok(Self { network: parameters::apply(architecture.init(&Device::flex()), quantized)?, bytes })
    }

    /// The description of its file in a `model.json`.
    pub fn file(&self) -> WeightsFile {
        // A name of its own, so that the previous file stays in place until model.json names this one.
        let name = &WeightsFile::describe("", &self.bytes).sha256[..8];
        WeightsFile::describe(&format!("speaker-{name}.safetensors"), &self.bytes)
    }
}

/// Writes the weights of a speaker head that `manifest` describes into `folder`, then the manifest, and deletes the
/// previous head's file.
///
/// # Errors
/// [`ModelError`] when a file cannot be written.
pub fn save_speaker_head(
    manifest: &Manifest,
    network: &QuantizedSpeakerNetwork,
    folder: &Path,
) -> Result<(), ModelError> {
    let file = network.file().file;
    write_whole(&folder.join(&file), &network.bytes)?;
    write_whole(&folder.join("model.json"), manifest.to_json().as_bytes())?;
    let is_older =
        |name: &str| name.starts_with("speaker-") && name.ends_with(".safetensors") && name != file;
    for entry in fs::read_dir(folder).map_err(file_error(folder))?.flatten() {
        if entry.file_name().to_str().is_some_and(is_older) {
            fs::remove_file(entry.path()).map_err(file_error(&entry.path()))?;
        }
    }
    Ok(())
}

/// Number of values from which a dense matrix takes seven bits per weight instead of eight: it makes up most of the
/// file, and the loss is not measurable (see the model's card).
const LARGE_MATRIX: usize = 1_000_000;

/// Matrices and kernels are quantized; everything else is small.
fn storage(parameter: &Parameter) -> Storage {
    let bits = if parameter.values.len() >= LARGE_MATRIX { 7 } else { 8 };
    match parameter.shape.len() {
        0 | 1 => Storage::Exact,
        // burn keeps dense weights as [inputs, outputs] and convolutions as [outputs, inputs, ...].
        2 => Storage::Packed { axis: 1, bits },
        _ => Storage::Packed { axis: 0, bits },
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    crate::files::write_atomically(path, bytes).map_err(file_error(path))
}
