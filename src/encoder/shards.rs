//! An encoder's tensors in shards that a page can fetch one by one.

use super::{Description, Source};
use crate::nn::parameters::{Parameter, Parameters};
use crate::nn::weights::{self, Storage, WeightsFile, in_floats};

/// Maximum size of a shard in bytes. A larger tensor has its own shard.
const SHARD_BYTES: usize = 16_000_000;

/// The precision of an encoder's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Matrices and kernels in eight bits with a scale per output channel, everything else in 32-bit floats.
    Int8,
    /// 16-bit floats.
    F16,
    /// 32-bit floats.
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

/// Serializes an encoder into shards: calls `write` with the name and bytes of each; returns the description that lists them.
///
/// # Errors
/// Those of `write`.
pub fn pack<E>(
    source: Source,
    precision: Precision,
    mut write: impl FnMut(&str, Vec<u8>) -> Result<(), E>,
) -> Result<Description, E> {
    let Source { mut description, tensors } = source;
    description.shards.clear();
    for (number, shard) in (1..).zip(divided(in_floats(tensors), precision)) {
        let bytes = weights::write(&shard, |parameter| precision.storage(parameter));
        // The name depends on the contents, so that a previous description keeps its shards until it is replaced.
        let mut file = WeightsFile::describe("", &bytes);
        file.file = format!("weights-{number:03}-{}.safetensors", &file.sha256[..8]);
        write(&file.file, bytes)?;
        description.shards.push(file);
    }
    Ok(description)
}

/// Divides tensors, ordered by name, into shards of at most [`SHARD_BYTES`].
fn divided(tensors: Parameters, precision: Precision) -> Vec<Parameters> {
    let mut shards = vec![Parameters::new()];
    let mut filled = 0;
    for (name, parameter) in tensors {
        // The header of the file contains its name, shape and offsets.
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
