#![no_main]

#[path = "../../tests/hostile/entrances.rs"]
#[allow(dead_code)]
mod entrances;

// Panics in decoders are told as errors; without this the fuzzer would end at them all the same.
libfuzzer_sys::fuzz_target!(init: {
    let end = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !sottovoce::audio::panicked_in_decoder(panic) {
            end(panic);
        }
    }));
}, |bytes: &[u8]| entrances::decode(bytes));
