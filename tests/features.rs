//! Features compared with librosa's, natively and in a browser. The reference values are from `tests/reference/make_librosa.py`.

mod common;

use common::{floats, largest_difference};
use safetensors::SafeTensors;
use sottovoce::features::{FrontEnd, FrontEndSettings, MelFilterBank, PadMode, Reference, Stft, power_to_db};
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const REFERENCE: &[u8] = include_bytes!("fixtures/librosa.safetensors");
const SIGNALS: [&str; 5] = ["chirp", "noise", "short", "silence", "speech"];

/// Absolute, for values in decibels.
const DB_TOLERANCE: f32 = 1e-3;
/// Relative to the largest value, for all others.
const RELATIVE_TOLERANCE: f32 = 1e-4;

fn reference() -> SafeTensors<'static> {
    SafeTensors::deserialize(REFERENCE).expect("readable")
}

#[wasm_bindgen_test(unsupported = test)]
fn mfcc_and_rms_equal_librosas() {
    let file = reference();
    let mut front_end = FrontEnd::new(&FrontEndSettings::mfcc_rms()).expect("the paper's settings");
    for signal in SIGNALS {
        let map = front_end.extract(&floats(&file, &format!("{signal}.samples")));
        assert_eq!((map.rows(), map.columns()), (41, 216));
        let theirs = floats(&file, &format!("{signal}.mfcc_rms"));
        let (mfcc, rms) = theirs.split_at(40 * 216);
        let off = largest_difference(&map.values()[..40 * 216], mfcc);
        assert!(off <= DB_TOLERANCE, "{signal}: MFCC off by {off}");
        let off = largest_difference(map.row(40), rms);
        let loudest = rms.iter().copied().fold(0.0, f32::max);
        assert!(off <= RELATIVE_TOLERANCE * loudest, "{signal}: RMS off by {off}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn log_mel_equals_librosas() {
    let file = reference();
    let mut front_end = FrontEnd::new(&FrontEndSettings::log_mel()).expect("the paper's settings");
    for signal in SIGNALS {
        let map = front_end.extract(&floats(&file, &format!("{signal}.samples")));
        assert_eq!((map.rows(), map.columns()), (128, 126));
        let off = largest_difference(map.values(), &floats(&file, &format!("{signal}.log_mel")));
        assert!(off <= DB_TOLERANCE, "{signal}: log-mel off by {off}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn log_mel_relative_to_the_maximum_equals_librosas() {
    let file = reference();
    let settings = FrontEndSettings::log_mel();
    let mut stft = Stft::new(settings.n_fft, settings.hop_length, PadMode::Constant);
    let mel = MelFilterBank::new(settings.sample_rate_hz, settings.n_fft, settings.n_mels);
    let mut power = vec![0.0; stft.bins()];
    for signal in SIGNALS {
        let samples = floats(&file, &format!("{signal}.samples"));
        let mut bands = vec![0.0; 128 * 126];
        stft.power_frames(&samples, &mut power, |frame, power| {
            for (band, energy) in mel.apply(power).enumerate() {
                bands[band * 126 + frame] = energy;
            }
        });
        power_to_db(&mut bands, Reference::Max, settings.top_db);
        let theirs = floats(&file, &format!("{signal}.log_mel_ref_max"));
        let off = largest_difference(&bands, &theirs);
        assert!(off <= DB_TOLERANCE, "{signal}: log-mel off by {off}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mel_filters_equal_librosas() {
    let ours = MelFilterBank::new(16_000, 2048, 128).to_dense();
    let theirs = floats(&reference(), "mel_filters.128x1025");
    let off = largest_difference(&ours, &theirs);
    let largest = theirs.iter().copied().fold(0.0, f32::max);
    assert!(off <= RELATIVE_TOLERANCE * largest, "off by {off}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_front_end_keeps_no_state_between_clips() {
    let file = reference();
    let speech = floats(&file, "speech.samples");
    let mut front_end = FrontEnd::new(&FrontEndSettings::mfcc_rms()).expect("the paper's settings");
    let first = front_end.extract(&speech);
    front_end.extract(&floats(&file, "noise.samples"));
    front_end.extract(&speech[..5_000]);
    assert_eq!(front_end.extract(&speech), first);
}

#[wasm_bindgen_test(unsupported = test)]
fn settings_out_of_range_are_rejected() {
    let good = FrontEndSettings::mfcc_rms();
    for bad in [
        FrontEndSettings { n_fft: 1001, ..good.clone() },
        FrontEndSettings { hop_length: 0, ..good.clone() },
        FrontEndSettings { n_mels: 0, ..good.clone() },
        FrontEndSettings { n_mfcc: 129, ..good.clone() },
        FrontEndSettings { sample_rate_hz: 0, ..good.clone() },
        FrontEndSettings { top_db: -1.0, ..good.clone() },
    ] {
        assert!(FrontEnd::new(&bad).is_err(), "{bad:?}");
    }
}
