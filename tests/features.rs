//! Feature maps against librosa's, natively and in a browser.

use safetensors::SafeTensors;
use sottovoce::features::{FeatureKind, FrontEnd, FrontEndSettings, MelFilterBank, Reference, power_to_db};

fn floats(file: &SafeTensors, name: &str) -> Vec<f32> {
    let view = file.tensor(name).unwrap();
    view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}
#[test]
fn quick() {
    let bytes = std::fs::read("../shared/parity/librosa.safetensors").unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let dense = MelFilterBank::new(16000, 2048, 128).to_dense();
    let e = floats(&file, "mel_filters.128x1025");
    println!("mel {:?}", dense.iter().zip(&e).map(|(a,b)|(a-b).abs()).fold(0.0,f32::max));
    for s in ["chirp","noise","short","silence"] {
        let y = floats(&file, &format!("{s}.samples"));
        let m = FrontEnd::new(&FrontEndSettings::mfcc_rms()).unwrap().extract(&y);
        let e = floats(&file, &format!("{s}.mfcc_rms"));
        let d = |a:&[f32],b:&[f32]| a.iter().zip(b).map(|(a,b)|(a-b).abs()).fold(0.0,f32::max);
        println!("{s} mfcc {} rms {}", d(&m.values()[..40*216], &e[..40*216]), d(m.row(40), &e[40*216..]));
        let m = FrontEnd::new(&FrontEndSettings::log_mel()).unwrap().extract(&y);
        let e = floats(&file, &format!("{s}.log_mel"));
        println!("{s} logmel {}", d(m.values(), &e));
    }
}
