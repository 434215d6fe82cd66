//! Reading reference values.

use safetensors::SafeTensors;

/// A tensor of a reference file.
pub fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let view = file.tensor(name).expect("the reference file has this tensor");
    view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}
