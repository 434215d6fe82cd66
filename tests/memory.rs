//! Peak memory of loading a model, measured by a counting allocator.

#![cfg(not(target_arch = "wasm32"))]

#[path = "common/counting.rs"]
mod counting;

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use counting::counted;
use sottovoce::model::Model;

#[test]
fn loading_takes_little_more_memory_than_the_weights() {
    let folder = Path::new("models/shipped/voice");
    let text = fs::read_to_string(folder.join("model.json")).expect("there");
    let bytes_of =
        |file: &sottovoce::nn::weights::WeightsFile| Ok(fs::read(folder.join(&file.file)).expect("there"));
    let (model, held, peak) = counted(|| Model::from_parts(&text, bytes_of, &Device::flex()).expect("loads"));
    assert!((15_000_000..18_000_000).contains(&held), "{held} bytes for 8.6 million weights");
    let ratio = peak as f64 / held as f64;
    assert!(ratio <= 1.3, "loading takes {peak} bytes, {ratio:.2} times the {held} that stay");
    drop(model);
}
