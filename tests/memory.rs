//! How much memory loading a model takes at most, by an allocator that counts.

#![cfg(not(target_arch = "wasm32"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use sottovoce::model::Model;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: everything is handed to the system's allocator as it comes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    /// The system's own, which shrinks in place.
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let held = HELD.fetch_add(size, Ordering::Relaxed) + size - layout.size();
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        PEAK.fetch_max(held, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn loading_takes_little_more_memory_than_the_weights_that_stay() {
    let folder = Path::new("models/voice");
    let text = fs::read_to_string(folder.join("model.json")).expect("there");
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let bytes_of =
        |file: &sottovoce::nn::weights::WeightsFile| Ok(fs::read(folder.join(&file.file)).expect("there"));
    let model = Model::from_parts(&text, bytes_of, &Device::flex()).expect("loads");
    let [held, peak] = [&HELD, &PEAK].map(|count| count.load(Ordering::Relaxed) - before);
    assert!((12_000_000..15_000_000).contains(&held), "{held} bytes for 7.7 million weights");
    let ratio = peak as f64 / held as f64;
    assert!(ratio <= 1.3, "loading takes {peak} bytes, {ratio:.2} times the {held} that stay");
    drop(model);
}
