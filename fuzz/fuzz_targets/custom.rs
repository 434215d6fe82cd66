#![no_main]

#[path = "../../tests/hostile/entrances.rs"]
#[allow(dead_code)]
mod entrances;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entrances::custom(bytes));
