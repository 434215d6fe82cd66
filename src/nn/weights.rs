//! Weights on disk: safetensors, with optional quantization.
//!
//! A quantized tensor `x` is stored as `x` (packed integers, U8) and `x.scale` (F32, one per channel); its shape, axis
//! and bits are under its name in one JSON object, the entry `quantised` of the file's metadata. It is one entry, since
//! the order of several would vary, and the same weights would not give the same file.

use std::collections::{BTreeMap, HashMap};

use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::parameters::{Parameter, Parameters};
use super::quant::Quantized;

const SCALE_SUFFIX: &str = ".scale";
const QUANTIZED: &str = "quantised";

/// Why weights cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("weights are damaged or belong to another version ({0})")]
pub struct WeightsError(String);

/// A file of weights with its checksum.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WeightsFile {
    /// Name, in the folder of the description.
    pub file: String,
    /// Size in bytes.
    pub bytes: usize,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl WeightsFile {
    /// Describes `contents` under the name `file`.
    pub fn describe(file: &str, contents: &[u8]) -> Self {
        let digest = Sha256::digest(contents);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: file.to_owned(), bytes: contents.len(), sha256 }
    }

    /// Returns `contents` if they match the description.
    ///
    /// # Errors
    /// [`WeightsError`] if size or hash differ.
    pub fn checked(&self, contents: Vec<u8>) -> Result<Vec<u8>, WeightsError> {
        let found = Self::describe(&self.file, &contents);
        if found.bytes != self.bytes {
            return Err(WeightsError(format!("{} bytes instead of {}", found.bytes, self.bytes)));
        }
        if found.sha256 != self.sha256 {
            return Err(WeightsError("another checksum".to_owned()));
        }
        Ok(contents)
    }
}

/// Storage format of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// 32-bit floats.
    Exact,
    /// IEEE half-precision floats, with a mantissa of 10 bits.
    Half,
    /// Quantized, with a scale for each channel along `axis`.
    Packed {
        /// The dimension of the output channels.
        axis: usize,
        /// Bits per value.
        bits: u8,
    },
}

#[derive(Serialize, Deserialize)]
struct PackedAs {
    shape: Vec<usize>,
    axis: usize,
    bits: u8,
}

/// A tensor in its storage format.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// Floats.
    Floats(Parameter),
    /// Quantized.
    Packed(Quantized),
}

impl Stored {
    /// Dimensions, outermost first.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Floats(parameter) => &parameter.shape,
            Self::Packed(quantized) => &quantized.shape,
        }
    }

    /// Dequantizes the tensor if it is quantized.
    pub fn into_parameter(self) -> Parameter {
        match self {
            Self::Floats(parameter) => parameter,
            Self::Packed(quantized) => Parameter { values: quantized.dequantize(), shape: quantized.shape },
        }
    }
}

/// Tensors in their storage formats, by name.
pub type StoredParameters = BTreeMap<String, Stored>;

/// Dequantizes all tensors.
pub fn in_floats(stored: StoredParameters) -> Parameters {
    stored.into_iter().map(|(name, tensor)| (name, tensor.into_parameter())).collect()
}

/// Wraps parameters as tensors stored in floats.
pub fn as_stored(parameters: Parameters) -> StoredParameters {
    parameters.into_iter().map(|(name, parameter)| (name, Stored::Floats(parameter))).collect()
}

/// The bytes of a tensor in a file.
struct Piece {
    format: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

type Pieces = BTreeMap<String, Piece>;

/// Shape, axis and bits of the packed tensors of a file.
type Packing = BTreeMap<String, PackedAs>;

/// Reads tensors from the bytes of a weights file and frees its memory along the way, so that the peak is little more than
/// the tensors themselves.
///
/// # Errors
/// [`WeightsError`] if they are not safetensors, or contain other types than floats and packed integers.
pub fn read(bytes: Vec<u8>) -> Result<StoredParameters, WeightsError> {
    let (mut pieces, packed_as) = into_pieces(bytes)?;
    let mut stored = StoredParameters::new();
    for (name, PackedAs { shape, axis, bits }) in packed_as {
        let part = |name: &str| WeightsError(format!("{name} is missing"));
        let scale_name = format!("{name}{SCALE_SUFFIX}");
        let scale = pieces.remove(&scale_name).ok_or_else(|| part(&scale_name))?;
        let packed = pieces.remove(&name).ok_or_else(|| part(&name))?.bytes;
        let quantized = Quantized { shape, axis, bits, scales: floats(scale.format, &scale.bytes)?, packed };
        quantized.check().map_err(|error| WeightsError(error.to_string()))?;
        stored.insert(name, Stored::Packed(quantized));
    }
    for (name, Piece { format, shape, bytes }) in pieces {
        let values = floats(format, &bytes)?;
        stored.insert(name, Stored::Floats(Parameter { shape, values }));
    }
    Ok(stored)
}

/// Splits a file into the bytes of its tensors, from the end, so that the memory of each is freed at once.
fn into_pieces(mut bytes: Vec<u8>) -> Result<(Pieces, Packing), WeightsError> {
    let unreadable = |error: &dyn std::fmt::Display| WeightsError(error.to_string());
    SafeTensors::deserialize(&bytes).map_err(|error| unreadable(&error))?;
    let (header_bytes, header) = SafeTensors::read_metadata(&bytes).map_err(|error| unreadable(&error))?;
    let packed_as = match header.metadata().as_ref().and_then(|metadata| metadata.get(QUANTIZED)) {
        Some(text) => serde_json::from_str(text).map_err(|error| unreadable(&error))?,
        None => BTreeMap::new(),
    };
    // The header is preceded by its length, in eight bytes.
    let data = 8 + header_bytes;
    let mut tensors: Vec<_> = header.tensors().into_iter().collect();
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    let mut pieces = BTreeMap::new();
    for (name, info) in tensors.into_iter().rev() {
        let piece = bytes.split_off(data + info.data_offsets.0);
        bytes.shrink_to_fit();
        pieces.insert(name, Piece { format: info.dtype, shape: info.shape.clone(), bytes: piece });
    }
    Ok((pieces, packed_as))
}

/// Writes parameters, each in the format that `storage` returns for it.
pub fn write(parameters: &Parameters, storage: impl Fn(&Parameter) -> Storage) -> Vec<u8> {
    let mut packed_as = BTreeMap::new();
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    let as_bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    for (name, parameter) in parameters {
        let Parameter { shape, values } = parameter;
        match storage(parameter) {
            Storage::Exact => tensors.push((name.clone(), Dtype::F32, shape.clone(), as_bytes(values))),
            Storage::Half => {
                let halves = values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
                tensors.push((name.clone(), Dtype::F16, shape.clone(), halves));
            }
            Storage::Packed { axis, bits } => {
                let quantized = Quantized::quantize(values, shape, axis, bits);
                packed_as.insert(name.clone(), PackedAs { shape: shape.clone(), axis, bits });
                let scales = as_bytes(&quantized.scales);
                tensors.push((name.clone(), Dtype::U8, vec![quantized.packed.len()], quantized.packed));
                let scale_name = format!("{name}{SCALE_SUFFIX}");
                tensors.push((scale_name, Dtype::F32, vec![quantized.scales.len()], scales));
            }
        }
    }
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        let view = TensorView::new(*dtype, shape.clone(), data).expect("sized by its own values");
        (name.as_str(), view)
    });
    let packed_as = serde_json::to_string(&packed_as).expect("plain data");
    let metadata = HashMap::from([(QUANTIZED.to_owned(), packed_as)]);
    safetensors::serialize(views, Some(metadata)).expect("distinct names and plain metadata")
}

/// Checks that every weight is within the range of half-precision floats, which some are stored in.
///
/// # Errors
/// [`WeightsError`] with the name of the tensor that is not.
pub(crate) fn check_halves(tensors: &StoredParameters) -> Result<(), WeightsError> {
    let most = f16::MAX.to_f32();
    let is_larger = |tensor: &Stored| match tensor {
        Stored::Floats(parameter) => parameter.values.iter().any(|value| value.abs() > most),
        // 127 is the largest integer of eight bits.
        Stored::Packed(packed) => packed.scales.iter().any(|scale| scale.abs() * 127.0 > most),
    };
    match tensors.iter().find(|(_, tensor)| is_larger(tensor)) {
        Some((name, _)) => Err(WeightsError(format!("a weight of {name} is too large"))),
        None => Ok(()),
    }
}

/// Converts the bytes of 32-bit or 16-bit floats.
pub(crate) fn floats(format: Dtype, data: &[u8]) -> Result<Vec<f32>, WeightsError> {
    let halves = || data.as_chunks::<2>().0.iter();
    let values: Vec<f32> = match format {
        Dtype::F32 => data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Dtype::F16 => halves().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
        Dtype::BF16 => halves().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect(),
        other => return Err(WeightsError(format!("unexpected number format {other:?}"))),
    };
    // A single value that is not finite makes every output of a network NaN.
    if values.iter().all(|value| value.is_finite()) {
        Ok(values)
    } else {
        Err(WeightsError("a weight is no number".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(parameter: &Parameter) -> Storage {
        match parameter.shape.len() {
            1 => Storage::Exact,
            2 => Storage::Half,
            _ => Storage::Packed { axis: 0, bits: 8 },
        }
    }

    fn parameters() -> Parameters {
        let ramp = |n: usize| (0..n).map(|i| (i as f32 * 0.31).sin()).collect::<Vec<_>>();
        Parameters::from([
            ("conv.weight".into(), Parameter { shape: vec![4, 2, 3, 3], values: ramp(72) }),
            ("dense.weight".into(), Parameter { shape: vec![6, 5], values: ramp(30) }),
            ("dense.bias".into(), Parameter { shape: vec![5], values: ramp(5) }),
        ])
    }

    #[test]
    fn written_weights_are_read_within_half_a_quantization_step() {
        let written = parameters();
        let read = in_floats(read(write(&written, storage)).expect("readable"));
        assert_eq!(read["dense.bias"], written["dense.bias"]);
        for (name, parameter) in &written {
            assert_eq!(read[name].shape, parameter.shape);
            let worst = parameter.values.iter().zip(&read[name].values);
            let worst = worst.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst <= 0.5 / 127.0 + 1e-6, "{name} is off by {worst}");
        }
    }

    #[test]
    fn weights_that_are_not_finite_are_rejected() {
        let broken = Parameter { shape: vec![2], values: vec![1.0, f32::NAN] };
        let error = read(write(&Parameters::from([("bias".into(), broken)]), storage)).unwrap_err();
        assert!(error.to_string().contains("a weight is no number"), "{error}");
    }

    #[test]
    fn weights_beyond_the_range_of_half_precision_are_named() {
        let of = |value| {
            as_stored(Parameters::from([(
                "dense.weight".into(),
                Parameter { shape: vec![1], values: vec![value] },
            )]))
        };
        assert!(check_halves(&of(65_504.0)).is_ok());
        let error = check_halves(&of(-1e30)).unwrap_err();
        assert!(error.to_string().contains("dense.weight"), "{error}");
    }

    #[test]
    fn the_same_weights_make_the_same_file() {
        assert_eq!(write(&parameters(), storage), write(&parameters(), storage));
    }

    #[test]
    fn damaged_files_are_rejected() {
        let good = write(&parameters(), storage);
        for cut in [0, 4, 8, 60, good.len() - 1] {
            assert!(read(good[..cut].to_vec()).is_err(), "cut at {cut}");
        }
    }
}
