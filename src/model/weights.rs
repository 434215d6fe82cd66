//! Weights on disk: safetensors, matrices in few bits and all else in f32.
//!
//! A quantised tensor `x` is stored as `x` (packed integers, U8) and `x.scale` (F32, one a channel); its shape, axis
//! and bits stand under its name in one JSON object, the entry `quantised` of the file's metadata. One entry, since
//! several would come in another order each time, and the same weights would not make the same file.

#[cfg(not(target_arch = "wasm32"))]
use std::collections::HashMap;
use std::collections::{BTreeMap, BTreeSet};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::ModelError;
use crate::nn::parameters::{Parameter, Parameters};
use crate::nn::quant::Quantised;

const SCALE_SUFFIX: &str = ".scale";
const QUANTISED: &str = "quantised";

/// Values from which a dense matrix takes seven bits a weight instead of eight: it makes most of the file, and loses
/// nothing that can be measured (see the model's card).
#[cfg(not(target_arch = "wasm32"))]
const LARGE_MATRIX: usize = 1_000_000;

#[derive(Serialize, Deserialize)]
struct PackedAs {
    shape: Vec<usize>,
    axis: usize,
    bits: u8,
}

/// Reads parameters from the bytes of a weights file.
pub fn read(bytes: &[u8]) -> Result<Parameters, ModelError> {
    let unreadable = |error: &dyn std::fmt::Display| ModelError::Weights(error.to_string());
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| unreadable(&e))?;
    let metadata = header.metadata().as_ref().and_then(|metadata| metadata.get(QUANTISED));
    let mut packed_as: BTreeMap<String, PackedAs> = match metadata {
        Some(text) => serde_json::from_str(text).map_err(|e| unreadable(&e))?,
        None => BTreeMap::new(),
    };
    let scales: BTreeSet<String> = packed_as.keys().map(|name| format!("{name}{SCALE_SUFFIX}")).collect();
    let file = SafeTensors::deserialize(bytes).map_err(|e| unreadable(&e))?;
    let mut parameters = Parameters::new();
    for (name, view) in file.iter() {
        let parameter = if let Some(PackedAs { shape, axis, bits }) = packed_as.remove(name) {
            let scale = file.tensor(&format!("{name}{SCALE_SUFFIX}")).map_err(|e| unreadable(&e))?;
            let packed = view.data().to_vec();
            let quantised = Quantised { shape, axis, bits, scales: floats(&scale)?, packed };
            quantised.check().map_err(|e| unreadable(&e))?;
            Parameter { values: quantised.dequantise(), shape: quantised.shape }
        } else if scales.contains(name) {
            continue;
        } else {
            Parameter { shape: view.shape().to_vec(), values: floats(&view)? }
        };
        parameters.insert(name.to_owned(), parameter);
    }
    Ok(parameters)
}

/// Writes parameters, quantising matrices and convolution kernels.
#[cfg(not(target_arch = "wasm32"))]
pub fn write(parameters: &Parameters) -> Vec<u8> {
    let mut packed_as = BTreeMap::new();
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    let as_bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    for (name, Parameter { shape, values }) in parameters {
        // burn keeps dense weights as [inputs, outputs] and convolutions as [outputs, inputs, ...].
        let axis = match shape.len() {
            0 | 1 => {
                tensors.push((name.clone(), Dtype::F32, shape.clone(), as_bytes(values)));
                continue;
            }
            2 => 1,
            _ => 0,
        };
        let bits = if values.len() >= LARGE_MATRIX { 7 } else { 8 };
        let quantised = Quantised::quantise(values, shape, axis, bits);
        packed_as.insert(name.clone(), PackedAs { shape: shape.clone(), axis, bits });
        let scales = as_bytes(&quantised.scales);
        tensors.push((name.clone(), Dtype::U8, vec![quantised.packed.len()], quantised.packed));
        let scale_name = format!("{name}{SCALE_SUFFIX}");
        tensors.push((scale_name, Dtype::F32, vec![quantised.scales.len()], scales));
    }
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        let view = TensorView::new(*dtype, shape.clone(), data).expect("sized by its own values");
        (name.as_str(), view)
    });
    let packed_as = serde_json::to_string(&packed_as).expect("plain data");
    let metadata = HashMap::from([(QUANTISED.to_owned(), packed_as)]);
    safetensors::serialize(views, Some(metadata)).expect("distinct names and plain metadata")
}

fn floats(view: &TensorView<'_>) -> Result<Vec<f32>, ModelError> {
    if view.dtype() != Dtype::F32 {
        return Err(ModelError::Weights(format!("unexpected number format {:?}", view.dtype())));
    }
    let (chunks, _) = view.data().as_chunks::<4>();
    Ok(chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        let ramp = |n: usize| (0..n).map(|i| (i as f32 * 0.31).sin()).collect::<Vec<_>>();
        Parameters::from([
            ("conv.weight".into(), Parameter { shape: vec![4, 2, 3, 3], values: ramp(72) }),
            ("dense.weight".into(), Parameter { shape: vec![6, 5], values: ramp(30) }),
            ("dense.bias".into(), Parameter { shape: vec![5], values: ramp(5) }),
        ])
    }

    #[test]
    fn what_is_written_is_read_within_half_a_step() {
        let written = parameters();
        let read = read(&write(&written)).expect("readable");
        assert_eq!(read["dense.bias"], written["dense.bias"]);
        for (name, parameter) in &written {
            assert_eq!(read[name].shape, parameter.shape);
            let worst = parameter.values.iter().zip(&read[name].values);
            let worst = worst.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst <= 0.5 / 127.0 + 1e-6, "{name} is off by {worst}");
        }
    }

    #[test]
    fn the_same_weights_make_the_same_file() {
        assert_eq!(write(&parameters()), write(&parameters()));
    }

    #[test]
    fn damaged_files_are_refused() {
        let good = write(&parameters());
        for cut in [0, 4, 8, 60, good.len() - 1] {
            assert!(matches!(read(&good[..cut]), Err(ModelError::Weights(_))), "cut at {cut}");
        }
    }
}
