//! Encoders in folders, in the format of Hugging Face and in ours.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use burn::tensor::Device;

use super::{Description, EncoderError, Precision, Source, SpeechEncoder, pack, read_weights, weights_among};
use crate::files::write_atomically;
use crate::nn::weights::StoredParameters;

impl Source {
    /// Reads an encoder from a folder in the format of Hugging Face or as written by `sottovoce encoder import`, or from a file
    /// of weights in such a folder.
    ///
    /// # Errors
    /// [`EncoderError`] if a file is missing or damaged, or describes an unsupported network.
    pub fn open(path: &Path) -> Result<Self, EncoderError> {
        let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
        if !path.is_file() && folder.join(Description::FILE).is_file() {
            let description = Description::read(folder)?;
            return Ok(Self { tensors: description.read_tensors(folder)?, description });
        }
        let name_of = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = if path.is_file() {
            vec![name_of(path)]
        } else {
            let entries = folder.read_dir().map_err(failed(folder))?.flatten();
            let names: Vec<String> = entries.map(|entry| name_of(&entry.path())).collect();
            weights_among(&folder.to_string_lossy(), &names)?
        };
        let mut tensors = StoredParameters::new();
        for file in files {
            let path = folder.join(&file);
            tensors.extend(read_weights(&path.to_string_lossy(), fs::read(&path).map_err(failed(&path))?)?);
        }
        let config = read_text(&folder.join("config.json"))?;
        let preprocessor = folder.join("preprocessor_config.json");
        let preprocessor = preprocessor.is_file().then(|| read_text(&preprocessor)).transpose()?;
        Self::from_published(&name_of(folder), &config, preprocessor.as_deref(), tensors)
    }
}

impl Description {
    /// Reads the description of an encoder written by `sottovoce encoder import` into `folder`.
    ///
    /// # Errors
    /// [`EncoderError`] if it is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, EncoderError> {
        Self::parse(&read_text(&folder.join(Self::FILE))?)
    }

    /// Reads the tensors from the shards in `folder`.
    ///
    /// # Errors
    /// [`EncoderError`] if a shard is missing or damaged.
    pub fn read_tensors(&self, folder: &Path) -> Result<StoredParameters, EncoderError> {
        self.tensors(|shard| {
            let path = folder.join(&shard.file);
            Ok(shard.checked(fs::read(&path).map_err(failed(&path))?)?)
        })
    }
}

impl SpeechEncoder {
    /// Loads an encoder; see [`Source::open`].
    ///
    /// # Errors
    /// [`EncoderError`] if a file is missing or damaged, or does not match the description.
    pub fn load(path: &Path, device: &Device) -> Result<Self, EncoderError> {
        let Source { description, tensors } = Source::open(path)?;
        Self::new(&description, tensors, device)
    }
}

/// Writes an encoder into `folder`: its description, and its tensors in shards.
///
/// The description is written last, so that a crash leaves the previous encoder or a folder without one.
///
/// # Errors
/// [`EncoderError::File`] if a file cannot be written.
pub fn save(source: Source, precision: Precision, folder: &Path) -> Result<Description, EncoderError> {
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let description = pack(source, precision, |name, bytes| {
        let path = folder.join(name);
        write_atomically(&path, &bytes).map_err(failed(&path))
    })?;
    let text = serde_json::to_string_pretty(&description).expect("plain data");
    let path = folder.join(Description::FILE);
    write_atomically(&path, format!("{text}\n").as_bytes()).map_err(failed(&path))?;
    remove_others(folder, &description);
    Ok(description)
}

/// Removes the shards of the previous encoder.
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

fn read_text(path: &Path) -> Result<String, EncoderError> {
    fs::read_to_string(path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> EncoderError {
    let path = path.display().to_string();
    move |error| EncoderError::File { path, detail: error.to_string() }
}
