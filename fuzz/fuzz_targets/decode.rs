#![no_main]

#[path = "../../tests/hostile/entrances.rs"]
#[allow(dead_code)]
mod entrances;

// Panics in decoders become errors; without this the fuzzer would stop at them nevertheless.
libfuzzer_sys::fuzz_target!(init: sottovoce::audio::hush_decoder_panics(), |bytes: &[u8]| entrances::decode(bytes));
