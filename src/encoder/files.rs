//! Encoders in folders: those that Hugging Face publishes, and ours.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use pytorch_reader::{DType, PytorchReader};
use safetensors::tensor::Dtype;

use super::hugging_face::{check, input_of, of_encoder, read_config, whisper_of};
use super::{Description, EncoderError, SpeechEncoder};
use crate::files::write_atomically;
use crate::nn::parameters::{Parameter, Parameters};
use crate::nn::weights::{self, Storage, WeightsFile};

/// Most bytes of a shard. A single tensor that takes more has a shard to itself.
const SHARD_BYTES: usize = 16_000_000;

/// How an encoder's numbers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Matrices and kernels in eight bits with a scale for each output channel, all else in 32.
    Int8,
    /// Everything in 16 bits.
    F16,
    /// Everything in 32 bits.
    F32,
}

impl Precision {
    fn storage(self, parameter: &Parameter) -> Storage {
        match self {
            Self::Int8 if parameter.shape.len() > 1 => Storage::Packed { axis: 0, bits: 8 },
            Self::Int8 | Self::F32 => Storage::Exact,
            Self::F16 => Storage::Half,
        }
    }

    fn bytes(self, parameter: &Parameter) -> usize {
        match self.storage(parameter) {
            Storage::Exact => 4 * parameter.values.len(),
            Storage::Half => 2 * parameter.values.len(),
            Storage::Packed { axis, .. } => parameter.values.len() + 4 * parameter.shape[axis],
        }
    }
}

/// What an encoder is made of.
pub struct Source {
    /// What it is; without shards where it is not ours.
    pub description: Description,
    /// Its tensors, named as transformers names them.
    pub tensors: Parameters,
}

impl Source {
    /// Reads an encoder from a folder as Hugging Face publishes it or `sottovoce encoder import` writes it, or from a
    /// file of weights in such a folder.
    ///
    /// # Errors
    /// [`EncoderError`] when a file is missing, damaged or describes what is not here.
    pub fn open(path: &Path) -> Result<Self, EncoderError> {
        let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
        if !path.is_file() && folder.join(Description::FILE).is_file() {
            let description = Description::read(folder)?;
            return Ok(Self { tensors: description.read_tensors(folder)?, description });
        }
        let files = if path.is_file() { vec![path.to_owned()] } else { published_weights(folder)? };
        let mut tensors = Parameters::new();
        for file in files {
            tensors.extend(read_weights(&file)?);
        }
        let config = read_text(&folder.join("config.json"))?;
        // Some programs that convert Whisper write another config.json; its sizes follow from its tensors.
        let network = read_config(&config).or_else(|error| whisper_of(&tensors).ok_or(error))?;
        let preprocessor = folder.join("preprocessor_config.json");
        let preprocessor = preprocessor.is_file().then(|| read_text(&preprocessor)).transpose()?;
        let input = input_of(&network, preprocessor.as_deref())?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { description: Description { name, input, network, shards: Vec::new() }, tensors })
    }

    /// Keeps what belongs to the encoder alone, and checks that it is all there.
    ///
    /// # Errors
    /// [`EncoderError::Mismatch`] with every tensor that is missing, unexpected or of another shape.
    pub fn checked(self) -> Result<Self, EncoderError> {
        let Self { description, tensors } = self;
        let tensors = of_encoder(&description.network, tensors);
        check(&description.network, &tensors)?;
        Ok(Self { description, tensors })
    }
}

impl Description {
    /// Reads the description of an encoder that `sottovoce encoder import` wrote into `folder`.
    ///
    /// # Errors
    /// [`EncoderError`] when there is none, or it is damaged.
    pub fn read(folder: &Path) -> Result<Self, EncoderError> {
        Self::parse(&read_text(&folder.join(Self::FILE))?)
    }

    /// Reads its tensors from its shards in `folder`.
    ///
    /// # Errors
    /// [`EncoderError`] when a shard is missing or damaged.
    pub fn read_tensors(&self, folder: &Path) -> Result<Parameters, EncoderError> {
        self.tensors(|shard| {
            let path = folder.join(&shard.file);
            fs::read(&path).map_err(failed(&path))
        })
    }
}

impl SpeechEncoder {
    /// Loads an encoder; see [`Source::open`].
    ///
    /// # Errors
    /// [`EncoderError`] when a file is missing, damaged or does not fit.
    pub fn load(path: &Path, device: &Device) -> Result<Self, EncoderError> {
        let Source { description, tensors } = Source::open(path)?;
        Self::new(&description, tensors, device)
    }
}

/// Writes an encoder into `folder`: its description, and its tensors in shards.
///
/// The description is written last, so that a crash leaves the old encoder or a folder without one.
///
/// # Errors
/// [`EncoderError::File`] when a file cannot be written.
pub fn save(source: Source, precision: Precision, folder: &Path) -> Result<Description, EncoderError> {
    let Source { mut description, tensors } = source;
    fs::create_dir_all(folder).map_err(failed(folder))?;
    description.shards.clear();
    for (number, shard) in (1..).zip(shards(tensors, precision)) {
        let bytes = weights::write(&shard, |parameter| precision.storage(parameter));
        // A new name for new contents: the old description keeps its own shards until it is replaced.
        let mut file = WeightsFile::describe("", &bytes);
        file.file = format!("weights-{number:03}-{}.safetensors", &file.sha256[..8]);
        let path = folder.join(&file.file);
        write_atomically(&path, &bytes).map_err(failed(&path))?;
        description.shards.push(file);
    }
    let text = serde_json::to_string_pretty(&description).expect("plain data");
    let path = folder.join(Description::FILE);
    write_atomically(&path, format!("{text}\n").as_bytes()).map_err(failed(&path))?;
    remove_others(folder, &description);
    Ok(description)
}

/// Divides tensors, in the order of their names, so that each part takes at most [`SHARD_BYTES`].
fn shards(tensors: Parameters, precision: Precision) -> Vec<Parameters> {
    let mut shards = vec![Parameters::new()];
    let mut filled = 0;
    for (name, parameter) in tensors {
        // Its name, shape and place stand in the file's header.
        let bytes = precision.bytes(&parameter) + 4 * name.len() + 256;
        if filled > 0 && filled + bytes > SHARD_BYTES {
            shards.push(Parameters::new());
            filled = 0;
        }
        filled += bytes;
        shards.last_mut().expect("there is one").insert(name, parameter);
    }
    shards
}

/// Removes the shards of an encoder that was here before.
fn remove_others(folder: &Path, description: &Description) {
    let kept: BTreeSet<&str> = description.shards.iter().map(|shard| shard.file.as_str()).collect();
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_shard = name.starts_with("weights-") && name.ends_with(".safetensors");
        if is_shard && !kept.contains(name.as_str()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The files of weights in a folder: safetensors, or else what older programs write.
fn published_weights(folder: &Path) -> Result<Vec<PathBuf>, EncoderError> {
    let entries = folder.read_dir().map_err(failed(folder))?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors")).collect();
    files.sort();
    let older = folder.join("pytorch_model.bin");
    match (files.is_empty(), older.is_file()) {
        (false, _) => Ok(files),
        (true, true) => Ok(vec![older]),
        (true, false) => Err(EncoderError::File {
            path: folder.display().to_string(),
            detail:
                "there is neither model.safetensors nor pytorch_model.bin here; give the folder of an encoder"
                    .to_owned(),
        }),
    }
}

fn read_weights(path: &Path) -> Result<Parameters, EncoderError> {
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        let bytes = fs::read(path).map_err(failed(path))?;
        return Ok(weights::read(&bytes)?);
    }
    let unreadable = |detail: String| EncoderError::File { path: path.display().to_string(), detail };
    let reader = PytorchReader::new(path).map_err(|error| unreadable(error.to_string()))?;
    let mut tensors = Parameters::new();
    for (name, tensor) in reader.into_tensors() {
        let format = match tensor.dtype() {
            DType::F32 => Dtype::F32,
            DType::F16 => Dtype::F16,
            DType::BF16 => Dtype::BF16,
            other => {
                return Err(unreadable(format!("{name} holds numbers of an unexpected kind, {other:?}")));
            }
        };
        let bytes = tensor.read().map_err(|error| unreadable(error.to_string()))?;
        let values = weights::floats(format, &bytes)?;
        tensors.insert(name, Parameter { shape: tensor.shape().to_vec(), values });
    }
    Ok(tensors)
}

fn read_text(path: &Path) -> Result<String, EncoderError> {
    fs::read_to_string(path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> EncoderError {
    let path = path.display().to_string();
    move |error| EncoderError::File { path, detail: error.to_string() }
}
