//! Comparison with reference values.

use safetensors::SafeTensors;

/// Returns a tensor of a reference file.
#[allow(dead_code)] // Not every test reads one.
pub fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let view = file.tensor(name).expect("the reference file has this tensor");
    view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// The largest absolute difference of two corresponding values; not a number if one of them is, which `f32::max` would pass over.
#[allow(dead_code)] // Not every test compares.
pub fn largest_difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, |largest, difference| {
        if difference > largest || difference.is_nan() { difference } else { largest }
    })
}
